"""Odjemna mesta: where water is delivered, and which customer uses it when."""

from functools import partial
from typing import Any

from sqlalchemy import Date, Integer, String, Table, and_, case, literal, null, or_, select

from ..metering.models import FOR_EVER, Occupancy
from . import cells, found_by, targets
from .customers import CUSTOMER
from .kind import BadRow, Column, Counts, Kind
from .staging import (
    Field,
    drop_rejected,
    look_up,
    reject,
    reject_missing,
    reject_repeats,
    staging_table,
)

POINT: Table = Occupancy.metadata.tables["supply_point"]
OCCUPANCY: Table = Occupancy.metadata.tables["occupancy"]
STAGED = staging_table(
    "staged_supply_point",
    *(Field(name, String) for name in ("number", "customer_number", "street", "post_code", "town")),
    Field("persons", Integer),
    Field("from_on", Date),
    Field("to_on", Date),
    Field("customer_id", Integer),
    Field("supply_point_id", Integer),
    Field("point_fate", String),
    Field("fate", String),
)
ADDRESS = {"street": "ulica", "post_code": "posta", "town": "kraj"}
USE = {"customer_id": "sifra_stranke", "to_on": "do", "persons": "osebe"}
POINTS = targets.Target(POINT, STAGED, ("number",), ADDRESS, "point_fate")
OCCUPANCIES = targets.Target(OCCUPANCY, STAGED, ("supply_point_id", "from_on"), USE)


def shape(*values: Any) -> tuple[Any, ...]:
    """A row whose last day does not lie before its first."""
    *_, from_on, to_on = values
    if to_on and to_on < from_on:
        raise BadRow("do", "pred dnem »od«")
    return values


def load(present: frozenset[str], batch_id: int) -> Counts:
    """Judge and write the staged supply points, then who uses them."""
    look_up(STAGED, "customer_id", CUSTOMER.c.id, CUSTOMER.c.number == STAGED.c.customer_number)
    reject_missing(STAGED, "customer_id", "sifra_stranke", "te stranke ni")
    reject_repeats(STAGED, ("number",), tuple(ADDRESS), "sifra_odjemnega_mesta")
    reject_repeats(STAGED, ("number", "from_on"), tuple(USE), "sifra_odjemnega_mesta")
    drop_rejected(STAGED)
    _reject_overlaps(present)
    drop_rejected(STAGED)
    targets.settle(POINTS, present)
    targets.write(POINTS, present, batch_id)
    look_up(STAGED, "supply_point_id", POINT.c.id, POINT.c.number == STAGED.c.number)
    targets.settle(OCCUPANCIES, present)
    targets.write(OCCUPANCIES, present, batch_id)
    moved = STAGED.c.point_fate == targets.CHANGED
    stays = STAGED.c.fate == targets.UNCHANGED
    return targets.counts(STAGED, case((moved & stays, targets.CHANGED), else_=STAGED.c.fate))


def _reject_overlaps(present: frozenset[str]) -> None:
    """Two customers never use a point on the same day: each sees only their own time.

    Of two rows in the file the later stay is the bad one.
    """
    same_stay = and_(
        OCCUPANCY.c.supply_point_id == POINT.c.id, OCCUPANCY.c.from_on == STAGED.c.from_on
    )
    stay = ("customer_id", "from_on")
    to_on = STAGED.c.to_on if "do" in present else OCCUPANCY.c.to_on
    told = (
        select(
            STAGED.c.line, STAGED.c.number, *(STAGED.c[name] for name in stay), to_on.label("to_on")
        )
        .outerjoin(POINT, POINT.c.number == STAGED.c.number)
        .outerjoin(OCCUPANCY, same_stay)
    )
    known = (
        select(
            null().label("line"),
            POINT.c.number,
            *(OCCUPANCY.c[name] for name in stay),
            OCCUPANCY.c.to_on,
        )
        .join(POINT, POINT.c.id == OCCUPANCY.c.supply_point_id)
        # A join, not »not exists«: SQLite makes an index for it instead of reading all again.
        .outerjoin(STAGED, and_(STAGED.c.number == POINT.c.number, same_stay))
        .where(STAGED.c.line.is_(None))
    )
    one, other = told.subquery(), told.union_all(known).subquery()
    overlap = and_(
        one.c.number == other.c.number,
        one.c.customer_id != other.c.customer_id,
        or_(other.c.to_on.is_(None), one.c.from_on <= other.c.to_on),
        or_(one.c.to_on.is_(None), other.c.from_on <= one.c.to_on),
        or_(other.c.line.is_(None), one.c.from_on > other.c.from_on),
    )
    before, after = literal("obdobje se prekriva s stranko "), literal("; njej vpišite »do«")
    reject(
        select(one.c.line, literal("od"), before + CUSTOMER.c.number + after)
        .join(other, overlap)
        .join(CUSTOMER, CUSTOMER.c.id == other.c.customer_id)
    )


KIND = Kind(
    name="supply-points",
    title="odjemna mesta",
    stem="odjemna_mesta",
    columns=(
        Column("sifra_odjemnega_mesta", cells.text, required=True),
        Column("sifra_stranke", cells.text, required=True),
        Column("ulica", cells.text, required=True),
        Column("posta", cells.text),
        Column("kraj", cells.text),
        Column("osebe", partial(cells.whole, 0, 10_000), empty=None),
        Column("od", cells.day, empty=FOR_EVER.isoformat()),
        Column("do", cells.day, empty=None),
    ),
    staged=STAGED,
    shape=shape,
    load=load,
    tables=(OCCUPANCY, POINT),
    finish=found_by.finish,
    taking_back=found_by.taking_back,
)
