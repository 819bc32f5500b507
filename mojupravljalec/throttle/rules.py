"""How many tries a sliding window holds.

Tries are pairs of a moment (whole seconds since 1970) and a count, the oldest first. A moment is
rounded up to a hundredth of the window, so a list stays short and a try counts for at least the
whole window and at most a hundredth longer: no window of that length ever holds more than the
limit, wherever it begins.
"""

import math
from collections.abc import Sequence

Tries = list[list[int]]
STEPS = 100  # in a window


def recent(tries: Sequence[Sequence[int]], *, now: float, seconds: int) -> Tries:
    """Return the tries that still count at ``now`` in a window of ``seconds``."""
    return [[moment, count] for moment, count in tries if moment > now - seconds]


def total(tries: Sequence[Sequence[int]]) -> int:
    """Return how many tries these are.

    >>> total([[1_800, 2], [1_809, 1]])
    3
    """
    return sum(count for _moment, count in tries)


def with_one_more(tries: Sequence[Sequence[int]], *, now: float, seconds: int) -> Tries:
    """Return ``tries`` and one at ``now``; a clock that was set back does not reorder them.

    >>> with_one_more([[1_800, 2]], now=1_800.5, seconds=900)
    [[1800, 2], [1809, 1]]
    """
    step = max(1, seconds // STEPS)
    moment = math.ceil(now / step) * step
    if tries and tries[-1][0] >= moment:
        *before, (last, count) = tries
        return [*map(list, before), [last, count + 1]]
    return [*map(list, tries), [moment, 1]]


def without_last(tries: Sequence[Sequence[int]]) -> Tries:
    """Return ``tries`` without the latest one.

    >>> without_last([[1_800, 2], [1_809, 1]])
    [[1800, 2]]
    """
    if not tries:
        return []
    *before, (last, count) = tries
    return [*map(list, before), *([[last, count - 1]] if count > 1 else [])]


def wait_s(tries: Sequence[Sequence[int]], *, now: float, seconds: int, most: int) -> int:
    """Return the seconds until one more try is within ``most``; 0 if it is already.

    >>> wait_s([[1_800, 2], [1_809, 1]], now=1_810, seconds=900, most=3)
    890
    """
    left = recent(tries, now=now, seconds=seconds)
    until = now
    while left and total(left) >= most:
        until = left.pop(0)[0] + seconds
    return math.ceil(until - now)
