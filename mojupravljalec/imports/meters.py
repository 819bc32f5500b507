"""Vodomeri: which meter was built in where, from when to when."""

from functools import partial
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, String, Table

from ..metering.models import MeterInstallation
from . import cells, found_by, targets
from .kind import BadRow, Column, Counts, Kind
from .staging import Field, drop_rejected, look_up, reject_missing, reject_repeats, staging_table
from .supply_points import POINT

INSTALLATION: Table = MeterInstallation.metadata.tables["meter_installation"]
STAGED = staging_table(
    "staged_meter",
    Field("serial", String),
    Field("point_number", String),
    Field("dn_mm", Integer),
    Field("digits", Integer),
    Field("decimals", Integer),
    Field("installed_on", Date),
    Field("start_l", BigInteger),
    Field("removed_on", Date),
    Field("end_l", BigInteger),
    Field("verified_year", Integer),
    Field("supply_point_id", Integer),
    Field("fate", String),
)
KEY = ("supply_point_id", "serial", "installed_on")
CONTENT = {
    "dn_mm": "dn",
    "digits": "mest",
    "decimals": "decimalk",
    "start_l": "zacetno_stanje",
    "removed_on": "odstranjen",
    "end_l": "koncno_stanje",
    "verified_year": "overjen",
}
TARGET = targets.Target(INSTALLATION, STAGED, KEY, CONTENT)


def shape(*values: Any) -> tuple[Any, ...]:
    """A row with its registers in litres, which the meter can show."""
    serial, point, dn_mm, digits, decimals, installed_on, start, removed_on, end, year = values
    if removed_on and removed_on < installed_on:
        raise BadRow("odstranjen", "pred dnem »vgrajen«")
    if end and not removed_on:
        raise BadRow("koncno_stanje", "vodomer ni odstranjen")
    for heading, shown in (("zacetno_stanje", start), ("koncno_stanje", end)):
        if shown and (reason := cells.fits(shown, digits=digits, decimals=decimals)):
            raise BadRow(heading, reason)
    end_l = end.litres if end else None
    built_in = (installed_on, start.litres, removed_on, end_l)
    return (serial, point, dn_mm, digits, decimals, *built_in, year)


def load(present: frozenset[str], batch_id: int) -> Counts:
    """Judge and write the staged meters."""
    look_up(STAGED, "supply_point_id", POINT.c.id, POINT.c.number == STAGED.c.point_number)
    reject_missing(STAGED, "supply_point_id", "sifra_odjemnega_mesta", "tega odjemnega mesta ni")
    reject_repeats(STAGED, KEY, tuple(CONTENT), "stevilka_vodomera")
    drop_rejected(STAGED)
    targets.settle(TARGET, present)
    targets.write(TARGET, present, batch_id)
    return targets.counts(STAGED, STAGED.c.fate)


KIND = Kind(
    name="meters",
    title="vodomeri",
    stem="vodomeri",
    columns=(
        Column("stevilka_vodomera", cells.text, required=True),
        Column("sifra_odjemnega_mesta", cells.text, required=True),
        Column("dn", partial(cells.whole, 1, 5000), empty=None),
        Column("mest", partial(cells.whole, 3, 9), empty=5, stated=True),
        Column("decimalk", partial(cells.whole, 0, 3), empty=0, stated=True),
        Column("vgrajen", cells.day, required=True),
        Column("zacetno_stanje", cells.register, empty=cells.Register(0, 0)),
        Column("odstranjen", cells.day, empty=None),
        Column("koncno_stanje", cells.register, empty=None),
        Column("overjen", cells.year, empty=None),
    ),
    staged=STAGED,
    shape=shape,
    load=load,
    tables=(INSTALLATION,),
    finish=found_by.finish,
    taking_back=found_by.taking_back,
)
