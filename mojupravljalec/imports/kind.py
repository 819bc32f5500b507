"""What a kind of table is: its columns, how a row is checked, and what its rows become."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Table

from .cells import BadCell, plain

REMEMBERED = 20_000  # cells of a column

# A cell's text becomes a value, or BadCell says why not.
Reader = Callable[[str], Any]


@dataclass(frozen=True)
class Column:
    """One column. ``required``: it must be there and filled; else ``empty`` is its value.

    ``stated``: a file without the column says ``empty`` too. Other columns that are missing
    leave what the portal already knows. ``unlike``: no cell is like another, so that there is
    nothing to be remembered.
    """

    heading: str
    read: Reader
    required: bool = False
    empty: Any = ""
    stated: bool = False
    unlike: bool = False


class BadRow(Exception):
    """A row whose cells do not fit each other; the reason belongs to one of the columns."""

    def __init__(self, heading: str, reason: str) -> None:
        super().__init__(heading, reason)
        self.heading = heading
        self.reason = reason


class Trouble(NamedTuple):
    """Why a row is bad. ``heading`` is ours, or "" for the row as a whole."""

    line: int
    heading: str
    reason: str


RowReader = Callable[[int, list[str]], "tuple[Any, ...] | list[Trouble]"]


@dataclass
class Counts:
    """Rows of a file by what they did."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    read: int = 0  # rows that are a part of others and counted there

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.rejected + other.rejected,
            self.read + other.read,
        )

    @property
    def effect(self) -> int:
        """How many rows change anything."""
        return self.new + self.changed


@dataclass(frozen=True)
class Kind:
    """A kind of table that can be imported.

    ``stem`` names its file in a folder or ZIP. ``shape`` turns a row's values, in the order of
    ``columns``, into the first columns of ``staged`` (after ``line``) or raises BadRow.
    ``load`` judges the staged rows and writes the good ones: it is told which headings the
    file speaks about and the batch's number. ``tables`` are those it writes, those
    that refer to others first. ``scratch`` are more temporary tables that ``load`` needs, kept
    for the whole batch, and ``at_once`` is how many rows it gets at a time: None is the whole
    file. ``gather`` may join rows that belong together before they are staged.

    ``note_bad`` hears of a bad row's line and first column. ``finish`` is called once when all
    files of a batch are written, and says what a person should know; ``taking_back`` stands
    around the removal of a batch.
    """

    name: str
    title: str
    stem: str
    columns: tuple[Column, ...]
    staged: Table
    shape: Callable[..., tuple[Any, ...]]
    load: Callable[[frozenset[str], int], Counts]
    tables: tuple[Table, ...]
    scratch: tuple[Table, ...] = ()
    at_once: int | None = None
    gather: Callable[[Sequence[tuple[Any, ...]]], list[tuple[Any, ...]]] | None = None
    note_bad: Callable[[int, str], None] | None = None
    finish: Callable[[int], list[str]] | None = None
    taking_back: Callable[[int], AbstractContextManager[Any]] = nullcontext

    @property
    def wanted(self) -> dict[str, bool]:
        """Its headings, and whether a file must have them."""
        return {column.heading: column.required for column in self.columns}

    def stated(self, present: Sequence[str]) -> frozenset[str]:
        """The headings a file with the columns ``present`` speaks about."""
        return frozenset(present) | {c.heading for c in self.columns if c.stated}


def row_reader(kind: Kind, position: dict[str, int], width: int) -> RowReader:
    """A function from a line and its cells to a row to stage, or to what is wrong with it."""
    cells_of = [(column.heading, *_place(column, position)) for column in kind.columns]
    memos = [
        (_Memo(read, 0 if column.unlike else REMEMBERED), place)
        for column, (_, read, place) in zip(kind.columns, cells_of, strict=True)
    ]
    shape = kind.shape

    def read_row(line: int, cells: list[str]) -> tuple[Any, ...] | list[Trouble]:
        if len(cells) != width:
            return [Trouble(line, "", f"celic je {len(cells)}, v naslovni vrstici {width}")]
        try:
            return (line, *shape(*[memo[cells[place]] for memo, place in memos]))
        except BadCell:
            return list(troubles(line, cells))
        except BadRow as bad:
            return [Trouble(line, bad.heading, bad.reason)]

    def troubles(line: int, cells: list[str]) -> Iterator[Trouble]:
        for heading, read, place in cells_of:
            try:
                read(cells[place].strip())
            except BadCell as bad:
                yield Trouble(line, heading, str(bad))

    return read_row


class _Memo(dict[str, Any]):
    """What a column's cells mean: most say what one before them said."""

    def __init__(self, read: Reader, most: int) -> None:
        super().__init__()
        self._read = read
        self._most = most

    def __missing__(self, cell: str) -> Any:
        value = self._read(cell.strip())
        if len(self) >= self._most:
            self.clear()
        if self._most:
            self[cell] = value
        return value


def _place(column: Column, position: Mapping[str, int]) -> tuple[Reader, int]:
    """How to read a column, and where; one that is not there is empty whatever one reads."""
    if column.heading not in position:
        return lambda _cell: column.empty, 0
    read, empty, place = column.read, column.empty, position[column.heading]
    if column.required:
        return lambda cell: read(cell) if cell else _missing(), place
    return lambda cell: read(cell) if cell else empty, place


def _missing() -> Any:
    raise BadCell("manjka")


def mapped_headings(pairs: Sequence[str], kinds: Sequence[Kind]) -> dict[str, str]:
    """``--map`` pairs as our heading → theirs. Raises ValueError with the pair in question."""
    known = {plain(heading): heading for kind in kinds for heading in kind.wanted}
    found: dict[str, str] = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or not theirs.strip() or plain(ours) not in known:
            raise ValueError(pair)
        found[known[plain(ours)]] = theirs.strip()
    return found
