"""Work that waits for the worker, and what came of it; the workers themselves."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """One piece of work of a ``kind``. It is done together with what it writes, or not at all.

    ``subject_id`` is the row that it is about, in a table that the kind knows. ``folder`` is the
    storage folder that has its files; "" is any.

    Who works on it has a lease with the number ``fence``, which grows each time the job is taken.
    On Postgres the lease ends at ``lease_until`` by the database's clock unless it is prolonged,
    and ``done`` of ``total`` says how far the job is. On SQLite a file says both. A job whose
    lease is over was cut off: nothing of it is there, and it is tried again.
    """

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str]
    subject_id: Mapped[int]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    folder: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=JobState.QUEUED)
    tries: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    trouble: Mapped[str] = mapped_column(default="")


class Worker(Base):
    """A worker process, where it runs, and when it last showed that it lives."""

    __tablename__ = "worker"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    host: Mapped[str]
    pid: Mapped[int]
    folder: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
