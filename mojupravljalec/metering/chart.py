"""Consumption by month as an SVG made here: no script, no style attribute, no inline style."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from itertools import groupby

from .history import Month

# Units of the viewBox; on a phone 320 px wide one is about a pixel.
TEXT = 12
LETTER = 7  # a digit at this size
SLOT = 24  # bar and gap; three letters fit
BAR = 17
TOP = 20  # room for the value above the highest bar
HIGHEST = 110
BASE = TOP + HIGHEST
LINE = 16  # of text below the axis
MARGIN = 4


class Look(StrEnum):
    """How sure a month's consumption is, and so how its bar is drawn; in the legend's order."""

    MEASURED = "measured"
    AVERAGE = "average"
    ESTIMATE = "estimate"


# What a stylesheet may replace; without one the chart still reads, on a dark page too. Only
# what was measured is solid: the others differ by their pattern, on paper and without colours.
PLAIN = 'fill="#4a8ea3"'
NOW = 'fill="currentColor"'
HATCHED = 'fill="url(#{ident}-hatch)" stroke="currentColor"'
DASHED = 'fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="4 3"'
HATCH = (
    '<defs><pattern id="{ident}-hatch" width="5" height="5" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><path d="M1 0V5" stroke="currentColor" stroke-width="1.5"/>'
    "</pattern></defs>"
)


def look(month: Month) -> Look | None:
    """Return how the month is drawn, None for one that is not known."""
    if month.used_l is None:
        return None
    if month.estimated:
        return Look.ESTIMATE
    return Look.AVERAGE if month.averaged else Look.MEASURED


def looks(months: Sequence[Month]) -> list[Look]:
    """Return what the legend has to explain."""
    found = set(map(look, months))
    return [one for one in Look if one in found]


def years(months: Sequence[Month]) -> list[tuple[int, int]]:
    """Return the years on the axis, oldest first, with the number of their months.

    >>> from datetime import date
    >>> years([Month(date(2025, 12, 1), None, False), Month(date(2026, 1, 1), None, False)])
    [(2025, 1), (2026, 1)]
    """
    return [
        (year, len(list(some))) for year, some in groupby(months, lambda one: one.first_day.year)
    ]


@dataclass(frozen=True)
class _Bar:
    month: Month
    label: str
    is_now: bool
    middle: float
    height: float


def bar_chart(
    months: Sequence[Month],
    *,
    labels: Sequence[str],
    title: str,
    describe: str,
    legend: Mapping[Look, str],
    ident: str = "usage-chart",
) -> str:
    """Return an ``<svg>`` with a bar for each month, oldest first, and whole m³ above it.

    Years stand below the months, and the legend below the years. ``labels`` are short month
    names in the reader's language. ``ident`` begins the ids inside and has to differ between
    charts on one page. Classes: ``chart``; ``bar`` with ``bar-measured``, ``bar-average`` or
    ``bar-estimate`` and, if it was measured, ``bar-now`` for the last month; ``bar-value``,
    ``bar-label``, ``bar-year``, ``chart-base``, ``chart-legend``. A month that is not known has
    a dash and no bar.
    """
    slot = _slot(months)
    width = slot * len(months) + 2 * MARGIN
    rows = looks(months)
    height = BASE + LINE * (2 + len(rows)) + MARGIN
    drawn = "".join(_draw(bar, ident) for bar in _bars(months, labels, slot))
    name = escape(ident)
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(describe)}</desc>'
        f"{HATCH.format(ident=name) if Look.AVERAGE in rows else ''}"
        f'<g font-size="{TEXT}" text-anchor="middle" fill="currentColor">{drawn}'
        f"{_axis(months, slot)}</g>"
        f'<path class="chart-base" d="M{MARGIN} {BASE + 0.5}H{width - MARGIN}"'
        f' fill="none" stroke="currentColor"/>{_legend(rows, legend, ident)}</svg>'
    )


def _slot(months: Sequence[Month]) -> int:
    """Width of a bar and its gap; more for values of four digits, so that none collide."""
    longest = max((len(_value(month)) for month in months), default=0)
    return max(SLOT, longest * LETTER + 3)


def _value(month: Month) -> str:
    """Whole m³, a half rounded up; a dash where not known."""
    return "–" if month.used_l is None else str((month.used_l + 500) // 1000)


def _bars(months: Sequence[Month], labels: Sequence[str], slot: int) -> list[_Bar]:
    most_l = max((month.used_l or 0 for month in months), default=0)
    # Longer names only below every second bar, counted from the last.
    every = 1 if max(map(len, labels), default=0) * LETTER <= slot else 2
    return [
        _Bar(
            month,
            label if (len(months) - 1 - at) % every == 0 else "",
            month is months[-1],
            MARGIN + slot * (at + 0.5),
            round(HIGHEST * (month.used_l or 0) / most_l, 1) if most_l > 0 else 0,
        )
        for at, (month, label) in enumerate(zip(months, labels, strict=True))
    ]


def _draw(bar: _Bar, ident: str) -> str:
    weight = ' font-weight="bold"' if bar.is_now else ""
    top = BASE - bar.height - 5
    value = f'<text class="bar-value" x="{bar.middle:g}" y="{top:g}"{weight}>' + (
        f"{_value(bar.month)}</text>"
    )
    label = f'<text class="bar-label" x="{bar.middle:g}" y="{BASE + LINE - 1}"{weight}>' + (
        f"{escape(bar.label)}</text>"
    )
    shown = look(bar.month)
    drawn = "" if shown is None or bar.height <= 0 else _rect(bar, shown, ident)
    return drawn + value + (label if bar.label else "")


def _rect(bar: _Bar, shown: Look, ident: str) -> str:
    """The bar itself; an outline lies inside, so that all bars are equally wide."""
    inset = 0 if shown is Look.MEASURED else 1
    height = max(bar.height - 2 * inset, 1)
    now = " bar-now" if bar.is_now and shown is Look.MEASURED else ""
    return (
        f'<rect class="bar bar-{shown}{now}" x="{bar.middle - BAR / 2 + inset:g}"'
        f' y="{BASE - inset - height:g}" width="{BAR - 2 * inset}" height="{height:g}"'
        f' rx="2" {NOW if now else _paint(shown, ident)}/>'
    )


def _paint(shown: Look, ident: str) -> str:
    if shown is Look.AVERAGE:
        return HATCHED.format(ident=escape(ident))
    return DASHED if shown is Look.ESTIMATE else PLAIN


def _axis(months: Sequence[Month], slot: int) -> str:
    """The years below their months, with a stroke where a year begins."""
    drawn, x = "", MARGIN
    for year, count in years(months):
        middle = x + slot * count / 2
        if x > MARGIN:
            drawn += f'<path d="M{x + 0.5:g} {BASE}V{BASE + 2 * LINE}" stroke="currentColor"/>'
        drawn += f'<text class="bar-year" x="{middle:g}" y="{BASE + 2 * LINE - 2}">{year}</text>'
        x += slot * count
    return drawn


def _legend(rows: Sequence[Look], legend: Mapping[Look, str], ident: str) -> str:
    """One line for each look: a piece of such a bar and what it means."""
    drawn = ""
    for at, one in enumerate(rows):
        y = BASE + LINE * (2 + at) + 3
        drawn += (
            f'<rect class="bar bar-{one}" x="{MARGIN + 1}" y="{y + 1}" width="{BAR}"'
            f' height="{TEXT - 3}" {_paint(one, ident)}/>'
            f'<text x="{MARGIN + BAR + 8}" y="{y + TEXT - 2}">{escape(legend[one])}</text>'
        )
    return f'<g class="chart-legend" font-size="{TEXT}" fill="currentColor">{drawn}</g>'
