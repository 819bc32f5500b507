"""Readings that wait for billing, exports, and layouts."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, func, select, text
from sqlalchemy.orm import aliased
from werkzeug.exceptions import NotFound

from ..customers.models import Customer
from ..extensions import db
from ..metering.models import (
    MeterInstallation,
    Occupancy,
    Reading,
    Source,
    Status,
    SupplyPoint,
)
from ..metering.queries import exchanges_entered
from ..web.lists import Query
from .files import Kept
from .models import ExportLayout, ReadingExport
from .rules import Choice, Line, Taken, line

AT_ONCE = 5000  # rows


class Waiting(NamedTuple):
    """How many readings wait for export: reviewed ones, and those that the office has to see."""

    ready: int
    doubtful: int


class MonthWaiting(NamedTuple):
    """What waits for the bill of a month, named by its first day."""

    counts_for: date
    ready: int
    doubtful: int


# What was reported before its exchange was entered is a value of neither meter.
_OPEN = (
    Reading.source == Source.PORTAL,
    Reading.exported_at.is_(None),
    Reading.id.not_in(exchanges_entered()),
)
_READY = func.coalesce(func.sum(case((Reading.status == Status.ACCEPTED, 1), else_=0)), 0)
_DOUBTFUL = func.count() - _READY


def months_waiting() -> list[MonthWaiting]:
    """The months for whose bills readings wait, the newest first."""
    rows = db.session.execute(
        select(Reading.counts_for, _READY, _DOUBTFUL)
        .where(*_OPEN, Reading.counts_for.is_not(None))
        .group_by(Reading.counts_for)
        .order_by(Reading.counts_for.desc())
    )
    return [MonthWaiting(*row) for row in rows]


def waiting(choice: Choice) -> Waiting:
    """How many readings of ``choice`` wait, also doubtful ones that it leaves out."""
    row = db.session.execute(select(_READY, _DOUBTFUL).where(*_OPEN, *_within(choice)))
    return Waiting(*row.one())


def chosen(choice: Choice) -> list[ColumnElement[bool]]:
    """The conditions under which a reading belongs to an export of ``choice``."""
    reviewed = [] if choice.with_doubtful else [Reading.status == Status.ACCEPTED]
    return [*_OPEN, *_within(choice), *reviewed]


def _within(choice: Choice) -> list[ColumnElement[bool]]:
    if choice.counts_for is not None:
        return [Reading.counts_for == choice.counts_for]
    return [Reading.taken_on.between(choice.from_on, choice.to_on)]


def lines_of(export_id: int) -> Iterator[Line]:
    """The readings that an export has locked, as they are now, by supply point and day."""
    query = (
        select(
            MeterInstallation.serial,
            SupplyPoint.number,
            _customer().label("customer"),
            Reading.taken_on,
            Reading.value_l,
            _before().label("before_l"),
            MeterInstallation.start_l,
            MeterInstallation.digits,
            MeterInstallation.decimals,
            MeterInstallation.installed_on,
            Reading.reason,
            Reading.status,
            Reading.doubts,
            Reading.reported_serial,
        )
        .join(MeterInstallation, MeterInstallation.id == Reading.installation_id)
        .join(SupplyPoint, SupplyPoint.id == MeterInstallation.supply_point_id)
        .where(Reading.export_id == export_id)
        .order_by(SupplyPoint.number, MeterInstallation.id, Reading.taken_on)
    )
    if db.session.connection().dialect.name == "postgresql":
        # All rows are wanted: a plan that brings the first of them soonest takes many minutes.
        db.session.execute(text("SET LOCAL cursor_tuple_fraction = 1"))
        db.session.execute(text("SET LOCAL jit = off"))
    for row in db.session.execute(query, execution_options={"yield_per": AT_ONCE}):
        yield line(Taken._make(row))


def _before() -> ColumnElement[int]:
    """What the meter of ``Reading`` showed the last time before, by its unique index."""
    earlier = aliased(Reading)
    return (
        select(earlier.value_l)
        .where(
            earlier.installation_id == Reading.installation_id,
            earlier.taken_on < Reading.taken_on,
            earlier.status == Status.ACCEPTED,
        )
        .order_by(earlier.taken_on.desc())
        .limit(1)
        .correlate(Reading)
        .scalar_subquery()
    )


def _customer() -> ColumnElement[str]:
    """The number of who used the supply point on the day of ``Reading``."""
    return (
        select(Customer.number)
        .join(Occupancy, Occupancy.customer_id == Customer.id)
        .where(
            Occupancy.supply_point_id == MeterInstallation.supply_point_id,
            Occupancy.from_on <= Reading.taken_on,
            func.coalesce(Occupancy.to_on, Reading.taken_on) >= Reading.taken_on,
        )
        .order_by(Occupancy.from_on.desc())
        .limit(1)
        .correlate(Reading, MeterInstallation)
        .scalar_subquery()
    )


# ---------------------------------------------------------------- exports


class Export(NamedTuple):
    """An export without its content."""

    id: int
    made_at: datetime
    by: str
    counts_for: date | None
    from_on: date | None
    to_on: date | None
    rows: int
    undone_at: datetime | None


def exports() -> Query:
    """Every export, as rows of `Export`."""
    return select(*(getattr(ReadingExport, name) for name in Export._fields))


def export_of(number: int) -> Export:
    """The export with this number; NotFound where there is none."""
    row = db.session.execute(exports().where(ReadingExport.id == number)).one_or_none()
    if row is None:
        raise NotFound
    return Export(*row)


def kept(number: int) -> Kept:
    """The export with this number, ready to be written; NotFound where there is none."""
    row = db.session.execute(
        select(
            ReadingExport.id,
            ReadingExport.made_at,
            ReadingExport.headings,
            ReadingExport.rows,
            ReadingExport.content,
        ).where(ReadingExport.id == number)
    ).one_or_none()
    if row is None:
        raise NotFound
    return Kept(*row)


def newest() -> int:
    """The number of the newest export, also one taken back; 0 before the first."""
    return db.session.scalar(select(func.max(ReadingExport.id))) or 0


def last_in_force() -> int | None:
    """The number of the last export that is not taken back: the one that can be."""
    query = select(func.max(ReadingExport.id)).where(ReadingExport.undone_at.is_(None))
    return db.session.scalar(query)


# ---------------------------------------------------------------- layouts


def layouts() -> list[ExportLayout]:
    """The layouts by name."""
    return list(db.session.scalars(select(ExportLayout).order_by(ExportLayout.name)))


def layout_of(layout_id: int) -> ExportLayout:
    """A layout; NotFound where it is gone."""
    found = db.session.get(ExportLayout, layout_id)
    if found is None:
        raise NotFound
    return found


def layout_named(name: str) -> ExportLayout | None:
    """The layout kept under ``name``, or None."""
    return db.session.scalar(select(ExportLayout).filter_by(name=name))
