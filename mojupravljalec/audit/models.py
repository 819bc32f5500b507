"""Who did what to what, and when. Rows are only added."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class AuditEntry(Base):
    """One thing that happened; ``event`` and ``subject`` are what lists filter by."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_event_at", "event", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[datetime]
    event: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    address: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="", index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
