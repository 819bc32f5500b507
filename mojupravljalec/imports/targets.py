"""Staged rows become rows of a table: new ones added, changed ones with their image kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    Table,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from ..extensions import db
from .kind import Counts
from .models import ImportChange
from .staging import numbered, rejected_lines

CHUNK = 1000
TITLES = {
    "customer": "stranke",
    "customer_link": "povezave uporabnikov s strankami",
    "supply_point": "odjemna mesta",
    "occupancy": "uporabniki odjemnih mest",
    "meter_installation": "vodomeri",
    "reading": "odčitki",
    "invoice": "računi",
    "ledger_entry": "vrstice kartice",
    "bank_payment": "plačila",
    "earlier_reading": "popravljeni odčitki",
}
# What an entry of a ledger belongs to may go: see `cards.taking_back`.
LETS_GO = {("ledger_entry", "invoice_id"), ("ledger_entry", "payment_id")}
FATES = NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"


@dataclass(frozen=True)
class Target:
    """A table that staged rows fill. Columns have the same names in both.

    ``content`` leads from a column to the heading it comes from. ``fate`` is the column of
    ``staged`` that says what becomes of a row.
    """

    table: Table
    staged: Table
    key: tuple[str, ...]
    content: Mapping[str, str]
    fate: str = "fate"

    def same_row(self) -> ColumnElement[bool]:
        """The row of the table with the staged row's key."""
        return and_(true(), *(self.table.c[name] == self.staged.c[name] for name in self.key))

    def told(self, present: frozenset[str]) -> list[str]:
        """The columns that a file with the headings ``present`` speaks about."""
        return [column for column, heading in self.content.items() if heading in present]


def settle(target: Target, present: frozenset[str]) -> None:
    """Say of every staged row whether it is new, changed or unchanged."""
    table, staged = target.table, target.staged
    differs = [table.c[name].is_distinct_from(staged.c[name]) for name in target.told(present)]
    fate = case((or_(false(), *differs), CHANGED), else_=UNCHANGED)
    db.session.execute(update(staged).values({target.fate: NEW}))
    db.session.execute(update(staged).values({target.fate: fate}).where(target.same_row()))
    rows = numbered(staged, target.key, ())
    again = staged.c.line.in_(select(rows.c.line).where(rows.c.turn > 1))
    db.session.execute(update(staged).values({target.fate: UNCHANGED}).where(again))


def write(target: Target, present: frozenset[str], batch_id: int) -> None:
    """Change the changed rows and add the new ones, in the order of their key."""
    told = target.told(present)
    if told:
        _keep_images(target, told, batch_id)
        _change(target, told, batch_id)
    _add(target, batch_id)


def _add(target: Target, batch_id: int) -> None:
    staged = target.staged
    names = [*target.key, *target.content]
    rows = (
        select(*(staged.c[name] for name in names), bindparam("batch", batch_id))
        .where(staged.c[target.fate] == NEW)
        .order_by(*(staged.c[name] for name in target.key))
    )
    db.session.execute(insert(target.table).from_select([*names, "batch_id"], rows))


def _change(target: Target, told: list[str], batch_id: int) -> None:
    staged = target.staged
    db.session.execute(
        update(target.table)
        .values({"batch_id": batch_id, **{name: staged.c[name] for name in told}})
        .where(target.same_row(), staged.c[target.fate] == CHANGED)
    )


def _keep_images(target: Target, told: list[str], batch_id: int) -> None:
    """Before and after of rows that are about to change, unless this batch made them."""
    table, staged = target.table, target.staged
    after = [staged.c[name].label(f"after_{name}") for name in told]
    changed = (
        select(table, *after)
        .join(staged, target.same_row())
        .where(staged.c[target.fate] == CHANGED, table.c.batch_id.is_distinct_from(batch_id))
    )
    for rows in _in_chunks(changed):
        images = [
            {
                "batch_id": batch_id,
                "table_name": table.name,
                "row_id": row["id"],
                "before": image({column.name: row[column.name] for column in table.c}),
                "after": image({name: row[f"after_{name}"] for name in told}),
            }
            for row in rows
        ]
        db.session.execute(insert(ImportChange), images)


