"""The order of answers that wait for the rate: fair among chats, so that a quiet reader does not wait for busy ones.

Start-time fair queueing: an answer's tag is one more than that of its chat's last, but no less than that of the answer
that was sent last; the smallest tag goes first. https://dl.acm.org/doi/10.1145/248157.248171
"""

import asyncio
from collections.abc import Callable, Hashable
from heapq import heapify, heappop, heappush
from itertools import count

CHATS_KEPT = 2_000  # above, chats whose last tag no longer matters are forgotten


class Turns:
    """`pause` gives the seconds until the next answer may be sent; it is asked again after a wait."""

    def __init__(self, pause: Callable[[], float]) -> None:
        self._pause = pause
        self._line: list[tuple[float, int, asyncio.Event]] = []  # a heap; the event says that it may have become first
        self._numbers = count()
        self._last: dict[Hashable, float] = {}
        self._reached = 0.0  # the tag of the answer that was sent last

    async def wait(self, chat: Hashable) -> None:
        """Return when the next answer is this chat's, and `pause` gives 0."""
        tag = max(self._reached, self._last.get(chat, -1.0) + 1)
        self._last[chat] = tag
        place = (tag, next(self._numbers), asyncio.Event())
        heappush(self._line, place)
        try:
            while (wait := self._pause()) > 0 or self._line[0] is not place:
                if self._line[0] is place:
                    await asyncio.sleep(wait)
                else:
                    await place[2].wait()
                    place[2].clear()
            self._reached = tag
        finally:
            self._leave(place)

    def _leave(self, place: tuple[float, int, asyncio.Event]) -> None:
        if self._line[0] is place:
            heappop(self._line)
        else:
            self._line.remove(place)
            heapify(self._line)
        if self._line:
            self._line[0][2].set()
        if len(self._last) > CHATS_KEPT + len(self._line):
            self._last = {chat: tag for chat, tag in self._last.items() if tag + 1 > self._reached}
