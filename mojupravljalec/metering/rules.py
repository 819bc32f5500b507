"""What a reading means, and when to ask the resident to look again.

All in whole litres. A value is refused only when it cannot be a reading (`registers`); one
that is merely unlikely is doubted, asked about, and kept.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from math import ceil
from statistics import median

from .registers import M3_L, Register, cut, used

RECENT_DAYS = 400  # a year and the time until the next reading arrives
SEASON_DAYS = 45
SEASON_INTERVAL_DAYS = 120  # a longer interval says nothing about a season
SHORTEST_INTERVAL_DAYS = 5  # whole m³ over fewer days are mostly rounding

# Where nothing is known about the consumption: more than any house uses, so perhaps a slip.
UNHEARD_OF_L_PER_DAY = 10_000


@dataclass(frozen=True)
class Known:
    """A value already kept. ``measured`` is False for an estimate and for a pending value.

    ``reported_serial`` is not None if the resident read it off another meter than the one that
    is known here; it is "" where the number of that meter was not given.
    """

    taken_on: date
    value_l: int
    measured: bool
    reported_serial: str | None = None


def usual_per_day_l(
    known: Sequence[Known],
    day: date,
    earlier: Iterable[Sequence[Known]] = (),
    *,
    since: date = date.min,
) -> float | None:
    """The usual consumption around ``day`` in litres per day, None with nothing to go by.

    It is the median over intervals that ended before ``day``, either within the last 400 days
    or in an earlier year at most 45 days from the same day of the year (intervals over 120 days
    count only as recent). Estimated and pending values are left out first, so an interval runs
    from one measured value to the next; intervals under 5 days, and those in which the register
    went back, are ignored. ``earlier`` holds the values of meters that were there before, one
    sequence each: the household stays when its meter is changed. What began before ``since``
    tells of another household and does not count.
    """
    rates = [
        used_l / (end.taken_on - start.taken_on).days
        for values in (known, *earlier)
        for start, end in _measured_intervals(values)
        if start.taken_on >= since
        and _tells_of(day, start.taken_on, end.taken_on)
        and (used_l := used(start.value_l, end.value_l)) is not None
    ]
    return median(rates) if rates else None


def _measured_intervals(known: Sequence[Known]) -> Iterable[tuple[Known, Known]]:
    measured = (value for value in known if value.measured)
    return pairwise(sorted(measured, key=lambda value: value.taken_on))


def _tells_of(day: date, start: date, end: date) -> bool:
    """Whether the interval from ``start`` to ``end`` says what is usual on ``day``."""
    length = (end - start).days
    if length < SHORTEST_INTERVAL_DAYS or end >= day:
        return False
    in_season = length <= SEASON_INTERVAL_DAYS and _days_apart_in_year(end, day) <= SEASON_DAYS
    return in_season or day - end <= timedelta(days=RECENT_DAYS)


def _days_apart_in_year(one: date, other: date) -> int:
    apart = abs(one.timetuple().tm_yday - other.timetuple().tm_yday)
    return min(apart, 365 - apart)


def open_exchange(known: Iterable[Known], day: date) -> Known | None:
    """Return the newest value before ``day`` by which an exchange of the meter was reported.

    None without a report, or where a value measured since then shows that the meter is there.
    """
    so_far = [one for one in known if one.taken_on < day]
    reported = [one for one in so_far if one.reported_serial is not None]
    newest = max(reported, key=lambda one: one.taken_on, default=None)
    if newest and any(one.measured and one.taken_on > newest.taken_on for one in so_far):
        return None
    return newest


# ---------------------------------------------------------------- doubts


@dataclass(frozen=True)
class Limits:
    """When to ask: outside ``soft_low``–``soft_high`` × usual and over ``soft_min_l`` from it.

    ``pending_factor`` × usual goes to the office. All of them are settings.
    """

    soft_low: float = 0.4
    soft_high: float = 1.7
    soft_min_l: int = 3000
    pending_factor: float = 5.0


DEFAULT_LIMITS = Limits()


class Doubt(StrEnum):
    """What is odd about a value."""

    RED_DIGITS = "red_digits"
    SWAPPED_DIGITS = "swapped_digits"
    LOWER = "lower"
    ROLLOVER = "rollover"
    HIGH = "high"
    LOW = "low"
    FAR_HIGH = "far_high"
    ABOVE_NEXT = "above_next"


FOR_OFFICE = frozenset(
    {Doubt.LOWER, Doubt.ROLLOVER, Doubt.FAR_HIGH, Doubt.RED_DIGITS, Doubt.ABOVE_NEXT}
)


class Reason(StrEnum):
    """How a resident explains an unusual value. Not knowing is a full answer."""

    LEAK = "leak"
    GARDEN_OR_POOL = "garden_or_pool"
    HOUSE_EMPTY = "house_empty"
    MORE_PEOPLE = "more_people"
    METER_CHANGED = "meter_changed"
    LAST_VALUE_WRONG = "last_value_wrong"
    DONT_KNOW = "dont_know"


_MORE = (Reason.GARDEN_OR_POOL, Reason.LEAK, Reason.MORE_PEOPLE)
_LESS = (Reason.HOUSE_EMPTY,)
_ANY = (Reason.METER_CHANGED, Reason.LAST_VALUE_WRONG, Reason.DONT_KNOW)


def reasons(doubts: Collection[Doubt]) -> tuple[Reason, ...]:
    """The reasons that can explain ``doubts``, the likeliest first.

    >>> [reason.value for reason in reasons([Doubt.LOW])]
    ['house_empty', 'meter_changed', 'last_value_wrong', 'dont_know']
    """
    high = not {Doubt.HIGH, Doubt.FAR_HIGH, Doubt.ROLLOVER}.isdisjoint(doubts)
    # What looks like a slip of the finger is not explained by a pool.
    more = _MORE if high and Doubt.RED_DIGITS not in doubts else ()
    return (*more, *(_LESS if Doubt.LOW in doubts else ()), *_ANY)


@dataclass(frozen=True)
class Verdict:
    """What ``judge`` thinks of a value.

    ``used_l`` since ``before`` is None where the register would have gone back.
    ``usual_low_l``–``usual_high_l`` is the range over these ``days`` that raises no question.
    ``suggestion_l`` is what the resident may have meant; only the resident may choose it.
    """

    doubts: tuple[Doubt, ...]
    before: Known | None
    after: Known | None
    used_l: int | None
    days: int | None
    usual_low_l: int | None
    usual_high_l: int | None
    suggestion_l: int | None

    @property
    def asks(self) -> bool:
        """The resident has to confirm the value and give a reason."""
        return bool(self.doubts)

    @property
    def pending(self) -> bool:
        """Once confirmed, the value waits for the office."""
        return not FOR_OFFICE.isdisjoint(self.doubts)

    @property
    def wants_photo(self) -> bool:
        """A photo of the register would settle it; the office looks at all of these."""
        return self.pending


def judge(
    value_l: int,
    day: date,
    register: Register,
    known: Sequence[Known],
    limits: Limits = DEFAULT_LIMITS,
    *,
    earlier: Iterable[Sequence[Known]] = (),
    since: date = date.min,
) -> Verdict:
    """Compare a value with its measured neighbours in time and with the usual consumption.

    ``known`` are the values of this meter; one on ``day`` itself is being corrected and ignored.
    The fitter's start and end value are neighbours too. ``earlier`` and ``since`` as in
    ``usual_per_day_l``.
    Nothing is refused here.
    """
    place = _place(day, register, known, limits, earlier, since)
    doubts = place.doubts(value_l)
    slip, suggestion_l = _slip(place, value_l, doubts)
    return Verdict(
        doubts=(*([slip] if slip else []), *doubts),
        before=place.before,
        after=place.after,
        used_l=place.used_l(value_l),
        days=place.days,
        usual_low_l=place.low_l,
        usual_high_l=place.high_l,
        suggestion_l=suggestion_l,
    )


def _place(
    day: date,
    register: Register,
    known: Sequence[Known],
    limits: Limits,
    earlier: Iterable[Sequence[Known]],
    since: date,
) -> "_Place":
    """Where in time a value of ``day`` has to fit."""
    measured = [value for value in known if value.measured and value.taken_on != day]
    start = Known(register.installed_on, register.start_l, measured=True)
    if start.taken_on <= day and all(value.taken_on > start.taken_on for value in measured):
        measured.append(start)
    before = max(
        (value for value in measured if value.taken_on <= day),
        key=lambda value: value.taken_on,
        default=None,
    )
    per_day_l = usual_per_day_l(measured, day, earlier, since=since)
    days = (day - before.taken_on).days if before else None
    return _Place(
        register=register,
        limits=limits,
        before=before,
        after=_after(day, register, measured),
        days=days,
        expected_l=None if per_day_l is None or days is None else per_day_l * days,
    )


def _after(day: date, register: Register, measured: Sequence[Known]) -> Known | None:
    """The next value in time; at the latest, what the meter showed when it was removed."""
    later = [value for value in measured if value.taken_on > day]
    if register.removed_on and register.end_l is not None and day <= register.removed_on:
        later.append(Known(register.removed_on, register.end_l, measured=True))
    return min(later, key=lambda value: value.taken_on, default=None)


@dataclass(frozen=True)
class _Place:
    """The neighbours in time, and what is to be expected between them. All in litres."""

    register: Register
    limits: Limits
    before: Known | None
    after: Known | None
    days: int | None
    expected_l: float | None

    @property
    def low_l(self) -> int | None:
        """The least that raises no question: both limits have to be passed."""
        if self.expected_l is None:
            return None
        ratio, margin = self.limits.soft_low, self.limits.soft_min_l
        return max(0, round(min(self.expected_l * ratio, self.expected_l - margin)))

    @property
    def high_l(self) -> int | None:
        """The most that raises no question."""
        if self.expected_l is None:
            return None
        ratio, margin = self.limits.soft_high, self.limits.soft_min_l
        return round(max(self.expected_l * ratio, self.expected_l + margin))

    def used_l(self, value_l: int) -> int | None:
        """Since the value before; None without one, or if the register went back."""
        if self.before is None:
            return None
        return used(
            self.before.value_l,
            value_l,
            turns_at=self.register.range_l,
            most=self._most_over_turn_l,
        )

    @property
    def _most_over_turn_l(self) -> int | None:
        """The most that is believed of a register that turned over: less than far too high."""
        if self.expected_l is None or self.high_l is None:
            return None
        far_high_l = ceil(self.limits.pending_factor * self.expected_l)
        return max(self.high_l, far_high_l - 1)

    def _far_high(self, used_l: int) -> bool:
        if self.expected_l is None or self.high_l is None:
            return False
        return used_l > self.high_l and used_l >= self.limits.pending_factor * self.expected_l

    def unheard_of(self, used_l: int) -> bool:
        """More than can be believed, from history or, without one, from any house."""
        if self.expected_l is None:
            return used_l > UNHEARD_OF_L_PER_DAY * max(self.days or 0, 1)
        return self._far_high(used_l)

    def above_next(self, value_l: int) -> bool:
        """Higher than the value after, unless the register turned over in between."""
        if self.after is None:
            return False
        if self.before is not None and self.after.value_l < self.before.value_l:
            return self.after.value_l < value_l < self.before.value_l
        return value_l > self.after.value_l

    def doubts(self, value_l: int) -> list[Doubt]:
        """What is odd about the value, apart from slips of the finger."""
        doubts = []
        used_l = self.used_l(value_l)
        if self.before is not None and used_l is None:
            doubts.append(Doubt.LOWER)
        elif self.before is not None and used_l is not None:
            if value_l < self.before.value_l:
                doubts.append(Doubt.ROLLOVER)
            doubts += self._outside_usual(used_l)
        if self.above_next(value_l):
            doubts.append(Doubt.ABOVE_NEXT)
        return doubts

    def _outside_usual(self, used_l: int) -> list[Doubt]:
        if self.low_l is None or self.high_l is None or self.low_l <= used_l <= self.high_l:
            return []
        if used_l < self.low_l:
            return [Doubt.LOW]
        return [Doubt.FAR_HIGH if self._far_high(used_l) else Doubt.HIGH]

    def possible(self, value_l: int) -> bool:
        """It fits the register and between the neighbours."""
        fits = value_l < self.register.range_l and not self.above_next(value_l)
        return fits and (self.before is None or self.used_l(value_l) is not None)

    def usual(self, value_l: int) -> bool:
        """Possible, and it would raise no question."""
        used_l = self.used_l(value_l)
        if used_l is None or not self.possible(value_l):
            return False
        return not self._outside_usual(used_l) and not self.unheard_of(used_l)

    def red_digits_explain(self, value_l: int, red_l: int) -> bool:
        """Whether an unheard-of value makes sense as ``red_l``, without its last three digits.

        A register that already shows a m³ hardly ever grows a thousandfold, so above it any
        possible value will do. On a newer one a leak could: there it must not be low either.
        """
        used_l, meant_l = self.used_l(value_l), self.used_l(red_l)
        if self.before is None or used_l is None or meant_l is None:
            return False
        if not self.unheard_of(used_l) or self.unheard_of(meant_l) or not self.possible(red_l):
            return False
        return red_l >= M3_L and (self.before.value_l >= M3_L or meant_l >= (self.low_l or 0))


def _slip(place: _Place, value_l: int, doubts: list[Doubt]) -> tuple[Doubt | None, int | None]:
    """The likely slip in typing and the litres meant, where the value is odd at all."""
    red_l = cut(value_l // M3_L, place.register.step_l)
    if value_l >= place.register.range_l:
        return Doubt.RED_DIGITS, red_l if place.possible(red_l) else None
    if place.red_digits_explain(value_l, red_l):
        return Doubt.RED_DIGITS, red_l
    # The value of last time was hardly mistyped into itself.
    meant_l = _swapped_back(place, value_l) if doubts and place.used_l(value_l) != 0 else None
    return (Doubt.SWAPPED_DIGITS, meant_l) if meant_l is not None else (None, None)


def _swapped_back(place: _Place, value_l: int) -> int | None:
    """The litres meant if two neighbouring digits were swapped, as near the usual as can be."""
    expected_l = place.expected_l or 0
    meant = filter(place.usual, _neighbour_swaps(value_l, place.register))
    return min(meant, key=lambda one: abs((place.used_l(one) or 0) - expected_l), default=None)


def _neighbour_swaps(value_l: int, register: Register) -> Iterable[int]:
    """Every value with two different neighbouring digits swapped, in litres.

    Nobody types a leading zero by mistake: the first digit stays another than 0.
    """
    typed = str(value_l // register.step_l)
    for at, (left, right) in enumerate(pairwise(typed)):
        if left != right and (at > 0 or right != "0"):
            yield int(typed[:at] + right + left + typed[at + 2 :]) * register.step_l