def _in_chunks(query: Any) -> Iterator[Any]:
    streamed = {"stream_results": True, "yield_per": CHUNK}
    yield from db.session.execute(query, execution_options=streamed).mappings().partitions()


def image(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON can keep it: days as ISO text."""
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()
    }


def from_image(table: Table, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The row that ``image`` kept."""
    return {
        name: date.fromisoformat(value) if value and isinstance(table.c[name].type, Date) else value
        for name, value in kept.items()
    }


def counts(staged: Table, fate: ColumnElement[Any]) -> Counts:
    """How many staged rows have which fate, and how many were rejected."""
    rows = db.session.execute(select(fate, func.count()).select_from(staged).group_by(fate))
    number = {str(name): int(count) for name, count in rows}
    new, changed, unchanged = (number.get(fate, 0) for fate in FATES)
    return Counts(new, changed, unchanged, rejected_lines())


def created(table: Table, batch_id: int) -> Any:
    """The ids of rows that the batch added."""
    changed = select(ImportChange.row_id).where(
        ImportChange.batch_id == batch_id, ImportChange.table_name == table.name
    )
    return select(table.c.id).where(table.c.batch_id == batch_id, table.c.id.not_in(changed))


def take_back(table: Table, batch_id: int) -> None:
    """Give changed rows their old content, remove added ones."""
    changes = select(ImportChange).where(
        ImportChange.batch_id == batch_id, ImportChange.table_name == table.name
    )
    for change in db.session.scalars(changes).yield_per(CHUNK):
        before = from_image(table, change.before)
        db.session.execute(update(table).values(before).where(table.c.id == change.row_id))
    db.session.execute(delete(table).where(table.c.batch_id == batch_id))


def edited_since(table: Table, batch_id: int) -> int:
    """How many rows that the batch changed say something else by now."""
    query = (
        select(table, ImportChange.after.label("written"))
        .join(ImportChange, ImportChange.row_id == table.c.id)
        .where(ImportChange.batch_id == batch_id, ImportChange.table_name == table.name)
    )
    rows = (dict(row) for row in db.session.execute(query).mappings())
    return sum(_differs(image(row), row["written"]) for row in rows)


def _differs(row: Mapping[str, Any], written: Mapping[str, Any]) -> bool:
    return any(row[name] != value for name, value in written.items())


def built_on(tables: Sequence[Table], batch_id: int) -> str | None:
    """What stands on rows of the batch and would lose its ground, in words, or None."""
    for table in tables:
        if count := edited_since(table, batch_id):
            return f"pozneje spremenjene vrstice ({_title(table)}: {count})"
        for column in _references_to(table):
            if count := _leaning(column, created(table, batch_id), batch_id):
                return f"{_title(column.table)}: {count}"
    return None


def _references_to(table: Table) -> list[Column[Any]]:
    """Every column of the database that refers to ``table`` and does not let go of it."""
    keys = (key for other in table.metadata.sorted_tables for key in other.foreign_keys)
    return [
        key.parent
        for key in keys
        if key.column.table is table and (key.parent.table.name, key.parent.name) not in LETS_GO
    ]


def _leaning(column: Column[Any], ids: Any, batch_id: int) -> int:
    """How many rows refer to ``ids``, without those that go when the batch goes."""
    query = select(func.count()).select_from(column.table).where(column.in_(ids))
    if "batch_id" in column.table.c:
        query = query.where(column.table.c.batch_id.is_distinct_from(batch_id))
    return int(db.session.execute(query).scalar_one())


def _title(table: Table) -> str:
    return TITLES.get(table.name, table.name)
