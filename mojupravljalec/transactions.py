"""Transactions that meet: the order in which they lock, and running one again that lost.

Postgres locks tables and rows one by one. Two transactions that take the same locks in
different orders wait for each other until the database ends one of them. So every transaction
locks in this order (SQLite has one lock for all, taken when a transaction begins):

1. What belongs to the request alone: a count of `throttle`, the place of a repeated answer
   (`api_answer`), the row behind a pressed button (`upload`, `code_batch`), the `device` on which
   it is pressed.
2. Tables, all of them with `lock_tables`: `import_batch` first, then by name. An import takes its
   tables WHOLE. Who locks rows that an import may write as well, and then writes to more of its
   tables, announces that first (ROWS): the import is waited for while nothing is held.
3. Rows: `bank_payment`, `customer` (several in the order of their ids), `meter_installation`,
   `reading`; `account`, then `mail_link`. After the customers `code_shape`, WHOLE: the one table
   that is locked after rows, since only a new code says whether it has to be.
4. `job`, then what the job is about (`upload`, `code_batch`). The row of a job is locked only for
   a moment at a time: while a job is being taken, and at its very end. A pressed button (1) adds
   a job that nobody can wait for yet.

Rows are locked FOR NO KEY UPDATE (``with_for_update(key_share=True)``), so that rows that refer
to them can be added meanwhile: each foreign key takes a KEY SHARE lock, in whatever order the
rows come. FOR UPDATE is only for those whose unique columns change afterwards.

What the order cannot prevent is run again: see `repeated`.
"""

import copy
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Set
from enum import StrEnum
from typing import Any, TypeVar, cast

from flask import Flask, g, has_request_context, request, session
from flask.globals import request_ctx
from sqlalchemy import event, text

from .extensions import READING, db

log = logging.getLogger(__name__)
T = TypeVar("T")

ATTEMPTS = 5
PAUSE_S = 0.1  # at most before the first repetition, twice that before the second, and so on
DEADLOCK, NOT_SERIALIZABLE, NOT_UNIQUE = "40P01", "40001", "23505"
LOST = frozenset({DEADLOCK, NOT_SERIALIZABLE})
FORMS = {"multipart/form-data", "application/x-www-form-urlencoded"}
# For `Session.get` and `Session.refresh`; a query takes the keyword itself.
NO_KEY_UPDATE = {"key_share": True}
_random = secrets.SystemRandom()


class TableLock(StrEnum):
    """How a table is locked until the transaction ends; everybody may read it."""

    WHOLE = "SHARE ROW EXCLUSIVE"  # nobody else writes
    ROWS = "ROW EXCLUSIVE"  # what every write takes; waits for WHOLE and holds it off


def lock_tables(names: Iterable[str], how: TableLock) -> None:
    """Lock tables of Postgres in the one order. SQLite is locked already."""
    if db.session.connection().dialect.name == "postgresql":
        ordered = sorted(set(names), key=lambda name: (name != "import_batch", name))
        db.session.execute(text(f"LOCK TABLE {', '.join(ordered)} IN {how} MODE"))


def repeated(
    work: Callable[[], T],
    *,
    states: Set[str] = LOST,
    may_repeat: Callable[[], bool] = lambda: True,
    reset: Callable[[], None] = lambda: None,
) -> T:
    """Run a transaction; one that lost a deadlock or a serialization is run again, up to 4 times.

    ``states`` are the SQLSTATEs that count as lost. ``work`` is all of it, with its commit. What it
    wrote is rolled back, and ``reset`` undoes what else it changed. The last failure passes
    through, as does the first one where ``may_repeat`` says no.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return work()
        except Exception as error:
            if _sqlstate(error) not in states or not may_repeat():
                raise
            db.session.rollback()
            reset()
            log.info("a transaction lost to another one and runs again (%s)", attempt)
        time.sleep(_random.uniform(0, PAUSE_S * attempt))
    return work()


def _sqlstate(error: Exception) -> str | None:
    cause = getattr(error, "orig", None) or error  # COPY goes past SQLAlchemy
    return getattr(cause, "sqlstate", None)


# ---------------------------------------------------------------- requests


def init_app(app: Flask) -> None:
    """Run the view of a request again, as a whole, when its transaction lost.

    A view that looked for a row, and could not add it since another one had in the meantime,
    finds it the next time: two presses at once need no care of their own.
    """
    dispatch = app.dispatch_request

    def run() -> Any:
        if request.method in READING:
            return dispatch()
        # A view may perform another request as its last act, after it has committed.
        has_committed = g.get("has_committed", False)
        before = _Before()
        try:
            return repeated(
                dispatch,
                states=LOST | {NOT_UNIQUE},
                may_repeat=_may_repeat,
                reset=before.restore,
            )
        finally:
            g.has_committed = g.has_committed or has_committed

    app.dispatch_request = run  # type: ignore[method-assign]  # where every view passes
    with app.app_context():
        event.listen(db.engine, "commit", _note_commit)


def once(name: str, work: Callable[[], T]) -> T:
    """Do what a view must not do twice, also where the view runs again; ``work`` may commit.

    A repetition gets what the first run returned. ``name`` tells apart what one view does.
    """
    results: dict[str, Any] = request.environ.setdefault("mojupravljalec.once", {})
    if name not in results:
        committed = g.get("has_committed", False)
        results[name] = work()
        g.has_committed = committed
    return cast("T", results[name])


class _Before:
    """What a view may change besides the database, as it was before the view."""

    def __init__(self) -> None:
        g.has_committed = False
        self.globals = dict(vars(g))
        self.session = copy.deepcopy(dict(session))
        self.modified = session.modified

    def restore(self) -> None:
        """Let the view begin anew: no flash, no cookie of the lost run, files read from 0."""
        vars(g).clear()
        vars(g).update(self.globals)
        session.clear()
        session.update(copy.deepcopy(self.session))
        session.modified = self.modified
        request_ctx.flashes = None
        for _, sent in request.__dict__["files"].items(multi=True) if _has_form() else ():
            sent.stream.seek(0)
        if _is_streamed():
            del request.__dict__["stream"]
            request.environ["wsgi.input"].seek(0)


def _note_commit(_connection: Any) -> None:
    if has_request_context():
        g.has_committed = True


def _may_repeat() -> bool:
    """Whether nothing of the view is there yet, and its body can be read again."""
    can_read = not _is_streamed() or request.environ["wsgi.input"].seekable()
    return not g.has_committed and can_read


def _is_streamed() -> bool:
    """Whether the view may have read the body itself, past everything that keeps what was read."""
    is_kept = _has_form() or hasattr(request, "_cached_data")
    return "stream" in request.__dict__ and not is_kept


def _has_form() -> bool:
    """Whether the body is a form that has been parsed: fields and files stay with the request."""
    return request.mimetype in FORMS and "files" in request.__dict__
