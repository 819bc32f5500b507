"""Who did what to what, and when. Rows are only added: the database refuses anything else."""

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, ForeignKey, Index, event
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class AuditEntry(Base):
    """One thing that happened; ``event`` and ``subject`` are what lists filter by.

    Every index ends in the moment: whatever lists filter by, their newest rows come first. Who
    works here has a great many rows: those of one event are found among them by index as well.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_event_at", "event", "at"),
        Index("ix_audit_entry_account_event_at", "account_id", "event", "at"),
        Index("ix_audit_entry_address_event_at", "address", "event", "at"),
        Index("ix_audit_entry_subject_at", "subject", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    address: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)


def _guard(statement: str) -> DDL:
    return DDL(statement)  # type: ignore[no-untyped-call]  # SQLAlchemy names no types here


# The migration 0003_office makes the same.
_ON_SQLITE = """
CREATE TRIGGER audit_entry_no_{verb} BEFORE {verb} ON audit_entry
BEGIN SELECT RAISE(ABORT, 'rows of audit_entry are only added'); END
"""
NO_UPDATE, NO_DELETE = (_guard(_ON_SQLITE.format(verb=verb)) for verb in ("update", "delete"))
_ON_POSTGRES = (
    _guard("""
CREATE OR REPLACE FUNCTION audit_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of audit_entry are only added'; END $$
"""),
    _guard("""
CREATE TRIGGER audit_entry_is_kept BEFORE UPDATE OR DELETE ON audit_entry
FOR EACH ROW EXECUTE FUNCTION audit_entry_is_kept()
"""),
)

for _dialect, _guards in (("sqlite", (NO_UPDATE, NO_DELETE)), ("postgresql", _ON_POSTGRES)):
    for _one in _guards:
        event.listen(AuditEntry.__table__, "after_create", _one.execute_if(dialect=_dialect))
