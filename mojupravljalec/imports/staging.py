"""Rows on their way in: temporary tables beside the real ones, filled at the driver's speed.

Everything happens in the session's own transaction: a rollback takes the tables along.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Select,
    String,
    Subquery,
    Table,
    case,
    cast,
    delete,
    distinct,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from ..extensions import db
from ..transactions import TableLock, lock_tables

Field = Column  # of a staging table; a `Column` of a kind is one of its file
TEMPORARY = MetaData()
ROWS_AT_ONCE = 200  # in one statement; SQLite takes 32,766 values
NOTHING = "\x02"  # an empty value on its way to Postgres
# What parts lines and cells there, where a cell itself has it: seldom, so the rest stays quick.
MARKED = str.maketrans("\n\t\r", "\x03\x04\x05")
MARKS = {"\x03": "\\n", "\x04": "\\t", "\x05": "\\r"}
trouble = Table(
    "import_trouble",
    TEMPORARY,
    Column("line", Integer),
    Column("heading", String),
    Column("reason", String),
    prefixes=["TEMPORARY"],
)


def staging_table(name: str, *columns: Column[Any], primary_key: bool = True) -> Table:
    """A temporary table; ``line`` is where a row stood in its file."""
    line = Column("line", Integer, primary_key=primary_key, autoincrement=False)
    return Table(name, TEMPORARY, line, *columns, prefixes=["TEMPORARY"])


def on_postgres() -> bool:
    return db.session.connection().dialect.name == "postgresql"


def create(*tables: Table) -> None:
    """Make temporary tables, empty."""
    for table in tables:
        table.create(db.session.connection())


def clear(*tables: Table) -> None:
    """Empty temporary tables for the next part of a file."""
    for table in tables:
        if on_postgres():
            db.session.execute(text(f"TRUNCATE {table.name}"))
        else:
            db.session.execute(delete(table))


def drop(*tables: Table) -> None:
    """Remove temporary tables."""
    for table in tables:
        table.drop(db.session.connection())


def analyze(table: Table) -> None:
    """Tell Postgres how large a table has become: within the transaction it does not know."""
    if on_postgres():
        # Of a table that is soon gone, how many rows there are is nearly enough.
        detail = 10 if table.metadata is TEMPORARY else 100
        db.session.execute(text(f"SET LOCAL default_statistics_target = {detail}"))
        db.session.execute(text(f"ANALYZE {table.name}"))


def index(table: Table, column: str) -> None:
    """Make rows of a temporary table quick to find, once it is filled."""
    db.session.execute(
        text(f"CREATE INDEX IF NOT EXISTS ix_{table.name}_{column} ON {table.name} ({column})")
    )


def hold(tables: Iterable[Table]) -> None:
    """Let others read these tables, but not write them until the transaction ends."""
    lock_tables((table.name for table in tables), TableLock.WHOLE)
    if on_postgres():
        db.session.execute(text("SET LOCAL work_mem = '64MB'"))
        db.session.execute(text("SET LOCAL jit = off"))


Rows = Sequence[tuple[Any, ...]]
# Rows in the form in which the database takes them fastest.
Packed = str | Rows


def packer() -> Callable[[Rows], Packed]:
    """What prepares rows for `fill`; it needs no database, so a thread may do it."""
    return _copy_text if on_postgres() else lambda rows: rows


def _copy_text(rows: Rows) -> str:
    """Rows as COPY reads them; no cell has ``NOTHING`` or one of ``MARKS``."""
    if not rows:
        return ""
    text = "\n".join(map(_copy_line, rows)).replace("\\", "\\\\") + "\n"
    for mark, written in MARKS.items():
        if mark in text:
            text = text.replace(mark, written)
    return text


def _copy_line(row: tuple[Any, ...]) -> str:
    cells = [NOTHING if cell is None else str(cell) for cell in row]
    line = "\t".join(cells)
    if line.count("\t") == len(cells) - 1 and "\n" not in line and "\r" not in line:
        return line
    return "\t".join(cell if cell.isprintable() else cell.translate(MARKED) for cell in cells)


def fill(table: Table, width: int, rows: Packed) -> None:
    """Put packed ``rows`` into the first ``width`` columns of ``table``, past SQLAlchemy."""
    if not rows:
        return
    driver: Any = db.session.connection().connection.driver_connection
    columns = ", ".join(table.c.keys()[:width])
    if isinstance(rows, str):
        copying = f"COPY {table.name} ({columns}) FROM STDIN WITH (NULL '{NOTHING}')"
        with driver.cursor() as cursor, cursor.copy(copying) as copy:
            copy.write(rows)
    else:
        _insert(driver, f"INSERT INTO {table.name} ({columns}) VALUES ", width, rows)  # noqa: S608 names are ours


def _insert(driver: Any, into: str, width: int, rows: Rows) -> None:
    """Many rows with each statement: after each one SQLite waits for the thread that reads."""
    marks = f"({', '.join('?' * width)})"
    many = into + ", ".join([marks] * ROWS_AT_ONCE)
    whole = len(rows) - len(rows) % ROWS_AT_ONCE
    for start in range(0, whole, ROWS_AT_ONCE):
        driver.execute(many, list(chain.from_iterable(rows[start : start + ROWS_AT_ONCE])))
    driver.executemany(into + marks, rows[whole:])


def reject(found: Select[Any]) -> None:
    """Keep what a query of (line, heading, reason) found wrong."""
    db.session.execute(insert(trouble).from_select(["line", "heading", "reason"], found))


def report(found: Iterable[tuple[int, str, str]]) -> None:
    """Keep what was found wrong, as line, heading and reason."""
    rows = [dict(zip(("line", "heading", "reason"), one, strict=True)) for one in found]
    if rows:
        db.session.execute(insert(trouble), rows)


def rejected_lines() -> int:
    """How many rows are bad."""
    return db.session.execute(select(func.count(distinct(trouble.c.line)))).scalar_one()


def drop_rejected(staged: Table) -> None:
    """Take the bad rows out of ``staged``."""
    db.session.execute(delete(staged).where(staged.c.line.in_(select(trouble.c.line))))


def numbered(staged: Table, key: Sequence[str], content: Sequence[str]) -> Subquery:
    """Each row's turn among the rows of its key, the first such line, and if it differs."""
    keys = [staged.c[name] for name in key]
    first = {
        name: func.first_value(staged.c[name]).over(partition_by=keys, order_by=staged.c.line)
        for name in ("line", *content)
    }
    turn = func.row_number().over(partition_by=keys, order_by=staged.c.line)
    differs = [staged.c[name].is_distinct_from(first[name]) for name in content]
    return select(
        staged.c.line,
        turn.label("turn"),
        first["line"].label("first_line"),
        case((or_(false(), *differs), 1), else_=0).label("differs"),
    ).subquery()


def same_key_as(line: ColumnElement[Any]) -> ColumnElement[str]:
    """The reason for a row whose key stood in ``line`` with other content."""
    return literal("ne ujema se z vrstico ") + cast(line, String) + literal(" z isto oznako")


def reject_repeats(staged: Table, key: Sequence[str], content: Sequence[str], heading: str) -> None:
    """A key that comes twice must say the same; the later row is the bad one."""
    rows = numbered(staged, key, content)
    reject(
        select(rows.c.line, literal(heading), same_key_as(rows.c.first_line)).where(
            rows.c.differs == 1
        )
    )


def look_up(
    staged: Table, column: str, found: ColumnElement[int], same: ColumnElement[bool]
) -> None:
    """Fill ``column`` of ``staged`` with the number of what it refers to."""
    db.session.execute(update(staged).values({column: found}).where(same))


def reject_missing(staged: Table, column: str, heading: str, reason: str) -> None:
    """Rows that refer to nothing known."""
    reject(
        select(staged.c.line, literal(heading), literal(reason)).where(staged.c[column].is_(None))
    )
