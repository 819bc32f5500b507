"""How the work of a function grows with its input: a ratio, so that no machine is too slow."""

import gc
from collections.abc import Callable
from time import process_time

LINEAR = 1000
"""More than a hundred times the input may cost: linear work costs 100 to 200 times as much,
squared work 10,000 times."""


def hundredfold(work: Callable[[int], object], count: int) -> float:
    """Divide the CPU time of `work(100 * count)` by that of `work(count)`."""
    gc.collect()
    gc.disable()
    try:
        few = min(_cpu_s(work, count) for _ in range(5))
        return _cpu_s(work, 100 * count) / few
    finally:
        gc.enable()


def _cpu_s(work: Callable[[int], object], count: int) -> float:
    started = process_time()
    work(count)
    return process_time() - started
