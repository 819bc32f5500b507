"""The words by which a customer is found."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base, bytewise


class SearchTerm(Base):
    """A word of a customer, as `rules.terms` makes it; made anew whenever the customer changes.

    Without a key: what is only an index must not keep an import from being taken back.
    """

    __tablename__ = "search_term"
    __table_args__ = (
        Index("ix_search_term_customer", "customer_id", "term"),
        {"sqlite_with_rowid": False},
    )

    term: Mapped[str] = mapped_column(bytewise, primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
