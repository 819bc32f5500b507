"""Work that waits for the worker, and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """One piece of work of a ``kind``. It is done together with what it writes, or not at all.

    ``subject_id`` is the row that it is about, in a table that the kind knows. A job that shows
    no sign of life was cut off: nothing of it is there, and it is tried again.
    """

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str]
    subject_id: Mapped[int]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    state: Mapped[str] = mapped_column(default=JobState.QUEUED)
    tries: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    trouble: Mapped[str] = mapped_column(default="")
