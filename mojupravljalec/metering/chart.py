"""Consumption by month as an SVG made here: no script, no style attribute, no inline style."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .history import Month

# Units of the viewBox; on a phone 320 px wide one is about a pixel.
TEXT = 12
LETTER = 7  # a digit at this size
SLOT = 24  # bar and gap; three letters fit
BAR = 17
TOP = 20  # room for the value above the highest bar
HIGHEST = 110
BASE = TOP + HIGHEST
HEIGHT = BASE + 20  # and for the label below
MARGIN = 4

# What a stylesheet may replace; without one the chart still reads, on a dark page too.
PLAIN = 'fill="#4a8ea3"'
NOW = 'fill="currentColor"'
OUTLINED = 'fill="none" stroke="currentColor" stroke-width="2"'
DASHED = 'fill="none" stroke="#4a8ea3" stroke-width="2" stroke-dasharray="4 3"'


@dataclass(frozen=True)
class _Bar:
    month: Month
    label: str
    classes: tuple[str, ...]
    middle: float
    height: float

    @property
    def is_now(self) -> bool:
        return "bar-now" in self.classes


def bar_chart(
    months: Sequence[Month],
    *,
    labels: Sequence[str],
    title: str,
    describe: str,
    ident: str = "usage-chart",
) -> str:
    """An ``<svg>`` with a bar for each month, oldest first, and whole m³ above it.

    ``labels`` are short month names in the reader's language. ``ident`` begins the ids inside
    and has to differ between charts on one page. Classes: ``chart``; ``bar`` with ``bar-now``
    (the last month), ``bar-last`` (the same month a year before), ``bar-est``; ``bar-value``,
    ``bar-label``, ``chart-base``. A month that is not known has a dash and no bar.
    """
    slot = _slot(months)
    width = slot * len(months) + 2 * MARGIN
    drawn = "".join(_draw(bar) for bar in _bars(months, labels, slot))
    name = escape(ident)
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}"'
        f' role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(describe)}</desc>'
        f'<g font-size="{TEXT}" text-anchor="middle" fill="currentColor">{drawn}</g>'
        f'<path class="chart-base" d="M{MARGIN} {BASE + 0.5}H{width - MARGIN}"'
        f' fill="none" stroke="currentColor"/></svg>'
    )


def _slot(months: Sequence[Month]) -> int:
    """Width of a bar and its gap; more for values of four digits, so that none collide."""
    longest = max((len(_value(month)) for month in months), default=0)
    return max(SLOT, longest * LETTER + 3)


def _value(month: Month) -> str:
    """Whole m³, a half rounded up, with a true minus; a dash where not known."""
    if month.used_l is None:
        return "–"
    return str((month.used_l + 500) // 1000).replace("-", "−")


def _bars(months: Sequence[Month], labels: Sequence[str], slot: int) -> list[_Bar]:
    most_l = max((month.used_l or 0 for month in months), default=0)
    # Longer names only below every second bar, counted from the last.
    every = 1 if max(map(len, labels), default=0) * LETTER <= slot else 2
    return [
        _Bar(
            month,
            label if (len(months) - 1 - at) % every == 0 else "",
            _classes(month, months[-1]),
            MARGIN + slot * (at + 0.5),
            round(HIGHEST * max(month.used_l or 0, 0) / most_l, 1) if most_l > 0 else 0,
        )
        for at, (month, label) in enumerate(zip(months, labels, strict=True))
    ]


def _classes(month: Month, now: Month) -> tuple[str, ...]:
    day, last = month.first_day, now.first_day
    marks = {
        "bar-now": month is now,
        "bar-last": (day.year, day.month) == (last.year - 1, last.month),
        "bar-est": month.estimated,
    }
    return ("bar", *(name for name, holds in marks.items() if holds))


def _draw(bar: _Bar) -> str:
    weight = ' font-weight="bold"' if bar.is_now else ""
    top = BASE - bar.height - 5
    value = f'<text class="bar-value" x="{bar.middle:g}" y="{top:g}"{weight}>' + (
        f"{_value(bar.month)}</text>"
    )
    label = f'<text class="bar-label" x="{bar.middle:g}" y="{BASE + 15}"{weight}>' + (
        f"{escape(bar.label)}</text>"
    )
    return _rect(bar) + value + (label if bar.label else "")


def _rect(bar: _Bar) -> str:
    """The bar itself; an outline lies inside, so that all bars are equally wide."""
    if bar.height <= 0:
        return ""
    inset = 0 if _paint(bar) in (PLAIN, NOW) else 1
    height = max(bar.height - 2 * inset, 1)
    return (
        f'<rect class="{" ".join(bar.classes)}" x="{bar.middle - BAR / 2 + inset:g}"'
        f' y="{BASE - inset - height:g}" width="{BAR - 2 * inset}" height="{height:g}"'
        f' rx="2" {_paint(bar)}/>'
    )


def _paint(bar: _Bar) -> str:
    if "bar-est" in bar.classes:
        return DASHED
    if "bar-last" in bar.classes:
        return OUTLINED
    return NOW if bar.is_now else PLAIN
