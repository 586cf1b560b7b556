"""The order of answers that wait for the rate: the chat whose last question is longest ago goes first.

So a reader who asks now and then does not wait behind chats that ask without end. Whoever has not asked within
FRESH_SECONDS counts as having asked that long ago: ever new chats delay the others by that much at most.
"""

import asyncio
import time
from collections.abc import Callable, Hashable
from heapq import heapify, heappop, heappush
from itertools import count

FRESH_SECONDS = 30.0
CHATS_KEPT = 2_000  # above, chats that have not asked within FRESH_SECONDS are forgotten


class Turns:
    """`pause` gives the seconds until the next answer may be sent; it is asked again after a wait."""

    def __init__(self, pause: Callable[[], float], now: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._now = now
        self._line: list[tuple[float, int, asyncio.Event]] = []  # a heap; the event says that it may have become first
        self._numbers = count()
        self._asked: dict[Hashable, float] = {}  # when each chat came to the line, or left it, for the last time

    async def wait(self, chat: Hashable) -> None:
        """Return when the next answer is this chat's, and `pause` gives 0."""
        now = self._now()
        place = (max(self._asked.get(chat, 0.0), now - FRESH_SECONDS), next(self._numbers), asyncio.Event())
        self._note(chat, now)
        heappush(self._line, place)
        try:
            while (wait := self._pause()) > 0 or self._line[0] is not place:
                if self._line[0] is place:
                    await asyncio.sleep(wait)
                else:
                    await place[2].wait()
                    place[2].clear()
        finally:
            self._note(chat, self._now())
            self._leave(place)

    def _note(self, chat: Hashable, now: float) -> None:
        self._asked[chat] = now
        if len(self._asked) > CHATS_KEPT + len(self._line):
            self._asked = {chat: at for chat, at in self._asked.items() if now - at < FRESH_SECONDS}

    def _leave(self, place: tuple[float, int, asyncio.Event]) -> None:
        if self._line[0] is place:
            heappop(self._line)
        else:
            self._line.remove(place)
            heapify(self._line)
        if self._line:
            self._line[0][2].set()
