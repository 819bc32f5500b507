"""Odčitki: what meters showed. Built for a million rows: every decision is one statement."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from ..extensions import db
from ..metering.models import KEPT, Reading, Source, Status
from ..values import clock
from . import cells
from .kind import Column, Counts, Kind
from .meters import INSTALLATION
from .staging import (
    TEMPORARY,
    Field,
    analyze,
    clear,
    drop_rejected,
    reject,
    same_key_as,
    staging_table,
)
from .targets import CHANGED, NEW, UNCHANGED, counts

READING: Table = Reading.metadata.tables["reading"]
EARLIER: Table = Reading.metadata.tables["earlier_reading"]
# So much is staged and sorted at a time, which bounds the memory: about 60 MB on SQLite,
# whose newer builds keep temporary tables there.
AT_ONCE = 200_000
SOURCES = {
    "odcitek": Source.COLLECTOR.value,
    "stranka": Source.CUSTOMER.value,
    "ocena": Source.ESTIMATE.value,
}
STAGED = staging_table(
    "staged_reading",
    Field("serial", String),
    Field("taken_on", Date),
    Field("value_l", BigInteger),
    Field("decimals", Integer),
    Field("source", String),
    primary_key=False,
)
# The same rows in the order of the reading's index, each with its meter and its fate.
JUDGED = staging_table(
    "judged_reading",
    Field("installation_id", Integer),
    Field("taken_on", Date),
    Field("value_l", BigInteger),
    Field("source", String),
    Field("reading_id", Integer),
    Field("first_line", Integer),
    Field("meter_shows", Integer),
    Field("fate", String),
    primary_key=False,
)
# Readings that a file has confirmed so far.
SEEN = Table(
    "seen_reading",
    TEMPORARY,
    Field("reading_id", Integer, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)

NO_METER, DECIMALS, DIGITS = "no meter", "decimals", "digits"
REPEATED, REPEATED_EARLIER = "repeated", "repeated earlier"
FUTURE, LOCKED, PORTAL = "future", "locked", "portal"
# Which column is to blame, and why; {n} is what the meter can show.
REASONS = {
    NO_METER: ("stevilka_vodomera", "na ta dan ni nikjer vgrajen"),
    DECIMALS: ("stanje", "več decimalk, kot jih ima vodomer ({n}), ali dvoumna pika"),
    DIGITS: ("stanje", "več mest, kot jih ima vodomer ({n})"),
    FUTURE: ("datum", "v prihodnosti"),
    REPEATED_EARLIER: ("stanje", "ne ujema se s prejšnjim stanjem istega dne v tem uvozu"),
    LOCKED: ("stanje", "odčitek je že obračunan in zaklenjen"),
    PORTAL: ("stanje", "velja odčitek, ki ga je stranka oddala na portalu"),
}
# What only the portal writes: an imported value does not have it.
PORTALS_OWN = {
    "reason": "",
    "submission": None,
    "received_at": None,
    "account_id": None,
    "counts_for": None,
    "doubts": "",
    "photo": "",
    "reported_serial": None,
}


def source(cell: str) -> str:
    """Who read the register, from the column »vir«."""
    try:
        return SOURCES[cells.plain(cell)]
    except KeyError:
        raise cells.BadCell("ni odčitek, stranka ali ocena") from None


def shape(
    serial: str, taken_on: str, shown: cells.Register, read_by: str
) -> tuple[str, str, int, int, str]:
    """A row with its register in litres."""
    return (serial, taken_on, shown.litres, shown.decimals, read_by)


def load(_present: frozenset[str], batch_id: int) -> Counts:
    """Judge and write the staged readings, which are a part of a file."""
    analyze(STAGED)
    _reject_ambiguous()
    db.session.execute(insert(JUDGED).from_select(JUDGED.c.keys(), _judged(batch_id)))
    analyze(JUDGED)
    _report_bad()
    _keep_earlier(batch_id)
    _change(batch_id)
    _add(batch_id)
    _remember()
    done = counts(JUDGED, JUDGED.c.fate)
    clear(JUDGED)
    return done


def _remember() -> None:
    """Which readings this file has confirmed: a later part may not change them."""
    same = select(JUDGED.c.reading_id).where(JUDGED.c.fate == UNCHANGED)
    known = select(SEEN.c.reading_id)
    db.session.execute(
        insert(SEEN).from_select(
            ["reading_id"],
            same.where(
                JUDGED.c.reading_id.is_not(None), JUDGED.c.reading_id.not_in(known)
            ).distinct(),
        )
    )


def _at_that_time(table: Any) -> ColumnElement[bool]:
    """The meter with the staged serial, while it is built in."""
    return and_(
        table.c.serial == STAGED.c.serial,
        table.c.installed_on <= STAGED.c.taken_on,
        or_(table.c.removed_on.is_(None), table.c.removed_on >= STAGED.c.taken_on),
    )


def _reject_ambiguous() -> None:
    """Readings of a serial that is built in at two points on the day."""
    one, other = INSTALLATION.alias("one"), INSTALLATION.alias("other")
    # Few meters share a serial: finding them first keeps the million rows out of it.
    shared = select(one.c.serial).join(
        other, and_(one.c.serial == other.c.serial, one.c.id < other.c.id)
    )
    if db.session.execute(shared.limit(1)).first() is None:
        return
    found = (
        select(STAGED.c.line)
        .join(INSTALLATION, _at_that_time(INSTALLATION))
        .where(STAGED.c.serial.in_(shared))
        .group_by(STAGED.c.line)
        .having(func.count() > 1)
        .subquery()
    )
    reason = literal("ta dan je vgrajen na več odjemnih mestih")
    reject(select(found.c.line, literal("stevilka_vodomera"), reason))
    drop_rejected(STAGED)


def _judged(batch_id: int) -> Select[Any]:
    """Every staged row with its meter, what is there already, and its fate; sorted."""
    key = [INSTALLATION.c.id, STAGED.c.taken_on]
    first = {
        name: func.first_value(STAGED.c[name]).over(partition_by=key, order_by=STAGED.c.line)
        for name in ("line", "value_l", "source")
    }
    differs = or_(first["value_l"] != STAGED.c.value_l, first["source"] != STAGED.c.source)
    too_fine = STAGED.c.decimals > INSTALLATION.c.decimals
    return (
        select(
            STAGED.c.line,
            INSTALLATION.c.id,
            STAGED.c.taken_on,
            STAGED.c.value_l,
            STAGED.c.source,
            READING.c.id,
            first["line"],
            case((too_fine, INSTALLATION.c.decimals), else_=INSTALLATION.c.digits),
            _fate(first["line"] == STAGED.c.line, differs, too_fine, batch_id),
        )
        .select_from(STAGED)
        .outerjoin(INSTALLATION, _at_that_time(INSTALLATION))
        .outerjoin(READING, _same_reading())
        .order_by(INSTALLATION.c.id, STAGED.c.taken_on, STAGED.c.line)
    )


def _same_reading() -> ColumnElement[bool]:
    return and_(
        READING.c.installation_id == INSTALLATION.c.id, READING.c.taken_on == STAGED.c.taken_on
    )


def _fate(
    is_first: ColumnElement[bool],
    differs: ColumnElement[bool],
    too_fine: ColumnElement[bool],
    batch_id: int,
) -> ColumnElement[str]:
    """What becomes of a staged row: the first of these that is true."""
    limit = case(
        {digits: 1000 * 10**digits for digits in range(3, 10)}, value=INSTALLATION.c.digits
    )
    from_portal = READING.c.source == Source.PORTAL
    # A value of another meter, whose exchange the resident reports, confirms nothing of this one.
    of_this_meter = READING.c.reported_serial.is_(None)
    same_value = READING.c.value_l == STAGED.c.value_l
    same_source = READING.c.source == STAGED.c.source
    spoken_for = or_(READING.c.batch_id == batch_id, READING.c.id.in_(select(SEEN.c.reading_id)))
    return case(
        (STAGED.c.taken_on > clock.today(), FUTURE),
        (INSTALLATION.c.id.is_(None), NO_METER),
        (too_fine, DECIMALS),
        (STAGED.c.value_l >= limit, DIGITS),
        (differs, REPEATED),
        (~is_first, UNCHANGED),
        (READING.c.id.is_(None), NEW),
        (and_(same_value, or_(same_source, and_(from_portal, of_this_meter))), UNCHANGED),
        (spoken_for, REPEATED_EARLIER),
        (READING.c.exported_at.is_not(None), LOCKED),
        (and_(from_portal, STAGED.c.source != Source.COLLECTOR), PORTAL),
        else_=CHANGED,
    )


def _report_bad() -> None:
    shows = cast(JUDGED.c.meter_shows, String)
    found = set(db.session.scalars(select(JUDGED.c.fate).distinct()))
    for fate in found & set(REASONS):
        heading, reason = REASONS[fate]
        before, number, after = reason.partition("{n}")
        why = literal(before) + shows + literal(after) if number else literal(reason)
        reject(select(JUDGED.c.line, literal(heading), why).where(JUDGED.c.fate == fate))
    why = same_key_as(JUDGED.c.first_line)
    reject(select(JUDGED.c.line, literal("stanje"), why).where(JUDGED.c.fate == REPEATED))


def _keep_earlier(batch_id: int) -> None:
    """Copy values that are about to change, unless this very batch wrote them."""
    rows = (
        select(
            READING.c.id,
            *(READING.c[name] for name in KEPT),
            bindparam("now", clock.now(), EARLIER.c.replaced_at.type),
            bindparam("batch", batch_id),
        )
        .join(JUDGED, JUDGED.c.reading_id == READING.c.id)
        .where(JUDGED.c.fate == CHANGED, READING.c.batch_id.is_distinct_from(batch_id))
    )
    names = ["reading_id", *KEPT, "replaced_at", "replaced_by_batch_id"]
    db.session.execute(insert(EARLIER).from_select(names, rows))


def _change(batch_id: int) -> None:
    db.session.execute(
        update(READING)
        .values(
            value_l=JUDGED.c.value_l,
            source=JUDGED.c.source,
            status=Status.ACCEPTED,
            batch_id=batch_id,
            **PORTALS_OWN,
        )
        .where(READING.c.id == JUDGED.c.reading_id, JUDGED.c.fate == CHANGED)
    )


def _add(batch_id: int) -> None:
    names = ["installation_id", "taken_on", "value_l", "source"]
    fixed = {"status": Status.ACCEPTED.value, "batch_id": batch_id, "reason": "", "doubts": ""}
    fixed["photo"] = ""
    rows = (
        select(*(JUDGED.c[name] for name in names), *(literal(value) for value in fixed.values()))
        .where(JUDGED.c.fate == NEW)
        .order_by(JUDGED.c.installation_id, JUDGED.c.taken_on)
    )
    db.session.execute(insert(READING).from_select([*names, *fixed], rows))


def restore(batch_id: int) -> None:
    """Give readings that the batch changed their earlier values back."""
    kept = EARLIER.c.replaced_by_batch_id == batch_id
    db.session.execute(
        update(READING)
        .values({name: EARLIER.c[name] for name in KEPT})
        .where(READING.c.id == EARLIER.c.reading_id, kept)
    )
    db.session.execute(delete(EARLIER).where(kept))


KIND = Kind(
    name="readings",
    title="odčitki",
    stem="odcitki",
    columns=(
        Column("stevilka_vodomera", cells.text, required=True),
        Column("datum", cells.day, required=True),
        Column("stanje", cells.register, required=True),
        Column("vir", source, empty=Source.COLLECTOR.value),
    ),
    staged=STAGED,
    shape=shape,
    load=load,
    tables=(EARLIER, READING),
    scratch=(JUDGED, SEEN),
    at_once=AT_ONCE,
)
