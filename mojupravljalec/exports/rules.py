"""What of a reading goes to the billing program, and under which headings.

The file is read by a program and by whoever looks after it: its words are Slovenian, whatever
language the office reads its pages in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ..metering.history import PENDING
from ..metering.registers import RED_DIGITS, Register, cut, used
from ..metering.rules import Doubt, Reason

FROM_RESIDENT = "stranka"
WAITS = "čaka na pregled"

REASONS: Mapping[str, str] = {
    Reason.GARDEN_OR_POOL: "zalivanje ali polnjenje bazena",
    Reason.LEAK: "morda kje pušča",
    Reason.MORE_PEOPLE: "več ljudi v hiši",
    Reason.HOUSE_EMPTY: "prazna hiša",
    Reason.METER_CHANGED: "zamenjan vodomer",
    Reason.LAST_VALUE_WRONG: "prejšnje stanje ni pravilno",
    Reason.DONT_KNOW: "ne ve",
}
DOUBTS: Mapping[str, str] = {
    Doubt.RED_DIGITS: "morda z rdečimi številkami",
    Doubt.SWAPPED_DIGITS: "morda zamenjani števki",
    Doubt.LOWER: "manj od prejšnjega stanja",
    Doubt.ROLLOVER: "morda prek zadnje številke vodomera",
    Doubt.HIGH: "več kot običajno",
    Doubt.LOW: "manj kot običajno",
    Doubt.FAR_HIGH: "veliko več kot običajno",
    Doubt.ABOVE_NEXT: "več od poznejšega stanja",
}


@dataclass(frozen=True)
class Choice:
    """Which readings: those for one month's bill, or those taken on some days.

    Either ``counts_for``, the first day of the month, or ``from_on`` and ``to_on``, both days
    included. Those that wait for the office's review come along only ``with_doubtful``.
    """

    counts_for: date | None = None
    from_on: date | None = None
    to_on: date | None = None
    with_doubtful: bool = False


class Taken(NamedTuple):
    """A reading as the tables have it, in litres; ``before_l`` is None where it is the first.

    ``reported_serial`` as in `metering.rules.Known`.
    """

    serial: str
    point: str
    customer: str | None
    taken_on: date
    value_l: int
    before_l: int | None
    start_l: int
    digits: int
    decimals: int
    installed_on: date
    reason: str
    status: str
    doubts: str
    reported_serial: str | None


class Line(NamedTuple):
    """One row of the file, in the order of ``HEADINGS``; quantities are m³.

    ``used`` is None where it is unknown, and so is ``before`` where it is of another meter.
    """

    meter: str
    point: str
    customer: str
    taken_on: date
    value: Decimal
    before: Decimal | None
    used: Decimal | None
    source: str
    reason: str
    note: str


HEADINGS = (
    "stevilka_vodomera",
    "sifra_odjemnega_mesta",
    "sifra_stranke",
    "datum",
    "stanje",
    "stanje_prej",
    "poraba",
    "vir",
    "razlog",
    "opomba",
)
OUR_HEADINGS = {heading: heading for heading in HEADINGS}


def line(taken: Taken) -> Line:
    """The row of a reading.

    What lies below the decimals of the meter is cut off both values, as the bill does, so that
    the consumption is their difference; over the register's last number, what was used. It is
    unknown where the register went back, and where the resident reports another meter.
    """
    register = Register(taken.digits, taken.decimals, taken.installed_on, taken.start_l)
    before_l = taken.start_l if taken.before_l is None else taken.before_l
    seen_l, seen_before_l = (cut(value_l, register.step_l) for value_l in (taken.value_l, before_l))
    used_l = used(seen_before_l, seen_l, turns_at=register.range_l)
    is_other_meter = taken.reported_serial is not None
    return Line(
        taken.serial,
        taken.point,
        taken.customer or "",
        taken.taken_on,
        cubic(seen_l, taken.decimals),
        None if is_other_meter else cubic(seen_before_l, taken.decimals),
        None if is_other_meter or used_l is None else cubic(used_l, taken.decimals),
        FROM_RESIDENT,
        REASONS.get(taken.reason, taken.reason),
        _note(taken) if taken.status == PENDING else "",
    )


def cubic(litres: int, decimals: int) -> Decimal:
    """Litres that the meter can show as m³, with all of its decimals.

    >>> cubic(12_500, 3), cubic(5_000, 0)
    (Decimal('12.500'), Decimal('5'))
    """
    step_l = int(10 ** (RED_DIGITS - decimals))
    return Decimal(litres // step_l).scaleb(-decimals)


def _note(taken: Taken) -> str:
    remarks = [DOUBTS[code] for code in taken.doubts.split(",") if code in DOUBTS]
    if taken.reported_serial is not None:
        remarks = [f"nov vodomer {taken.reported_serial or 'brez navedene številke'}"]
    return f"{WAITS}: {', '.join(remarks)}" if remarks else WAITS


# ---------------------------------------------------------------- layouts


class Wanted(NamedTuple):
    """How a column of ours is to be called in the file; ``place`` None puts it to the end."""

    ours: str
    theirs: str
    place: int | None = None


class NoColumn(ValueError):
    """Every column was left out."""


class DoubledHeading(ValueError):
    """The file would have a heading twice; ``ours`` is the second of the columns."""

    def __init__(self, ours: str) -> None:
        super().__init__(ours)
        self.ours = ours


def arranged(columns: Iterable[Wanted]) -> dict[str, str]:
    """The headings of the file by ours, in its order; a column without a name is left out.

    Raises NoColumn, DoubledHeading. Upper and lower case are one name.
    """
    kept = [one._replace(theirs=one.theirs.strip()) for one in columns if one.theirs.strip()]
    kept.sort(key=lambda one: (one.place is None, one.place or 0))
    if not kept:
        raise NoColumn
    used: set[str] = set()
    for one in kept:
        if one.theirs.casefold() in used:
            raise DoubledHeading(one.ours)
        used.add(one.theirs.casefold())
    return {one.ours: one.theirs for one in kept}
