"""Supply points, meters and readings, always as somebody may see them.

Queries begin with whose customers are looked at, as `customers.queries.seen_by` says it: what
is seen are the occupancies of these customers, and of these only their own days.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Row, Select, and_, exists, or_, select, tuple_
from sqlalchemy.orm import aliased
from werkzeug.exceptions import NotFound

from ..customers.models import Customer
from ..customers.rules import serial_key
from ..extensions import db
from ..transactions import TableLock, lock_tables
from ..values import clock
from .models import EarlierReading, MeterInstallation, Occupancy, Reading, SupplyPoint


@dataclass(frozen=True)
class Stay:
    """One customer's time at a supply point, both days included."""

    occupancy_id: int
    customer_number: str
    customer_name: str
    from_on: date
    to_on: date | None
    persons: int | None

    def has(self, day: date) -> bool:
        return self.from_on <= day and (self.to_on is None or day <= self.to_on)


@dataclass(frozen=True)
class PointSeen:
    """A supply point and the days of it that may be seen."""

    id: int
    number: str
    street: str
    post_code: str
    town: str
    stays: tuple[Stay, ...]

    def has(self, day: date) -> bool:
        """Whether ``day`` lies in the customers' own time."""
        return any(stay.has(day) for stay in self.stays)

    def has_all(self, first: date, last: date) -> bool:
        """Whether every day from ``first`` to ``last`` lies in the customers' own time."""
        day = first
        while day <= last:
            ends = [stay.to_on or last for stay in self.stays if stay.has(day)]
            if not ends:
                return False
            day = max(ends) + timedelta(days=1)
        return True

    def since(self, day: date) -> date:
        """The first day of the customers' own time in which ``day`` lies."""
        return min(stay.from_on for stay in self.stays if stay.has(day))


def _seen(customers: Select[int]) -> Select[SupplyPoint, Occupancy, Customer]:
    """What the customers have or had; a stay that is yet to begin shows nothing."""
    return (
        select(SupplyPoint, Occupancy, Customer)
        .join(Occupancy, Occupancy.supply_point_id == SupplyPoint.id)
        .join(Customer, Customer.id == Occupancy.customer_id)
        .where(Customer.id.in_(customers), Occupancy.from_on <= clock.today())
    )


def points_of(customers: Select[int]) -> list[PointSeen]:
    """The customers' supply points, by street and number; those of today first."""
    rows = db.session.execute(
        _seen(customers).order_by(
            Occupancy.to_on.is_not(None), SupplyPoint.street, SupplyPoint.number, Occupancy.from_on
        )
    ).all()
    grouped: dict[int, list[Row[SupplyPoint, Occupancy, Customer]]] = {}
    for row in rows:
        grouped.setdefault(row[0].id, []).append(row)
    return [_point(group) for group in grouped.values()]


class PointName(NamedTuple):
    """A supply point as a choice needs it."""

    number: str
    street: str


def point_names(customers: Select[int]) -> list[PointName]:
    """The customers' supply points, by street and number."""
    rows = db.session.execute(
        select(SupplyPoint.number, SupplyPoint.street)
        .join(Occupancy, Occupancy.supply_point_id == SupplyPoint.id)
        .where(Occupancy.customer_id.in_(customers), Occupancy.from_on <= clock.today())
        .distinct()
        .order_by(SupplyPoint.street, SupplyPoint.number)
    )
    return [PointName(*row) for row in rows]


def point_of(customers: Select[int], point_id: int) -> PointSeen:
    """A supply point of the customers; a stranger's is simply not found."""
    rows = db.session.execute(
        _seen(customers).where(SupplyPoint.id == point_id).order_by(Occupancy.from_on)
    ).all()
    if not rows:
        raise NotFound
    return _point(list(rows))


def _point(rows: list[Row[SupplyPoint, Occupancy, Customer]]) -> PointSeen:
    place = rows[0][0]
    stays = tuple(
        Stay(stay.id, customer.number, customer.name, stay.from_on, stay.to_on, stay.persons)
        for _, stay, customer in rows
    )
    return PointSeen(place.id, place.number, place.street, place.post_code, place.town, stays)


def meters_at(point_id: int) -> list[MeterInstallation]:
    """Every meter that was ever built in at the supply point, the first one first."""
    return list(
        db.session.scalars(
            select(MeterInstallation)
            .filter_by(supply_point_id=point_id)
            .order_by(MeterInstallation.installed_on, MeterInstallation.id)
        )
    )


def current_meter(point_id: int, *, lock: bool = False) -> MeterInstallation | None:
    """The meter that runs now. ``lock`` makes everybody else who sends readings there wait.

    An import of readings is waited for before: it writes to the same tables.
    """
    if lock:
        lock_tables(("earlier_reading", "reading"), TableLock.ROWS)
    query = (
        select(MeterInstallation)
        .filter_by(supply_point_id=point_id, removed_on=None)
        .order_by(MeterInstallation.installed_on.desc(), MeterInstallation.id.desc())
        .limit(1)
    )
    return db.session.scalar(query.with_for_update(key_share=True) if lock else query)


class ReadingRow(NamedTuple):
    """A reading as lists need it."""

    id: int
    installation_id: int
    taken_on: date
    value_l: int
    source: str
    status: str
    photo: str
    exported_at: datetime | None
    reported_serial: str | None


