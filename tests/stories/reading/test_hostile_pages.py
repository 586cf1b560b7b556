"""Tests that articles' pages which take minutes to parse don't delay other sources."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from bot.storage.engine import Database
from bot.stories.reading import parsing
from tests.stories.hostile import Beside, beside, item, response, rss

LATE = 10.0  # seconds; 1 on an idle machine, 120 with a single queue for all documents
EXTRA_MB = 250  # for waiting bodies and parsing processes; 1,000 without limits
HOSTILE_SOURCES = 10


@asynccontextmanager
async def suffering(both: Beside, page: bytes) -> AsyncIterator[None]:
    """Meanwhile poll ten sources with thirty links each to such a page."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        path = both.hostile.requests[-1]
        if path.startswith("/page"):
            writer.write(response(page, kind="text/html"))
            return
        links = [f"http://{both.hostile.place}/page{path}/{number}/kabar" for number in range(30)]
        writer.write(response(rss(*(item(n, f"Kabar {n} dari {path}", link=link) for n, link in enumerate(links)))))

    both.hostile.answer = answer
    names = ["hostile", *(f"hostile-{number}" for number in range(HOSTILE_SOURCES - 1))]
    async with asyncio.TaskGroup() as group:
        polls = [group.create_task(both.poller.poll(await both.row(name))) for name in names]
        await asyncio.sleep(0.5)
        yield
        for poll in polls:
            poll.cancel()


async def slowest_healthy_poll(both: Beside, polls: int) -> float:
    """The longest time from a poll of the healthy source to its story, which is completed from its own page."""
    slowest = 0.0
    for number in range(polls):
        page = f"http://{both.healthy.place}/dunia/{number + 800_000}/kabar"
        both.healthy.answer = response(rss(item(number + 800_000, f"Kabar baik nomor {number}", link=page)))
        began = time.monotonic()
        await both.poller.poll(await both.row("healthy"))
        slowest = max(slowest, time.monotonic() - began)
        assert f"Kabar baik nomor {number}" in await both.titles("healthy")
        await asyncio.sleep(0.5)
    return slowest


def memory_of(pid: int) -> float:
    """MB of a process and its children, counting shared memory once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        own = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
        tasks = [file.read_text().split() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has ended meanwhile
        return 0.0
    return own + sum(memory_of(int(child)) for children in tasks for child in children)


async def most_memory(into: list[float]) -> None:
    for _ in count():
        into.append(memory_of(os.getpid()))
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("size", [4_900_000, 1_900_000, 450_000])
async def test_expensive_pages_delay_no_other_source(database: Database, size: int) -> None:
    async with beside(database, crowd=HOSTILE_SOURCES - 1) as both:
        memory: list[float] = [memory_of(os.getpid())]
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(most_memory(memory))
            async with suffering(both, b"<h1>a</h1>" * (size // 10)):
                assert await slowest_healthy_poll(both, 8) < LATE
            watching.cancel()
    assert max(memory) - memory[0] < EXTRA_MB


async def test_a_list_that_exceeds_its_limits_fails_with_an_explanation(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "QUICK_SECONDS", 0.05)
    large = rss(*(item(number, f"Kabar nomor {number} dari desa") for number in range(2_000)))
    async with beside(database) as both:
        failed = await both.poll(response(large))
        assert failed.last_error == "parsing it takes more than 0.05 s"
        recovered = await both.poll(response(large))  # in the slow lane, where documents have more time
        assert (recovered.last_error, recovered.failures) == ("", 0)
