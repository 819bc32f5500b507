"""When residents are asked to read their meters, and for which month's bill a reading counts."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

ALLOWED = (
    "A reading window is two days of the month with two dots between them, 1 to 31 or, "
    "from the month's end, -1 to -31, such as 25..-1, 1..25, 25..3 or -3..3; empty is always open."
)
LONGEST_MONTH = 31


@dataclass(frozen=True)
class Span:
    """One opening of the window, both days included; ``bill_month`` is a first day of month."""

    opens_on: date
    closes_on: date
    bill_month: date


@dataclass(frozen=True)
class Window:
    """Days of the month from ``first`` to ``last``; negative ones count from the month's end.

    A window whose ``last`` comes before its ``first`` in a month of 31 days closes in the next
    month. Where a short month leaves it no day, it is open on the day it opens. Always open is
    1..-1. Windows are meant not to overlap; clipping can make them (31..30 in February), and
    such a day belongs to the span that opened first.
    """

    first: int
    last: int

    def span_on(self, day: date) -> Span | None:
        """The span open on ``day``, or None."""
        this_month = day.replace(day=1)
        for month in (_month_before(this_month), this_month):
            span = self._span_of(month)
            if span.opens_on <= day <= span.closes_on:
                return span
        return None

    def next_after(self, day: date) -> Span:
        """The first span that opens after ``day``."""
        span = self._span_of(day.replace(day=1))
        return span if span.opens_on > day else self._span_of(_month_after(day.replace(day=1)))

    def counts_for(self, day: date) -> date:
        """First day of the month whose bill takes a reading of ``day``: outside, the next one."""
        return (self.span_on(day) or self.next_after(day)).bill_month

    def _span_of(self, month: date) -> Span:
        opens_on = _day_of(month, self.first)
        closing_month = _month_after(month) if self._closes_in_next_month else month
        closes_on = max(opens_on, _day_of(closing_month, self.last))
        return Span(opens_on, closes_on, month)

    @property
    def _closes_in_next_month(self) -> bool:
        return _in_longest_month(self.last) < _in_longest_month(self.first)


def parse_window(text: str) -> Window:
    """The window that a setting describes; ``ValueError`` says what is allowed.

    >>> parse_window("25..3").counts_for(date(2027, 1, 2))
    datetime.date(2026, 12, 1)
    """
    if not text.strip():
        return Window(1, -1)
    days = re.fullmatch(r"\s*(-?[0-9]{1,2})\s*\.\.\s*(-?[0-9]{1,2})\s*", text)
    if days is None:
        raise ValueError(ALLOWED)
    first, last = int(days[1]), int(days[2])
    if not (1 <= abs(first) <= LONGEST_MONTH and 1 <= abs(last) <= LONGEST_MONTH):
        raise ValueError(ALLOWED)
    return Window(first, last)


def _in_longest_month(number: int) -> int:
    return number if number > 0 else LONGEST_MONTH + 1 + number


def _day_of(month: date, number: int) -> date:
    """The day ``number`` of the month; beyond its ends, its first or last day."""
    length = monthrange(month.year, month.month)[1]
    day = number if number > 0 else length + 1 + number
    return month.replace(day=min(max(day, 1), length))


def _month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _month_after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
