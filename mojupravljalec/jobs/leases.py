"""The lease of a job: a number, a sign of life, and how far the job is.

A job holds its transaction open for as long as it works, so the sign of life cannot be a part of
it. On Postgres it is a short transaction on another connection. SQLite has one writer, which is
the job: there it is the age of a file in the storage folder. Whether a job is dead is judged on
SQLite only by who holds the write lock, so never while the job is writing.

A worker that was stopped or cut off from the database may find its lease taken by another one.
Its number is old then: `settle` refuses to write an outcome, and all of the job is rolled back.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Engine, func, or_, select, text, update

from .. import storage
from ..extensions import db
from ..storage import Shelf
from .models import Job, JobState

log = logging.getLogger(__name__)

HEARTBEAT_S = 2.0
DEAD_AFTER_S = 30.0  # without a sign of life


class LeaseLost(Exception):
    """Another worker has the job by now: nothing may be written or reported here."""


@dataclass(frozen=True)
class Progress:
    """How far a job is; ``total`` is 0 where nobody knows yet."""

    done: int
    total: int

    @property
    def percent(self) -> int:
        return min(100 * self.done // self.total, 100) if self.total else 0


class Lease:
    """The job ``job_id``, ours under the number ``fence``. Methods are for any thread."""

    def __init__(self, job_id: int, fence: int) -> None:
        self.job_id, self.fence = job_id, fence
        self._engine = db.engine if on_postgres() else None
        self._sign = sign_of(job_id, fence)
        self._progress = Progress(0, 0)
        self._is_lost = False
        self._is_mute = False

    def show(self, done: int, total: int) -> None:
        """Show how far the job is, if the per cent changed. Raises LeaseLost."""
        if self._is_lost:
            raise LeaseLost
        before, self._progress = self._progress, Progress(done, total)
        if (self._progress.percent, total) != (before.percent, before.total):
            self._try_to_show(is_news=True)

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Show now and then that the job lives, whatever it is busy with."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(HEARTBEAT_S):
                self._try_to_show(is_news=False)

        heart = threading.Thread(target=beat, daemon=True)
        heart.start()
        try:
            yield
        finally:
            over.set()
            heart.join()
            with suppress(OSError):
                self._sign.unlink(missing_ok=True)

    def _try_to_show(self, *, is_news: bool) -> None:
        """A full disk or a database that is away must not end the job."""
        try:
            if self._engine:
                self._prolong(self._engine)
            else:
                self._touch()
                if is_news and not self._is_lost:
                    self._write()
        except Exception as error:
            if not self._is_mute:
                log.warning("job %s cannot show how far it is: %s", self.job_id, error)
            self._is_mute = True
        else:
            self._is_mute = False

    def _prolong(self, engine: Engine) -> None:
        """Write to the job's row on a connection of its own."""
        with engine.begin() as connection:
            prolonged = connection.execute(
                update(Job)
                .where(*_is_ours(self))
                .values(lease_until=lease_end(), **vars(self._progress))
            )
        self._is_lost = prolonged.rowcount == 0

    def _touch(self) -> None:
        """Make the file new; whoever takes the lease removes it."""
        try:
            os.utime(self._sign)
        except FileNotFoundError:
            self._is_lost = True

    def _write(self) -> None:
        part = self._sign.with_suffix(".part")
        part.write_text(json.dumps(vars(self._progress)), "ascii")
        part.replace(self._sign)


def begin(job: Job) -> Lease:
    """Lease the job, which the caller has locked; the caller commits. Raises OSError."""
    old = sign_of(job.id, job.fence)
    job.fence += 1
    job.done = job.total = 0
    if on_postgres():
        job.lease_until = cast("Any", lease_end())
    else:
        sign_of(job.id, job.fence).touch()
        old.unlink(missing_ok=True)
    return Lease(job.id, job.fence)


def settle(lease: Lease, **outcome: Any) -> None:
    """Write the outcome of the job into the transaction in hand. Raises LeaseLost.

    The job is locked before the row that it is about: what is not written yet waits.
    """
    with db.session.no_autoflush:
        settled = db.session.execute(
            update(Job)
            .where(*_is_ours(lease))
            .values(lease_until=None, **outcome)
            .execution_options(synchronize_session=False)
        )
    if cast("CursorResult[None]", settled).rowcount == 0:
        raise LeaseLost


def _is_ours(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return Job.id == lease.job_id, Job.fence == lease.fence, Job.state == JobState.RUNNING


def progress_of(job_id: int) -> Progress:
    """How far the job has shown that it is."""
    row = db.session.execute(
        select(Job.fence, Job.done, Job.total).filter_by(id=job_id, state=JobState.RUNNING)
    ).first()
    if row is None:
        return Progress(0, 0)
    if on_postgres():
        return Progress(row.done, row.total)
    try:
        return Progress(**json.loads(sign_of(job_id, row.fence).read_text("ascii")))
    except (OSError, ValueError, TypeError):
        return Progress(0, 0)


def may_be_dead() -> ColumnElement[bool]:
    """The running jobs whose lease is over; on SQLite all, see `is_dead`."""
    is_running = Job.state == JobState.RUNNING
    if not on_postgres():
        return is_running
    return is_running & or_(Job.lease_until.is_(None), Job.lease_until < _database_time())


def is_dead(job: Job) -> bool:
    """Whether a running job that `may_be_dead` is; on SQLite the caller has the write lock."""
    if on_postgres():
        return True
    try:
        return time.time() - sign_of(job.id, job.fence).stat().st_mtime > DEAD_AFTER_S
    except FileNotFoundError:
        return True


def on_postgres() -> bool:
    return db.engine.dialect.name == "postgresql"


def lease_end() -> ColumnElement[Any]:
    """When a lease ends that is prolonged now. Workers' clocks may differ; the database has one."""
    return _database_time() + text(f"interval '{DEAD_AFTER_S} seconds'")


def _database_time() -> ColumnElement[Any]:
    return func.timezone("UTC", func.clock_timestamp())


def sign_of(job_id: int, fence: int) -> Path:
    """The file that is the sign of life on SQLite."""
    return storage.path_of(Shelf.JOBS, f"{job_id}-{fence}.json")
