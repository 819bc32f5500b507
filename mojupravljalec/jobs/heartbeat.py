"""The worker shows that it lives, and the office learns since when none has.

Each worker has a row, written in a short transaction of its own. On SQLite the row has to wait
while an import writes, so the age of a file in the storage folder counts as well.
"""

import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from flask import Response, request
from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from .. import storage
from ..extensions import db
from ..storage import Shelf
from ..values import clock
from .leases import on_postgres
from .models import Worker

log = logging.getLogger(__name__)

BEAT_S = 10.0
WATCHED_EVERY_S = 60.0
GONE_AFTER = timedelta(minutes=5)  # without a sign of any worker
REMEMBERED = timedelta(days=30)  # a worker that is gone


class Heartbeat:
    """Work for the worker: write that it lives, every ten seconds."""

    def __init__(self) -> None:
        self._row_id: int | None = None
        self._next_s = 0.0

    def __call__(self, _stopping: Callable[[], bool]) -> bool:
        """Show a sign of life if it is time. Commits; there is never more to do at once."""
        if time.monotonic() < self._next_s:
            return False
        if not on_postgres():
            with suppress(OSError):  # the disk is full
                _sign().touch()
        try:
            self._write()
        except OperationalError:
            if on_postgres():
                raise
            db.session.rollback()  # an import holds the database: the file is enough
        self._next_s = time.monotonic() + BEAT_S
        return False

    def _write(self) -> None:
        now = clock.now()
        if not self._prolong(now):
            _note_gap(now)
            db.session.execute(delete(Worker).where(Worker.seen_at < now - REMEMBERED))
            worker = Worker(
                host=socket.gethostname(),
                pid=os.getpid(),
                folder=storage.folder_id(),
                started_at=now,
                seen_at=now,
            )
            db.session.add(worker)
            db.session.flush()
            self._row_id = worker.id
        db.session.commit()

    def _prolong(self, now: datetime) -> bool:
        if self._row_id is None:
            return False
        seen = db.session.execute(
            update(Worker).where(Worker.id == self._row_id).values(seen_at=now)
        )
        return cast("CursorResult[None]", seen).rowcount > 0


def _note_gap(now: datetime) -> None:
    last = db.session.scalar(select(func.max(Worker.seen_at)))
    if last and now - last > GONE_AFTER:
        log.warning("no worker had been alive since %s", last.isoformat(timespec="minutes"))


class Watch:
    """Logs since when no worker has been alive; looks once a minute, while pages are opened.

    For server processes: where the worker is a service of its own, nobody else notices its end.
    """

    def __init__(self) -> None:
        self._next_s = 0.0
        self._logged: datetime | None = None

    def __call__(self, response: Response) -> Response:
        """Look if it is time. Called after each request, with its answer."""
        # On SQLite only a GET can look without waiting for the import that writes.
        if request.method == "GET" and time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + WATCHED_EVERY_S
            with suppress(SQLAlchemyError):  # the answer has told of it, if it mattered
                self._look()
        return response

    def _look(self) -> None:
        since = last_sign()
        if since and clock.now() - since > GONE_AFTER and since != self._logged:
            log.warning("no worker has been alive since %s", since.isoformat(timespec="minutes"))
            self._logged = since


def last_sign() -> datetime | None:
    """When any worker last showed that it lives, None if none ever did."""
    seen = db.session.scalar(select(func.max(Worker.seen_at)))
    signs = [seen] if seen else []
    if not on_postgres() and (sign := _sign()).exists():
        signs.append(datetime.fromtimestamp(sign.stat().st_mtime, UTC))
    return max(signs, default=None)


def _sign() -> Path:
    return storage.path_of(Shelf.JOBS, "worker")
