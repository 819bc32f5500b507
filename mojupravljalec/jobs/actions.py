"""Asking for long work, and doing it: all of a piece with what it writes, or not at all."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from sqlalchemy import or_, select

from .. import storage
from ..extensions import db
from ..transactions import repeated
from ..values import clock
from . import leases
from .leases import Lease, LeaseLost, settle
from .models import Job, JobState

log = logging.getLogger(__name__)

MOST_TRIES = 3  # of work that is cut off each time, as when it takes more memory than there is


class GivenUp(Exception):
    """Why a job cannot be done, for a person to read; nothing of it is written."""


class Stopped(Exception):
    """The worker is to end: the job begins anew later."""


@dataclass(frozen=True)
class Handler:
    """What a kind of job does. ``run`` writes without committing, and may raise GivenUp.

    ``run`` is called again where its transaction lost a deadlock. ``failed`` notes on the subject
    that the job came to nothing, and why.
    """

    run: Callable[[Job, "Task"], None]
    failed: Callable[[Job, str], None]


@dataclass(frozen=True)
class Task:
    """What a job in hand can say, and hear; from any thread."""

    show: Callable[[int, int], None]
    stopping: Callable[[], bool]

    def progress(self, done: int, total: int) -> None:
        """Show how far it is. Raises Stopped, LeaseLost."""
        if self.stopping():
            raise Stopped
        self.show(done, total)


def register(app: Flask, kind: str, handler: Handler) -> None:
    """Let jobs of ``kind`` be done by ``handler``."""
    app.extensions.setdefault("jobs", {})[kind] = handler


def ask(kind: str, subject_id: int, account_id: int | None, **arguments: Any) -> Job:
    """Queue a job for the workers of this storage folder; the caller commits."""
    job = Job(
        kind=kind,
        subject_id=subject_id,
        account_id=account_id,
        asked_at=clock.now(),
        arguments=arguments,
        folder=storage.folder_id(),
    )
    db.session.add(job)
    db.session.flush()
    return job


def do_next(stopping: Callable[[], bool]) -> bool:
    """Do the oldest job that waits, or was cut off; whether there was one. Commits."""
    lease = _take()
    db.session.commit()
    if lease is None:
        return False
    with lease.kept_alive():
        try:
            _do(lease, stopping)
        except LeaseLost:
            db.session.rollback()
            log.warning("job %s was taken by another worker; nothing is written", lease.job_id)
    return True


def _take() -> Lease | None:
    """The job whose turn it is in this folder, leased so that nobody else does it too."""
    waiting = (
        select(Job)
        .where(
            or_(Job.state == JobState.QUEUED, leases.may_be_dead()),
            Job.folder.in_(("", storage.folder_id())),
        )
        .order_by(Job.id)
        .with_for_update(skip_locked=True, key_share=True)
    )
    for job in db.session.scalars(waiting):
        if job.state == JobState.QUEUED or leases.is_dead(job):
            job.state, job.tries = JobState.RUNNING, job.tries + 1
            return leases.begin(job)
    return None


def _do(lease: Lease, stopping: Callable[[], bool]) -> None:
    """Run the job and settle it. Raises LeaseLost."""
    task = Task(lease.show, stopping)
    try:
        repeated(lambda: _run(lease, task))
    except GivenUp as reason:
        _fail(lease, str(reason))
    except Stopped:
        db.session.rollback()
        settle(lease, state=JobState.QUEUED, tries=Job.tries - 1)
        db.session.commit()
    except LeaseLost:
        raise
    except Exception:
        log.exception("job %s broke", lease.job_id)
        _fail(lease, "Na naši strani se je zalomilo. Nič ni zapisano.")


def _run(lease: Lease, task: Task) -> None:
    job = db.session.get_one(Job, lease.job_id)
    if job.tries > MOST_TRIES:
        raise GivenUp("Delo je bilo večkrat prekinjeno. Nič ni zapisano.")
    _handler(job).run(job, task)
    settle(lease, state=JobState.DONE, finished_at=clock.now())
    db.session.commit()


def _fail(lease: Lease, reason: str) -> None:
    db.session.rollback()
    repeated(lambda: _note_failure(lease, reason))


def _note_failure(lease: Lease, reason: str) -> None:
    job = db.session.get_one(Job, lease.job_id)
    settle(lease, state=JobState.FAILED, finished_at=clock.now(), trouble=reason)
    _handler(job).failed(job, reason)
    db.session.commit()


def _handler(job: Job) -> Handler:
    handler: Handler = current_app.extensions["jobs"][job.kind]
    return handler
