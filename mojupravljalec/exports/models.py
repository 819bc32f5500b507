"""Exports of readings, each kept as it was, and layouts under a name."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, deferred, mapped_column

from ..extensions import Base


class ReadingExport(Base):
    """One export: its ``id`` is the number under which it is repeated.

    ``counts_for`` is the first day of the bill's month that it is for, or None where a span of
    days was asked for. ``headings`` are the file's, in its order, by ours. ``content`` holds
    its rows, packed: the same bytes come out however the data change afterwards.
    """

    __tablename__ = "reading_export"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    made_at: Mapped[datetime]
    by: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    counts_for: Mapped[date | None]
    from_on: Mapped[date | None]
    to_on: Mapped[date | None]
    headings: Mapped[dict[str, str]] = mapped_column(JSON)
    rows: Mapped[int]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
    undone_at: Mapped[datetime | None] = mapped_column(default=None)


class ExportLayout(Base):
    """How the billing program wants the columns called, kept under a name."""

    __tablename__ = "export_layout"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    headings: Mapped[dict[str, str]] = mapped_column(JSON)
    saved_at: Mapped[datetime]
