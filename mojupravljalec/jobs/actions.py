"""Asking for long work, and doing it: all of a piece with what it writes, or not at all."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy import select

from .. import storage
from ..extensions import db
from ..storage import Shelf
from ..values import clock
from .models import Job, JobState

log = logging.getLogger(__name__)

HEARTBEAT_S = 2.0
DEAD_AFTER_S = 30.0  # without a sign of life
MOST_TRIES = 3  # of work that is cut off each time, as when it takes more memory than there is


class GivenUp(Exception):
    """Why a job cannot be done, for a person to read; nothing of it is written."""


class Stopped(Exception):
    """The worker is to end: the job begins anew later."""


@dataclass(frozen=True)
class Handler:
    """What a kind of job does. ``run`` writes without committing, and may raise GivenUp.

    ``failed`` notes on the subject that the job came to nothing, and why.
    """

    run: Callable[[Job, "Task"], None]
    failed: Callable[[Job, str], None]


@dataclass(frozen=True)
class Task:
    """What a job in hand can say, and hear; from any thread."""

    sign: Path
    stopping: Callable[[], bool]

    def progress(self, done: int, total: int) -> None:
        """Show how far it is. Raises Stopped."""
        if self.stopping():
            raise Stopped
        _show(self.sign, done, total)


@dataclass(frozen=True)
class Progress:
    """How far a job is; ``total`` is 0 where nobody knows yet."""

    done: int
    total: int

    @property
    def percent(self) -> int:
        return min(100 * self.done // self.total, 100) if self.total else 0


def register(app: Flask, kind: str, handler: Handler) -> None:
    """Let jobs of ``kind`` be done by ``handler``."""
    app.extensions.setdefault("jobs", {})[kind] = handler


def ask(kind: str, subject_id: int, account_id: int | None, **arguments: Any) -> Job:
    """Queue a job; the caller commits."""
    job = Job(
        kind=kind,
        subject_id=subject_id,
        account_id=account_id,
        asked_at=clock.now(),
        arguments=arguments,
    )
    db.session.add(job)
    db.session.flush()
    return job


def progress_of(job_id: int) -> Progress:
    """How far the job has said it is."""
    try:
        return Progress(**json.loads(_sign(job_id).read_text("ascii")))
    except (FileNotFoundError, ValueError, TypeError):
        return Progress(0, 0)


def do_next(stopping: Callable[[], bool]) -> bool:
    """Do the oldest job that waits, or was cut off; whether there was one. Commits."""
    job_id = _take()
    db.session.commit()
    if job_id is None:
        return False
    with _alive(job_id):
        _do(job_id, stopping)
    _sign(job_id).unlink(missing_ok=True)
    return True


def _take() -> int | None:
    """Whose turn it is, taken so that nobody else does it too."""
    waiting = (
        select(Job)
        .where(Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
        .order_by(Job.id)
        .with_for_update(skip_locked=True, key_share=True)
    )
    for job in db.session.scalars(waiting):
        if job.state == JobState.QUEUED or _is_dead(job.id):
            job.state, job.tries = JobState.RUNNING, job.tries + 1
            _show(_sign(job.id), 0, 0)
            return job.id
    return None


def _do(job_id: int, stopping: Callable[[], bool]) -> None:
    job = db.session.get_one(Job, job_id)
    handler: Handler = current_app.extensions["jobs"][job.kind]
    try:
        if job.tries > MOST_TRIES:
            raise GivenUp("Delo je bilo večkrat prekinjeno. Nič ni zapisano.")
        handler.run(job, Task(_sign(job_id), stopping))
        job.state, job.finished_at = JobState.DONE, clock.now()
        db.session.commit()
    except GivenUp as reason:
        _fail(job_id, handler, str(reason))
    except Stopped:
        db.session.rollback()
        job = db.session.get_one(Job, job_id)
        job.state, job.tries = JobState.QUEUED, job.tries - 1
        db.session.commit()
    except Exception:
        log.exception("job %s (%s) broke", job_id, handler)
        _fail(job_id, handler, "Na naši strani se je zalomilo. Nič ni zapisano.")


def _fail(job_id: int, handler: Handler, reason: str) -> None:
    db.session.rollback()
    job = db.session.get_one(Job, job_id)
    job.state, job.finished_at, job.trouble = JobState.FAILED, clock.now(), reason
    handler.failed(job, reason)
    db.session.commit()


# While a job works it may hold the database, so that its signs of life stand in a file.


def _sign(job_id: int) -> Path:
    return storage.path_of(Shelf.JOBS, f"{job_id}.json")


def _show(sign: Path, done: int, total: int) -> None:
    part = sign.with_suffix(".part")
    part.write_text(json.dumps({"done": done, "total": total}), "ascii")
    part.replace(sign)


def _is_dead(job_id: int) -> bool:
    try:
        return time.time() - _sign(job_id).stat().st_mtime > DEAD_AFTER_S
    except FileNotFoundError:
        return True


@contextmanager
def _alive(job_id: int) -> Iterator[None]:
    """Touch the job's file now and then, whatever the job is busy with."""
    path, over = _sign(job_id), threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_S):
            os.utime(path)

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()
