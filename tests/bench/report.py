"""What is printed: plain tables, each number with what it should be."""

from collections.abc import Sequence
from statistics import median


def heading(text: str) -> None:
    """The title of a part."""
    _say(f"\n{text}\n{'=' * len(text)}")


def note(text: str) -> None:
    """A line beside the tables."""
    _say(text)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under headings: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, ["-" * width for width in widths], *rows):
        first, *others = row
        cells = [other.rjust(width) for other, width in zip(others, widths[1:], strict=True)]
        _say("  ".join([first.ljust(widths[0]), *cells]))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 the terminal is where it is read


def at_least(value: float, target: float) -> str:
    """✓, or how much is missing."""
    return "✓" if value >= target else f"✗ {1 - value / target:.0%} short"


def at_most(value: float, target: float) -> str:
    """✓, or how much it is over."""
    return "✓" if value <= target else f"✗ {value / target - 1:.0%} over"


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median of the rounds, and the lowest and the highest."""
    lowest, highest = min(values), max(values)
    return f"{median(values):.{digits}f} ({lowest:.{digits}f}–{highest:.{digits}f})"


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the sorted values lie."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
