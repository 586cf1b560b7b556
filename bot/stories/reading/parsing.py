"""Where documents are parsed, so that no reader and no other source waits for one.

A small document is parsed in a thread. Every other goes to a process that can be ended, in one of two lanes: the quick
one for sources that behaved, with a second for each document; the slow one for large documents and for sources that
overran, whose documents wait there for each other. Each lane takes one document of a source at a time.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import structlog

from bot.stories.reading import isolated
from bot.stories.reading.isolated import Limits, Overrun
from bot.stories.reading.lanes import WINDOW, Lane

log = structlog.get_logger("kabar.parsing")

THREADS = 2  # more only contend for the interpreter, and readers wait for that
SMALL = 64_000  # bytes; the worst feed of this size takes 0.1 s
QUICK = 500_000  # bytes; an article's page has 100,000 to 300,000 and takes 0.1 s
ARTICLE_BYTES = 2_000_000  # of an article's page; only a list may have more
QUICK_SECONDS, SLOW_SECONDS = 1.0, 10.0  # of processor time; a feed of 10,000 items takes 5
QUICK_ALLOWED, SLOW_ALLOWED = 5.0, 30.0  # of a source in WINDOW
SLOW_NICE = 10
WALL_SECONDS = 30.0  # beside them, where the processor is busy with others
MEMORY, MEMORY_PER_BYTE = 30_000_000, 10  # an article of 1.7 MB takes 30 MB, a feed of 9.5 MB 110 MB

T = TypeVar("T")
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="parsing")
_own_thread = ThreadPoolExecutor(1, thread_name_prefix="own-texts")


class Lanes:
    """Of one event loop: each lane, how many at a time, what a source may use in ten minutes, how much may wait."""

    def __init__(self) -> None:
        self.small = Lane(width=THREADS, allowed=SLOW_ALLOWED, waiting_bytes=10_000_000)
        self.quick = Lane(width=1, allowed=QUICK_ALLOWED, waiting_bytes=10_000_000)
        self.slow = Lane(width=1, allowed=SLOW_ALLOWED, waiting_bytes=10_000_000)


_lanes: WeakKeyDictionary[asyncio.AbstractEventLoop, Lanes] = WeakKeyDictionary()


async def in_thread(work: Callable[..., T], *given: Any, **named: Any) -> T:
    """Run what is no source's document, such as a text of the story API; it never waits for one."""
    return await asyncio.get_running_loop().run_in_executor(_own_thread, partial(work, *given, **named))


async def parse(source: str, function: Callable[..., T], body: bytes, *given: Any, **named: Any) -> T:
    """`function(body, …)` for a source's document. Raises Unreadable, as the function does or since it overran."""
    if len(body) > SMALL:
        return await parse_apart(source, function, body, *given, **named)
    loop, lane = asyncio.get_running_loop(), _of_loop().small
    async with lane.turn(source, len(body)):
        began = time.monotonic()
        try:
            return await loop.run_in_executor(_threads, partial(function, body, *given, **named))
        finally:
            lane.charge(source, time.monotonic() - began)


async def parse_apart(source: str, function: Callable[..., T], body: bytes, *given: Any, **named: Any) -> T:
    """As `parse`, but never in a thread: for what is dear however small, as articles' pages are."""
    lanes = _of_loop()
    while True:
        lane = _lane(lanes, source, len(body))
        async with lane.turn(source, len(body)):
            if lane is _lane(lanes, source, len(body)):  # else its source has overrun meanwhile
                seconds, nice = (QUICK_SECONDS, 0) if lane is lanes.quick else (SLOW_SECONDS, SLOW_NICE)
                limits = Limits(seconds, seconds + WALL_SECONDS, MEMORY + MEMORY_PER_BYTE * len(body), nice)
                return await _charged(lane, source, limits, function, body, given, named)


def _of_loop() -> Lanes:
    return _lanes.setdefault(asyncio.get_running_loop(), Lanes())


def _lane(lanes: Lanes, source: str, size: int) -> Lane:
    """The lane for a document. Raises Overrun where its source has used up all that it may."""
    if size <= QUICK and not lanes.quick.has_used_up(source):
        return lanes.quick
    if lanes.slow.has_used_up(source):
        raise Overrun(f"its documents took {lanes.slow.allowed:g} s of parsing within {WINDOW / 60:g} minutes")
    return lanes.slow


async def _charged(
    lane: Lane,
    source: str,
    limits: Limits,
    function: Callable[..., T],
    body: bytes,
    given: tuple[Any, ...],
    named: dict[str, Any],
) -> T:
    """The call, with its time noted against its source; who overruns is not asked into the quick lane again."""
    began = time.monotonic()
    try:
        result, used = await isolated.call(function, body, given, named, limits)
    except Overrun as error:
        log.warning("document_overran", source=source, error=str(error), bytes=len(body))
        lane.charge(source, max(limits.seconds, 2 * QUICK_ALLOWED))
        raise
    except BaseException:
        lane.charge(source, min(time.monotonic() - began, limits.seconds))
        raise
    lane.charge(source, used)
    return result


def stop() -> None:
    """End the process that parses, and with it whatever it is at."""
    isolated.stop()
