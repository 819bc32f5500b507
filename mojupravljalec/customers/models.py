"""Who pays the bill, and which accounts may see it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class Customer(Base):
    """The payer. ``number`` is public; ``access_code`` is the secret on the paper bill."""

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    access_code: Mapped[str]  # as it is printed
    access_code_key: Mapped[str] = mapped_column(unique=True)  # as it is compared
    street: Mapped[str] = mapped_column(default="")
    post_code: Mapped[str] = mapped_column(default="")
    town: Mapped[str] = mapped_column(default="")
    tax_number: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id"), default=None, index=True
    )


class CodeShape(Base):
    """How many customer codes in force have a length, and the symbols that occur in them.

    ``is_ours``: whether the portal made them, or might have: see `rules.is_ours`.
    """

    __tablename__ = "code_shape"

    length: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_ours: Mapped[bool] = mapped_column(primary_key=True, autoincrement=False)
    codes: Mapped[int]
    symbols: Mapped[str]


class CustomerLink(Base):
    """An account sees a customer from ``linked_at`` until ``ended_at``."""

    __tablename__ = "customer_link"
    __table_args__ = (
        Index(
            "uq_customer_link_active",
            "account_id",
            "customer_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
