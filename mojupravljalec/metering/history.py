"""One history of a supply point across its meters, and what was used month by month.

Register values and consumptions are whole litres.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from .registers import Register, used

ESTIMATE = "estimate"  # a source
PENDING = "pending"  # a status

# People read between the 20th and the month's end; the newest month may lack so many days.
MOST_DAYS_MISSING = 11
# A month that shares a longer time between two readings was not measured: it is an average.
MONTHLY_DAYS = 45
# Readings further apart say nothing about a month, not even on average.
YEARLY_DAYS = 366


@dataclass(frozen=True)
class Entry:
    """A reading as it is kept. ``reported_serial`` as in `rules.Known`."""

    taken_on: date
    value_l: int
    source: str
    status: str
    installation_id: int
    reading_id: int
    reported_serial: str | None = None

    @property
    def is_base(self) -> bool:
        """Whether the next reading is compared with it."""
        return self.status != PENDING and self.reported_serial is None

    @property
    def is_measured(self) -> bool:
        """Whether somebody read it off the meter, and nothing about it is open."""
        return self.is_base and self.source != ESTIMATE


@dataclass(frozen=True)
class Installation:
    """One meter, while it was built in."""

    id: int
    serial: str
    register: Register


@dataclass(frozen=True)
class Row:
    """A reading, or the exchange of a meter, which has no consumption of its own.

    ``used_l`` in ``days`` is since the value it is compared with (see ``history``), None while
    unknown and never negative. ``reported_serial`` as in `rules.Known`; ``exchange_entered``
    once the exchange that was reported with it is entered: the meter is removed and another
    one follows.
    """

    kind: Literal["reading", "exchange"]
    taken_on: date
    value_l: int
    serial: str
    source: str = ""
    status: str = ""
    reading_id: int | None = None
    used_l: int | None = None
    days: int | None = None
    per_day_l: float | None = None
    old_serial: str = ""
    new_serial: str = ""
    old_end_l: int | None = None
    new_start_l: int | None = None
    reported_serial: str | None = None
    exchange_entered: bool = False
    estimated: bool = False  # the consumption: this value or the one it is compared with


@dataclass(frozen=True)
class _Base:
    """The value the next reading is compared with.

    ``carried_l`` was used since ``since`` on meters removed in the meantime; None if unknown.
    """

    since: date
    value_l: int
    carried_l: int | None = 0
    estimated: bool = False


# The last value and, where that was estimated, the last measured one before it.
_Bases = tuple[_Base, ...]


def history(entries: Sequence[Entry], installations: Sequence[Installation]) -> list[Row]:
    """Readings and exchanges of one supply point, newest first.

    The meters follow one another; the first starts from what its fitter noted. Consumption over
    an exchange is (end − last on the old) + (now − start on the new), unknown without the end.
    A register that went back makes it unknown as well; but a measured value below an estimate
    is compared with what was measured before the estimate. A pending reading shows its
    consumption, but the next one is not compared with it. A value off a meter that the resident
    reports has none. Entries of other installations are left out.
    """
    return list(_oldest_first(entries, installations))[::-1]


def _oldest_first(entries: Sequence[Entry], installations: Sequence[Installation]) -> Iterator[Row]:
    bases: _Bases = ()
    old: Installation | None = None
    meters = sorted(installations, key=lambda one: one.register.installed_on)
    for meter in meters:
        followed = meter.register.removed_on is not None and meter is not meters[-1]
        if old is None:
            bases = (_Base(meter.register.installed_on, meter.register.start_l),)
        else:
            bases = tuple(_over_exchange(base, old, meter) for base in bases)
            yield _exchange_row(old, meter)
        for entry in _entries_of(meter, entries):
            yield _reading_row(entry, meter, bases, followed=followed)
            if entry.is_base:
                base = _Base(entry.taken_on, entry.value_l, estimated=entry.source == ESTIMATE)
                bases = (base, bases[-1]) if base.estimated else (base,)
        old = meter


def _entries_of(meter: Installation, entries: Iterable[Entry]) -> list[Entry]:
    own = (entry for entry in entries if entry.installation_id == meter.id)
    return sorted(own, key=lambda entry: (entry.taken_on, entry.reading_id))


def _over_exchange(base: _Base, old: Installation, new: Installation) -> _Base:
    carried_l = None
    if old.register.end_l is not None:
        carried_l = _used_l(base, old.register.end_l, old)
    return _Base(base.since, new.register.start_l, carried_l, base.estimated)


def _used_l(base: _Base, value_l: int, meter: Installation) -> int | None:
    if base.carried_l is None:
        return None
    on_meter_l = used(base.value_l, value_l, turns_at=meter.register.range_l)
    return None if on_meter_l is None else base.carried_l + on_meter_l


def _compared(entry: Entry, meter: Installation, bases: _Bases) -> tuple[_Base, int | None]:
    """What the entry is compared with, and what was used since."""
    for base in bases if entry.is_measured else bases[:1]:
        used_l = _used_l(base, entry.value_l, meter)
        if used_l is not None:
            return base, used_l
    return bases[0], None


def _exchange_row(old: Installation, new: Installation) -> Row:
    return Row(
        kind="exchange",
        taken_on=new.register.installed_on,
        value_l=new.register.start_l,
        serial=new.serial,
        old_serial=old.serial,
        new_serial=new.serial,
        old_end_l=old.register.end_l,
        new_start_l=new.register.start_l,
    )


def _reading_row(entry: Entry, meter: Installation, bases: _Bases, *, followed: bool) -> Row:
    row = Row(
        kind="reading",
        taken_on=entry.taken_on,
        value_l=entry.value_l,
        serial=meter.serial,
        source=entry.source,
        status=entry.status,
        reading_id=entry.reading_id,
        reported_serial=entry.reported_serial,
    )
    if entry.reported_serial is not None:
        return replace(row, exchange_entered=followed)
    base, used_l = _compared(entry, meter, bases)
    days = (entry.taken_on - base.since).days
    return replace(
        row,
        used_l=used_l,
        days=days,
        per_day_l=used_l / days if used_l is not None and days > 0 else None,
        estimated=base.estimated or entry.source == ESTIMATE,
    )


# ---------------------------------------------------------------- month by month


@dataclass(frozen=True)
class Month:
    """What was used in a calendar month, in litres; None if not known for enough of its days.

    ``estimated`` if a part of it goes up to or on from an estimate, ``averaged`` if a part comes
    from readings more than 45 days apart. ``days_missing`` counts the days at the end of
    the newest month that nobody has read yet.
    """

    first_day: date
    used_l: int | None
    estimated: bool
    days_missing: int = 0
    averaged: bool = False


def monthly_usage_l(rows: Sequence[Row], *, until: date, months: int = 13) -> list[Month]:
    """Consumption of the ``months`` calendar months that end with the month of ``until``.

    Oldest first. What was used between two readings is spread evenly over the days after the
    first up to and including the second; the litres of all months together are exactly those
    used. Readings more than a year apart are in no month. A month counts when all its days are
    known; only the newest one known may lack up to 11 days at its end, since people read before
    the month does.
    """
    read = [row for row in measured_periods(rows) if (row.days or 0) <= YEARLY_DAYS]
    newest_on = max((row.taken_on for row in read), default=None)
    sums = _month_sums(read)
    return [_month(first, sums.get(first), newest_on) for first in _months_to(until, months)]


def measured_periods(rows: Sequence[Row]) -> list[Row]:
    """Return the readings whose consumption since the one before is known, newest first.

    Pending readings are left out, and estimates that a later value has corrected: no day is in
    two periods.
    """
    found: list[Row] = []
    begins_on = date.max
    for row in sorted(rows, key=lambda one: one.taken_on, reverse=True):
        if row.used_l is None or not row.days or row.status == PENDING or row.taken_on > begins_on:
            continue
        found.append(row)
        begins_on = row.taken_on - timedelta(days=row.days)
    return found


@dataclass
class _Sum:
    used_l: int = 0
    days: int = 0
    estimated: bool = False
    averaged: bool = False


def _month_sums(read: Iterable[Row]) -> dict[date, _Sum]:
    """What falls to each month, by its first day."""
    sums: dict[date, _Sum] = {}
    for row in read:
        for first, days, used_l in _parts(row):
            part = sums.setdefault(first, _Sum())
            part.days += days
            part.used_l += used_l
            part.estimated |= row.estimated
            part.averaged |= (row.days or 0) > MONTHLY_DAYS
    return sums


def _parts(row: Row) -> Iterator[tuple[date, int, int]]:
    """First day of each month the period touches, its days there, and its litres there.

    Rounding the running total, not each part, keeps the sum exact.
    """
    days, used_l = row.days or 0, row.used_l or 0
    passed, given_l = 0, 0
    while passed < days:
        day = row.taken_on - timedelta(days=days - passed - 1)
        here = min(_length(day) - day.day + 1, days - passed)
        passed += here
        part_l = used_l * passed // days - given_l
        given_l += part_l
        yield day.replace(day=1), here, part_l


def _month(first: date, part: _Sum | None, newest_on: date | None) -> Month:
    missing = _length(first) - (part.days if part else 0)
    newest = newest_on is not None and newest_on.replace(day=1) == first
    if part is None or missing > (_missing_at_end(newest_on) if newest else 0):
        return Month(first, None, estimated=False)
    return Month(first, part.used_l, part.estimated, missing, part.averaged)


def _missing_at_end(newest_on: date | None) -> int:
    missing = _length(newest_on) - newest_on.day if newest_on else 0
    return missing if missing <= MOST_DAYS_MISSING else 0


def _months_to(until: date, months: int) -> list[date]:
    """First days of so many months, oldest first, the last that of ``until``."""
    last = until.year * 12 + until.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(last - months + 1, last + 1)]


def _length(day: date) -> int:
    return monthrange(day.year, day.month)[1]
