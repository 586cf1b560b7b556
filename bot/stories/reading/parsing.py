"""Parses documents so that a slow one delays neither readers nor other sources.

Small documents are parsed in a thread. All others are parsed in a process that can be killed, through one of two lanes:
the quick one, with a second per document, and the slow one for large documents and for sources that exceeded their
quick allowance. A lane parses one document of a source at a time. Pictures have a lane and a process of their own.
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
from bot.stories.reading.jpeg import as_jpeg
from bot.stories.reading.lanes import WINDOW, Lane

log = structlog.get_logger("kabar.parsing")

THREADS = 2  # more would only contend for the GIL, which delays answers to readers
SMALL = 64_000  # bytes; the worst feed of this size takes 0.1 s
QUICK = 500_000  # bytes; an article's page has 100,000 to 300,000 and takes 0.1 s
ARTICLE_BYTES = 2_000_000  # of an article's page; lists may be larger
QUICK_SECONDS, SLOW_SECONDS = 1.0, 10.0  # of CPU time per document; a feed of 10,000 items takes 5
QUICK_ALLOWED, SLOW_ALLOWED = 5.0, 30.0  # seconds per source in WINDOW
SLOW_NICE = 10
WALL_SECONDS = 30.0  # in addition to the CPU time, for a busy machine
PICTURE_LIMITS = Limits(seconds=3.0, wall=33.0, memory=500_000_000)  # five copies of 25 million pixels: WebP
PICTURES_ALLOWED = 30.0  # seconds per host in WINDOW
MEMORY, MEMORY_PER_BYTE = 30_000_000, 10  # bytes; an article of 1.7 MB takes 30 MB, a feed of 9.5 MB 110 MB

T = TypeVar("T")
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="parsing")
_own_thread = ThreadPoolExecutor(1, thread_name_prefix="own-texts")


class Lanes:
    """The lanes of one event loop, with their limits."""

    def __init__(self) -> None:
        self.small = Lane(width=THREADS, allowed=SLOW_ALLOWED, waiting_bytes=10_000_000)
        self.quick = Lane(width=1, allowed=QUICK_ALLOWED, waiting_bytes=10_000_000)
        self.slow = Lane(width=1, allowed=SLOW_ALLOWED, waiting_bytes=10_000_000)
        self.pictures = Lane(width=1, allowed=PICTURES_ALLOWED, waiting_bytes=60_000_000)


_lanes: WeakKeyDictionary[asyncio.AbstractEventLoop, Lanes] = WeakKeyDictionary()


async def in_thread(work: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run work on texts from trusted callers, such as the story API, in a thread that parses no source's documents."""
    return await asyncio.get_running_loop().run_in_executor(_own_thread, partial(work, *arguments, **named))


async def parse(source: str, function: Callable[..., T], body: bytes, *arguments: Any, **named: Any) -> T:
    """`function(body, …)` for a source's document. Raises the function's Unreadable, or Overrun above the limits."""
    if len(body) > SMALL:
        return await parse_apart(source, function, body, *arguments, **named)
    loop, lane = asyncio.get_running_loop(), _of_loop().small
    async with lane.turn(source, len(body)):
        began = time.monotonic()
        try:
            return await loop.run_in_executor(_threads, partial(function, body, *arguments, **named))
        finally:
            lane.charge(source, time.monotonic() - began)


async def parse_apart(source: str, function: Callable[..., T], body: bytes, *arguments: Any, **named: Any) -> T:
    """As `parse`, but never in a thread: for documents that are expensive at any size, such as articles' pages."""
    lanes = _of_loop()
    while True:
        lane = _lane(lanes, source, len(body))
        async with lane.turn(source, len(body)):
            if lane is _lane(lanes, source, len(body)):  # else its source has used up the lane's allowance meanwhile
                seconds, nice = (QUICK_SECONDS, 0) if lane is lanes.quick else (SLOW_SECONDS, SLOW_NICE)
                limits = Limits(seconds, seconds + WALL_SECONDS, MEMORY + MEMORY_PER_BYTE * len(body), nice)
                return await _charged(lane, source, limits, function, body, arguments, named)


async def picture(host: str, body: bytes) -> bytes:
    """A picture as a JPEG (bot.stories.reading.jpeg). Raises Unreadable, or Overrun above the limits."""
    lane = _of_loop().pictures
    async with lane.turn(host, len(body)):
        if lane.has_used_up(host):
            raise Overrun(f"its pictures took {lane.allowed:g} s within {WINDOW / 60:g} minutes")
        return await _charged(lane, host, PICTURE_LIMITS, as_jpeg, body, (), {}, isolated.PICTURES)


def _of_loop() -> Lanes:
    return _lanes.setdefault(asyncio.get_running_loop(), Lanes())


def _lane(lanes: Lanes, source: str, size: int) -> Lane:
    """The lane for a document. Raises Overrun if its source has used up the allowances of both lanes."""
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
    arguments: tuple[Any, ...],
    named: dict[str, Any],
    parsers: tuple[str, ...] = isolated.DOCUMENTS,
) -> T:
    """Call the function and charge its time to the source. An overrun costs enough to leave the quick lane."""
    began = time.monotonic()
    try:
        result, used = await isolated.call(function, body, arguments, named, limits, parsers)
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
    """Kill the parsing processes and their forks."""
    isolated.stop()
