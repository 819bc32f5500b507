"""Making exports, taking one back, taking files out, keeping layouts. Nothing here commits."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified

from ..audit.actions import record
from ..extensions import db
from ..metering.models import Reading
from ..transactions import TableLock, lock_tables
from ..values import clock
from . import files, queries
from .files import Ending, Kept, TooManyRows
from .models import ExportLayout, ReadingExport
from .rules import OUR_HEADINGS, Choice


class NothingWaits(Exception):
    """No reading of the choice waits; ``doubtful`` of them wait for the office's review."""

    def __init__(self, doubtful: int) -> None:
        super().__init__(doubtful)
        self.doubtful = doubtful


class Overtaken(Exception):
    """Since the caller looked, export ``number`` was made; perhaps by the same press."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class NotTheLast(Exception):
    """Only the last export in force can be taken back."""


class NameTaken(Exception):
    """Another layout has this name."""


class Made(NamedTuple):
    """The number of an export, its readings, and doubtful ones that it left out."""

    number: int
    rows: int
    left_out: int


def make(
    choice: Choice,
    headings: Mapping[str, str] = OUR_HEADINGS,
    *,
    by: str,
    account_id: int | None = None,
    after: int | None = None,
) -> Made:
    """Take the readings of ``choice`` out for billing and lock them.

    ``headings`` are the file's by ours, in its order. ``after`` is the newest export that the
    caller knows of, None to make one in any case. Raises NothingWaits, Overtaken.
    """
    _hold()
    newest = queries.newest()
    if after is not None and newest != after:
        raise Overtaken(newest)
    waiting = queries.waiting(choice)
    if not (waiting.ready or (choice.with_doubtful and waiting.doubtful)):
        raise NothingWaits(waiting.doubtful)
    export = _open(choice, headings, by, account_id)
    export.content, export.rows = files.pack(queries.lines_of(export.id))
    left_out = 0 if choice.with_doubtful else waiting.doubtful
    record(
        "export.made",
        account_id=account_id,
        subject=_subject(export.id),
        by=by,
        rows=export.rows,
        left_out=left_out,
        with_doubtful=choice.with_doubtful,
        **_span(choice),
    )
    db.session.flush()
    return Made(export.id, export.rows, left_out)


def _open(
    choice: Choice, headings: Mapping[str, str], by: str, account_id: int | None
) -> ReadingExport:
    """A numbered export, and its readings locked."""
    export = ReadingExport(
        made_at=clock.now(),
        by=by,
        account_id=account_id,
        counts_for=choice.counts_for,
        from_on=choice.from_on,
        to_on=choice.to_on,
        headings=dict(headings),
        rows=0,
        content=b"",
    )
    db.session.add(export)
    db.session.flush()
    _mark(export.id, export.made_at, *queries.chosen(choice))
    return export


def _mark(export_id: int | None, moment: Any, *which: Any) -> int:
    """Lock readings as exported, or open them again; how many."""
    done = db.session.execute(
        update(Reading)
        .where(*which)
        .values(exported_at=moment, export_id=export_id)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[None]", done).rowcount


def _hold() -> None:
    """Let no reading change, and no other export be made, until the transaction ends.

    Imports and residents that have begun are waited for; later ones find the readings locked.
    """
    lock_tables(("import_batch", "reading"), TableLock.WHOLE)


def _span(choice: Choice) -> dict[str, str]:
    days = {"counts_for": choice.counts_for, "from_on": choice.from_on, "to_on": choice.to_on}
    return {name: day.isoformat() for name, day in days.items() if day}


def _subject(number: int) -> str:
    return f"reading_export:{number}"


def take_back(number: int, *, by: str, account_id: int | None = None) -> int:
    """Open the readings of the last export again; how many. It keeps its number and its file.

    Raises NotTheLast, also where it is taken back already, and NotFound.
    """
    _hold()
    queries.export_of(number)
    if queries.last_in_force() != number:
        raise NotTheLast
    opened = _mark(None, None, Reading.exported_at.is_not(None), Reading.export_id == number)
    db.session.execute(
        update(ReadingExport).where(ReadingExport.id == number).values(undone_at=clock.now())
    )
    record("export.taken-back", account_id=account_id, subject=_subject(number), by=by, rows=opened)
    db.session.flush()
    return opened


def take_out(number: int, ending: Ending, *, by: str, account_id: int | None = None) -> Kept:
    """What `files.written` makes the file of; that it was taken out is noted.

    Raises TooManyRows, NotFound. To be committed before the file is made: that takes long.
    """
    found = queries.kept(number)
    if ending == Ending.XLSX and found.rows > files.XLSX_ROWS:
        raise TooManyRows
    record(
        "export.downloaded",
        account_id=account_id,
        subject=_subject(number),
        by=by,
        file=found.name(ending),
        rows=found.rows,
    )
    return found


# ---------------------------------------------------------------- layouts


def add_layout(name: str, headings: Mapping[str, str], *, account_id: int | None) -> ExportLayout:
    """Keep ``headings`` under a new name. Raises NameTaken."""
    layout = ExportLayout(name=name, headings=dict(headings), saved_at=clock.now())
    try:
        with db.session.begin_nested():
            db.session.add(layout)
    except IntegrityError:
        raise NameTaken from None
    _record_layout("export.layout-saved", layout, account_id, new=list(headings.items()))
    return layout


def change_layout(
    layout: ExportLayout, name: str, headings: Mapping[str, str], *, account_id: int | None
) -> None:
    """Other headings, or another name, for a layout; exports keep theirs. Raises NameTaken."""
    old_name, old = layout.name, list(layout.headings.items())
    try:
        with db.session.begin_nested():
            layout.name, layout.headings = name, dict(headings)
            layout.saved_at = clock.now()
            flag_modified(layout, "headings")  # another order alone counts as equal
    except IntegrityError:
        raise NameTaken from None
    new = list(headings.items())
    _record_layout("export.layout-saved", layout, account_id, old=old, new=new, old_name=old_name)


def delete_layout(layout: ExportLayout, *, account_id: int | None) -> None:
    """Forget a layout; exports made with it keep their headings."""
    old = list(layout.headings.items())
    _record_layout("export.layout-deleted", layout, account_id, old=old)
    db.session.delete(layout)
    db.session.flush()


def _record_layout(
    event: str, layout: ExportLayout, account_id: int | None, **details: Any
) -> None:
    subject = f"export_layout:{layout.id}"
    record(event, account_id=account_id, subject=subject, name=layout.name, **details)
