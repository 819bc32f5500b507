"""Lists of the office: filtered and sorted in the address, page by page, or whole as CSV.

A view makes the query with its filters and says what the columns are; `answer` does the rest,
with and without scripts alike. A CSV needs a recent password and is audited.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from flask import Response as FlaskResponse
from flask import current_app, request, stream_with_context, url_for
from flask_login import current_user
from sqlalchemy import Select, SQLColumnExpression
from werkzeug.wrappers import Response

from ..extensions import db
from ..values.spreadsheets import guarded
from .access import ask_again
from .htmx import show
from .numbers import row_number

PAGE_ROWS = 50
SORT, PAGE, FORM = "red", "stran", "oblika"  # in the address
CSV = "csv"
NO_FILTERS: Mapping[str, Any] = MappingProxyType({})
AT_ONCE = 1000

Query = Select[*tuple[Any, ...]]  # of any columns
Prepare = Callable[[Sequence[Any]], Sequence[Any]]


class Cell(NamedTuple):
    """One cell: its text, where it leads, and how it is marked (»ok«, »warn«, »bad«)."""

    text: str
    url: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """One column. ``write`` makes the cell of a row; ``sort`` is what rows are ordered by.

    The ``key`` stands in the address and heads the column of the CSV.
    """

    key: str
    title: Any
    write: Callable[[Any], Cell | str]
    sort: SQLColumnExpression[Any] | None = None
    is_number: bool = False


@dataclass(frozen=True)
class Found:
    """One page of a list, ready to be shown."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    sorted_by: str
    page: int
    has_more: bool

    def sorting(self, column: Column) -> str:
        """The address of the list ordered by ``column``; once more, the other way round."""
        other = f"-{column.key}" if self.sorted_by == column.key else column.key
        return address(**{SORT: other, PAGE: None})

    def direction(self, column: Column) -> str:
        """How the rows are ordered by ``column``, as ARIA says it, or ""."""
        if self.sorted_by.lstrip("-") != column.key:
            return ""
        return "descending" if self.sorted_by.startswith("-") else "ascending"

    @property
    def next_page(self) -> str:
        """The address of the page after this one, or ""."""
        return address(**{PAGE: self.page + 1}) if self.has_more else ""

    @property
    def previous_page(self) -> str:
        """The address of the page before this one, or ""."""
        return address(**{PAGE: self.page - 1 or None}) if self.page > 1 else ""

    @property
    def whole(self) -> str:
        """The address of the whole list as CSV."""
        return address(**{FORM: CSV, PAGE: None})


def address(**changes: Any) -> str:
    """This page's address with some of its parameters changed; None leaves one out."""
    asked: Mapping[str, Any] = {**request.args.to_dict(), **changes}
    kept = {name: value for name, value in asked.items() if value not in (None, "")}
    return url_for(request.endpoint or "", **(request.view_args or {}), **kept)


def _as_they_are(rows: Sequence[Any]) -> Sequence[Any]:
    return rows


def answer(
    template: str,
    query: Query,
    columns: Sequence[Column],
    *,
    order: str,
    tie: SQLColumnExpression[Any],
    name: str,
    prepare: Prepare = _as_they_are,
    filters: Mapping[str, Any] = NO_FILTERS,
    **context: Any,
) -> Response:
    """The list as a page, as its block ``found`` for htmx, or as the CSV file ``name``.

    ``order`` is the key to sort by unless the address says another, with »-« the other way
    round; ``tie`` orders what is alike, so that no page shows a row of another. ``prepare``
    makes what the columns write of the rows of a page, or of each thousand rows of the file:
    there, what belongs to many rows is read at once. ``filters`` are those in force, for the
    audit row of a CSV; it is written by ``app.extensions["note_list"]``, which ends the
    transaction that the request has read in.
    """
    if wants_csv():
        if not current_user.is_fresh:
            return ask_again(back=address(**{FORM: None}))
        current_app.extensions["note_list"](current_user.id, name, **filters)
    sorted_by = _sorted_by(columns, order)
    ordered = _ordered(query, columns, sorted_by, tie)
    if wants_csv():
        return _as_csv(ordered, columns, name, prepare)
    page = _page()
    rows = db.session.execute(ordered.limit(PAGE_ROWS + 1).offset((page - 1) * PAGE_ROWS)).all()
    found = Found(
        columns,
        [[_cell(column, row) for column in columns] for row in prepare(rows[:PAGE_ROWS])],
        sorted_by,
        page,
        len(rows) > PAGE_ROWS,
    )
    return show(template, "found", found=found, **context)


def wants_csv() -> bool:
    """Return whether the request is for the whole list as CSV."""
    return request.method != "POST" and request.args.get(FORM) == CSV


def number(name: str) -> int | None:
    """The row's number that the address gives as ``name``, or None."""
    try:
        return row_number(request.args.get(name, ""))
    except ValueError:
        return None


def _cell(column: Column, row: Any) -> Cell:
    written = column.write(row)
    return written if isinstance(written, Cell) else Cell(written)


def _sorted_by(columns: Sequence[Column], order: str) -> str:
    asked = request.args.get(SORT, order)
    known = {column.key for column in columns if column.sort is not None}
    return asked if asked.removeprefix("-") in known else order


def _ordered(
    query: Query, columns: Sequence[Column], sorted_by: str, tie: SQLColumnExpression[Any]
) -> Query:
    key = sorted_by.removeprefix("-")
    by = next(column.sort for column in columns if column.key == key)
    assert by is not None, "only columns that sort are asked for"  # noqa: S101 narrows the type
    if sorted_by.startswith("-"):
        return query.order_by(by.desc(), tie.desc())
    return query.order_by(by, tie)


def _page() -> int:
    return max(number(PAGE) or 1, 1)


def _as_csv(query: Query, columns: Sequence[Column], name: str, prepare: Prepare) -> Response:
    """All rows, as they are read: the file grows while it is sent, not in memory."""
    lines = ([_cell(column, row).text for column in columns] for row in _rows(query, prepare))
    headings = [str(column.title) for column in columns]
    return FlaskResponse(
        stream_with_context(_written(headings, lines)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _rows(query: Query, prepare: Prepare) -> Iterator[Any]:
    """On a connection of its own: the request's is given back before the last row is sent."""
    with db.engine.connect() as connection:
        rows = connection.execution_options(yield_per=AT_ONCE).execute(query)
        for chunk in rows.partitions():
            yield from prepare(chunk)
    db.session.rollback()  # of what ``prepare`` has read


def _written(headings: list[str], lines: Iterator[list[str]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    buffer.write("\N{ZERO WIDTH NO-BREAK SPACE}")  # Excel takes the file for UTF-8
    writer.writerow(headings)
    for cells in lines:
        writer.writerow([guarded(cell.replace("\N{NO-BREAK SPACE}", " ")) for cell in cells])
        if buffer.tell() > 60_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
