"""Invoices as they came. They are never changed: a correction is a document of its own."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base, bytewise


class Invoice(Base):
    """An invoice or a credit note; what a list needs stands before ``content``.

    Amounts are as printed: those of a credit note are positive too. ``content`` is
    `document.Content` as JSON. The payer is kept as it was on the day of issue. ``corrects`` is
    the number of what a credit note takes back, or of what a corrected invoice replaces.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        # A list of somebody's invoices is read from here alone, wherever the rows lie.
        Index(
            "ix_invoice_list",
            "customer_id",
            "issued_on",
            "id",
            "number",
            "kind",
            "due_on",
            "period_from",
            "period_to",
            "to_pay_cents",
        ),
        # Whether an invoice was corrected; few are.
        Index(
            "ix_invoice_corrects",
            "customer_id",
            "corrects",
            "kind",
            sqlite_where=text("corrects <> ''"),
            postgresql_where=text("corrects <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    number: Mapped[str] = mapped_column(bytewise, unique=True)
    kind: Mapped[str]
    issued_on: Mapped[date]
    due_on: Mapped[date]
    # Without them where the file says neither sums nor lines.
    net_cents: Mapped[int | None] = mapped_column(BigInteger)
    vat_cents: Mapped[int | None] = mapped_column(BigInteger)
    gross_cents: Mapped[int] = mapped_column(BigInteger)
    to_pay_cents: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[str] = mapped_column(Text)
    period_from: Mapped[date | None] = mapped_column(default=None)
    period_to: Mapped[date | None] = mapped_column(default=None)
    reference: Mapped[str] = mapped_column(default="")
    iban: Mapped[str] = mapped_column(default="")
    purpose_code: Mapped[str] = mapped_column(default="")
    corrects: Mapped[str] = mapped_column(default="")
    payer_name: Mapped[str] = mapped_column(default="")
    payer_street: Mapped[str] = mapped_column(default="")
    payer_place: Mapped[str] = mapped_column(default="")
    # Numbers of the supply points on it, each between two line breaks, so that one is found whole.
    supply_points: Mapped[str] = mapped_column(default="")
    flaw: Mapped[str] = mapped_column(default="")  # what does not add up, where it was let in so
    original: Mapped[str] = mapped_column(default="")  # the operator's PDF, by its kept name
    reminded_at: Mapped[datetime | None] = mapped_column(default=None)
    # Neither a key nor an index: each costs an import much, and only undoing would use it.
    batch_id: Mapped[int | None] = mapped_column(default=None)
