"""How the time of a piece of work grows with its input: the same on a fast machine and on a busy one."""

import time
from collections.abc import Callable

QUADRATIC = 9.0  # four times the input takes 4 times as long if the work is linear, and 16 times if it is quadratic
MEASURABLE = 0.002  # seconds; below, the clock says little


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times as much CPU time `work(4 * size)` takes as `work(size)`, each the best of two."""
    small, large = (min(_seconds(work, n) for _ in range(2)) for n in (size, 4 * size))
    return large / max(small, MEASURABLE)


def _seconds(work: Callable[[int], object], size: int) -> float:
    started = time.process_time()
    work(size)
    return time.process_time() - started