def readings_seen(point: PointSeen) -> list[ReadingRow]:
    """The readings in the customers' own time, oldest first."""
    own = or_(
        *(
            and_(
                Reading.taken_on >= stay.from_on,
                *([Reading.taken_on <= stay.to_on] if stay.to_on else []),
            )
            for stay in point.stays
        )
    )
    query = (
        select(
            Reading.id,
            Reading.installation_id,
            Reading.taken_on,
            Reading.value_l,
            Reading.source,
            Reading.status,
            Reading.photo,
            Reading.exported_at,
            Reading.reported_serial,
        )
        .join(MeterInstallation, MeterInstallation.id == Reading.installation_id)
        .where(MeterInstallation.supply_point_id == point.id, own)
        .order_by(Reading.taken_on, Reading.id)
    )
    return [ReadingRow(*row) for row in db.session.execute(query)]


def exchanges_entered() -> Select[int]:
    """The ids of the readings with which an exchange was reported that is entered since.

    The meter known then is removed, and another one follows it, as in `history.history`.
    """
    reading = aliased(Reading)
    known, following = aliased(MeterInstallation), aliased(MeterInstallation)
    is_followed = exists().where(
        following.supply_point_id == known.supply_point_id,
        tuple_(following.installed_on, following.id) > tuple_(known.installed_on, known.id),
    )
    return (
        select(reading.id)
        .join(known, known.id == reading.installation_id)
        .where(reading.reported_serial.is_not(None), known.removed_on.is_not(None), is_followed)
    )


class LastReading(NamedTuple):
    """The newest reading of the meter that runs at a supply point."""

    serial: str
    decimals: int
    taken_on: date
    value_l: int
    source: str
    counts_for: date | None
    reported_serial: str | None


def last_readings(points: list[PointSeen]) -> dict[int, LastReading]:
    """By supply point, what the running meter showed last in the customers' own time."""
    newest = (
        select(Reading.id)
        .where(Reading.installation_id == MeterInstallation.id)
        .order_by(Reading.taken_on.desc())
        .limit(1)
        .correlate(MeterInstallation)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            MeterInstallation.supply_point_id,
            MeterInstallation.serial,
            MeterInstallation.decimals,
            Reading.taken_on,
            Reading.value_l,
            Reading.source,
            Reading.counts_for,
            Reading.reported_serial,
        )
        .join(Reading, Reading.id == newest)
        .where(
            MeterInstallation.supply_point_id.in_([point.id for point in points]),
            MeterInstallation.removed_on.is_(None),
        )
    )
    found = {row[0]: LastReading(*row[1:]) for row in rows}
    return {
        point.id: found[point.id]
        for point in points
        if point.id in found and point.has(found[point.id].taken_on)
    }


def readings_of_meter(installation_id: int) -> list[Row[date, int, str, str, str | None]]:
    """Day, litres, source, status and reported serial of every reading, also of earlier occupants.

    For judging a new value only: nothing of it is shown outside its owner's time.
    """
    return list(
        db.session.execute(
            select(
                Reading.taken_on,
                Reading.value_l,
                Reading.source,
                Reading.status,
                Reading.reported_serial,
            )
            .filter_by(installation_id=installation_id)
            .order_by(Reading.taken_on)
        )
    )


def earlier_values(reading_ids: list[int]) -> dict[int, list[EarlierReading]]:
    """What corrections replaced, by the reading that took its place, newest first."""
    found: dict[int, list[EarlierReading]] = {}
    if reading_ids:
        for row in db.session.scalars(
            select(EarlierReading)
            .where(EarlierReading.reading_id.in_(reading_ids))
            .order_by(EarlierReading.id.desc())
        ):
            found.setdefault(row.reading_id, []).append(row)
    return found


def reading_by_submission(submission: str) -> Reading | None:
    """What the form with this submission became, even if it was corrected since."""
    sent = db.session.scalar(select(Reading).filter_by(submission=submission))
    if sent:
        return sent
    earlier = db.session.scalar(select(EarlierReading).filter_by(submission=submission))
    return db.session.get(Reading, earlier.reading_id) if earlier else None


def reading_on(installation_id: int, day: date) -> Reading | None:
    """The value that counts for ``day``."""
    return db.session.scalar(
        select(Reading).filter_by(installation_id=installation_id, taken_on=day)
    )


def report_on(point_id: int, day: date) -> Reading | None:
    """The reading of ``day`` by which an exchange of the meter that runs now was reported."""
    meter = current_meter(point_id)
    found = reading_on(meter.id, day) if meter else None
    return found if found and found.reported_serial is not None else None


def reading_of(point: PointSeen, reading_id: int) -> Reading:
    """A reading in the customers' own time; any other is not found."""
    reading = db.session.scalar(
        select(Reading)
        .join(MeterInstallation, MeterInstallation.id == Reading.installation_id)
        .where(Reading.id == reading_id, MeterInstallation.supply_point_id == point.id)
    )
    if reading is None or not point.has(reading.taken_on):
        raise NotFound
    return reading


def photos() -> set[str]:
    """The names of all photos that belong to a reading, also to a replaced one."""
    named = (select(table.photo).where(table.photo != "") for table in (Reading, EarlierReading))
    return {name for query in named for name in db.session.scalars(query)}


def has_meter(customer_id: int, serial: str) -> bool:
    """Whether ``serial`` is the number of a meter that runs where the customer lives now."""
    serials = db.session.scalars(
        select(MeterInstallation.serial)
        .join(Occupancy, Occupancy.supply_point_id == MeterInstallation.supply_point_id)
        .where(
            Occupancy.customer_id == customer_id,
            Occupancy.from_on <= clock.today(),
            or_(Occupancy.to_on.is_(None), Occupancy.to_on >= clock.today()),
            MeterInstallation.removed_on.is_(None),
        )
    )
    key = serial_key(serial)
    return bool(key) and any(serial_key(known) == key for known in serials)
