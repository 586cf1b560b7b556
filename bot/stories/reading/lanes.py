"""Fair queues for parsing: of the waiting sources, the one with the least recent parsing time goes first."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.stories.reading.feed_items import Unreadable

WINDOW = 600.0  # seconds over which a source's allowance is refilled


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    source: str
    size: int
    turn: asyncio.Future[bool]  # False: dropped, because too much waits


class Lane:
    """A queue that runs `width` documents at a time, at most one per source.

    `allowed` is the parsing time of one source per WINDOW, in seconds. Where more than `waiting_bytes` wait, the source
    with the most waiting bytes loses its latest document.
    """

    def __init__(self, width: int, allowed: float, waiting_bytes: int) -> None:
        self.allowed = allowed
        self._width = width
        self._waiting_bytes = waiting_bytes
        self._waiting: list[_Waiting] = []
        self._running: set[str] = set()
        self._used: dict[str, tuple[float, float]] = {}  # seconds used, and the monotonic time of that value

    @asynccontextmanager
    async def turn(self, source: str, size: int) -> AsyncIterator[None]:
        """Wait for this source's turn. Raises Unreadable if the document is dropped because too much waits."""
        waiting = _Waiting(source, size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._grant()
        self._drop_surplus()
        try:
            if not await waiting.turn:  # no exception in the future: its traceback would keep the document in memory
                raise Unreadable("too many large documents wait to be parsed")
            yield
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            elif not waiting.turn.cancelled() and waiting.turn.result():
                self._running.discard(source)
            self._grant()

    def charge(self, source: str, seconds: float) -> None:
        self._used[source] = (self.used(source) + seconds, time.monotonic())

    def used(self, source: str) -> float:
        """The seconds that a source has used, which decrease by `allowed` per WINDOW."""
        seconds, at = self._used.get(source, (0.0, 0.0))
        return max(0.0, seconds - (time.monotonic() - at) * self.allowed / WINDOW)

    def has_used_up(self, source: str) -> bool:
        return self.used(source) >= self.allowed

    def _grant(self) -> None:
        while len(self._running) < self._width:
            eligible = [waiting for waiting in self._waiting if waiting.source not in self._running]
            if not eligible:
                break
            next_ = min(eligible, key=lambda waiting: self.used(waiting.source))
            self._waiting.remove(next_)
            if not next_.turn.done():
                self._running.add(next_.source)
                next_.turn.set_result(True)

    def _drop_surplus(self) -> None:
        while len(self._waiting) > 1 and sum(waiting.size for waiting in self._waiting) > self._waiting_bytes:
            sizes: Counter[str] = Counter()
            for waiting in self._waiting:
                sizes[waiting.source] += waiting.size
            largest = max(sizes, key=sizes.__getitem__)
            latest = next(waiting for waiting in reversed(self._waiting) if waiting.source == largest)
            self._waiting.remove(latest)
            if not latest.turn.done():
                latest.turn.set_result(False)
