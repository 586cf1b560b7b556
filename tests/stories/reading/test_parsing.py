"""Tests of parsing in a separate process: limits, fair order, and no processes left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.config import SelectTable
from bot.stories.articles.article import parse_article
from bot.stories.reading import isolated, lanes, parsing
from bot.stories.reading.feeds import Unreadable, parse_feed
from bot.stories.reading.isolated import Limits, Overrun, ParserFailed
from bot.stories.reading.lanes import Lane
from bot.stories.reading.pages import parse_page
from bot.stories.reading.sitemaps import parse_sitemap
from tests.stories.hostile import item, rss
from tests.stories.reading import misbehaving

LIMITS = Limits(seconds=0.5, wall=30.0, memory=50_000_000)
PATIENCE = 30.0  # seconds; far more than a busy machine needs
GIVEN: dict[str, Any] = {
    "url": "https://news.example/1",
    "default_zone": ZoneInfo("Asia/Jakarta"),
    "now": datetime(2026, 11, 26, tzinfo=UTC),
}
PAGE = b"<article><h2>Banjir surut di desa</h2><a href='/dunia/1/a'>a</a><time>26 November 2026 10:00</time></article>"
SITEMAP = b"<urlset><url><loc>https://news.example/dunia/1/a</loc><lastmod>2026-11-25</lastmod></url></urlset>"
SELECT = SelectTable(item="article", title="h2", link="a", time="time")
ARTICLE = Path("tests/stories/articles/pages/01-portal-multi-jsonld.html")


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    parsing.stop()


async def call(function: Callable[..., Any], body: bytes = b"", limits: Limits = LIMITS) -> Any:
    return (await isolated.call(function, body, (), {}, limits))[0]


async def overrunning(function: Callable[..., Any], body: bytes, limits: Limits) -> None:
    with pytest.raises(Overrun):
        await call(function, body, limits)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process runs; False for a zombie."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def process_ids_in(path: Path) -> list[int]:
    """The ids that `spin` wrote: its own process and the worker that it was forked from."""
    await until(lambda: path.exists() and len(path.read_text().split()) == 2)
    return [int(number) for number in path.read_text().split()]


@pytest.mark.parametrize(
    ("function", "body", "arguments"),
    [
        (parse_feed, rss(item(1, pubDate="Thu, 26 Nov 2026 10:00:00 +0700")), ()),
        (parse_sitemap, SITEMAP, ()),
        (parse_page, PAGE, (SELECT,)),
        (parse_article, ARTICLE.read_bytes(), ()),
    ],
)
async def test_a_parser_returns_the_same_in_the_other_process(
    function: Callable[..., Any], body: bytes, arguments: tuple[Any, ...]
) -> None:
    assert repr(await parsing.parse_apart("a", function, body, *arguments, **GIVEN)) == repr(
        function(body, *arguments, **GIVEN)
    )


async def test_a_parsers_refusal_keeps_its_message() -> None:
    with pytest.raises(Unreadable, match=r"^not a feed at all$"):
        await call(misbehaving.refuse)


async def test_a_bug_in_a_parser_is_reported_with_its_exception() -> None:
    with pytest.raises(ParserFailed, match="mistake: KeyError: 'tidak ada'"):
        await call(misbehaving.mistake)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (misbehaving.spin, r"more than 0\.5 s"),
        (misbehaving.hoard, "more than 50 MB"),
        (misbehaving.crash, "breaks the parser"),
        (misbehaving.flood, "more than"),
    ],
)
async def test_a_parser_over_its_limits_is_killed_and_the_next_document_is_read(
    function: Callable[..., Any], words: str
) -> None:
    assert await call(misbehaving.count, b"abc") == 3  # starts the worker, so that its start does not count
    with pytest.raises(Unreadable, match=words):
        await call(function)
    assert await call(misbehaving.count, b"abc") == 3


async def test_a_parser_that_sleeps_too_long_is_killed() -> None:
    with pytest.raises(Overrun):
        await call(misbehaving.nap, limits=Limits(seconds=0.2, wall=0.5, memory=50_000_000))


async def test_a_parsers_output_is_not_taken_for_its_answer() -> None:
    assert await call(misbehaving.chatter) == "said"


async def test_a_parser_under_an_attackers_control_can_run_nothing_in_the_bot(tmp_path: Path) -> None:
    with pytest.raises(ParserFailed, match="an invalid answer"):
        await call(misbehaving.forge, str(tmp_path / "made").encode())
    assert not (tmp_path / "made").exists()


async def test_a_parser_has_none_of_the_bots_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", "1:rahasia")
    names = await call(misbehaving.names_of_settings)
    assert "PATH" in names
    assert "BOT_TOKEN" not in names


async def test_a_cancelled_call_kills_its_parser(tmp_path: Path) -> None:
    limits = Limits(seconds=300.0, wall=300.0, memory=50_000_000)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(call(misbehaving.spin, str(tmp_path / "pid").encode(), limits))
        fork, worker = await process_ids_in(tmp_path / "pid")
        task.cancel()
    await until(lambda: not is_running(fork))
    assert is_running(worker)


async def test_nothing_runs_after_a_stop(tmp_path: Path) -> None:
    limits = Limits(seconds=300.0, wall=300.0, memory=50_000_000)
    async with asyncio.TaskGroup() as group:
        group.create_task(overrunning(misbehaving.spin, str(tmp_path / "pid").encode(), limits))
        pids = await process_ids_in(tmp_path / "pid")
        parsing.stop()
        await until(lambda: not any(map(is_running, pids)))


async def test_nothing_runs_after_the_bot_was_killed(tmp_path: Path) -> None:
    program = (
        "import asyncio; from bot.stories.reading import isolated; from tests.stories.reading import misbehaving\n"
        f"asyncio.run(isolated.call(misbehaving.spin, {str(tmp_path / 'pid').encode()!r}, (), {{}}, "
        "isolated.Limits(300, 300, 50_000_000)))"
    )
    bot = subprocess.Popen([sys.executable, "-c", program])
    pids = await process_ids_in(tmp_path / "pid")
    bot.kill()
    bot.wait()
    await until(lambda: not any(map(is_running, pids)))


async def test_a_signal_to_all_processes_does_not_end_the_worker(tmp_path: Path) -> None:
    limits = Limits(seconds=1.5, wall=30.0, memory=50_000_000)
    async with asyncio.TaskGroup() as group:
        group.create_task(overrunning(misbehaving.spin, str(tmp_path / "pid").encode(), limits))
        pids = await process_ids_in(tmp_path / "pid")
        for pid in pids:
            os.kill(pid, signal.SIGTERM)  # as a service manager does to all processes of a service
        await asyncio.sleep(0.2)
        assert all(map(is_running, pids))


async def test_a_worker_that_was_killed_is_replaced(tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(overrunning(misbehaving.spin, str(tmp_path / "pid").encode(), LIMITS))
        _, worker = await process_ids_in(tmp_path / "pid")
        os.kill(worker, signal.SIGKILL)
        await until(lambda: not is_running(worker))
    assert await call(misbehaving.count, b"abc") == 3


async def test_small_documents_start_no_process() -> None:
    parsing.stop()  # what tests before this one have started
    feed = await parsing.parse("a", parse_feed, rss(item(1)), **GIVEN)
    assert [story.title for story in feed.items] == ["Jembatan gantung dibuka"]
    assert isolated._running == []


async def test_a_source_without_time_left_may_only_send_small_documents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parsing, "QUICK_SECONDS", 0.1)
    monkeypatch.setattr(parsing, "SLOW_SECONDS", 0.2)
    monkeypatch.setattr(parsing, "QUICK_ALLOWED", 0.05)
    monkeypatch.setattr(parsing, "SLOW_ALLOWED", 0.3)
    for words in ("0.1 s", "0.2 s", "0.2 s", "0.3 s of parsing within 10 minutes"):
        with pytest.raises(Overrun, match=words):
            await parsing.parse_apart("hostile", misbehaving.spin, b" ")
    assert await parsing.parse("hostile", misbehaving.count, b"abc") == 3
    assert await parsing.parse_apart("healthy", misbehaving.count, b"abc") == 3


async def test_in_thread_never_waits_for_documents() -> None:
    async with asyncio.TaskGroup() as group:
        asleep = [group.create_task(parsing.parse(f"s{n}", lambda _: time.sleep(0.5), b"")) for n in range(6)]
        await asyncio.sleep(0.1)
        assert await parsing.in_thread(len, "abc") == 3
        assert not any(task.done() for task in asleep)


@pytest.fixture
async def lane() -> AsyncIterator[Lane]:
    yield Lane(width=1, allowed=10.0, waiting_bytes=1_000)


async def in_turn(lane: Lane, source: str, order: list[str], size: int = 1, seconds: float = 0.0) -> None:
    async with lane.turn(source, size):
        order.append(source)
        await asyncio.sleep(0)
        lane.charge(source, seconds)


async def test_the_source_that_used_least_goes_first(lane: Lane) -> None:
    order: list[str] = []
    names = ["hostile"] * 4 + ["healthy", "other", "healthy"]
    await asyncio.gather(*(in_turn(lane, name, order, seconds=5.0 if name == "hostile" else 0.1) for name in names))
    assert order == ["hostile", "healthy", "other", "healthy", "hostile", "hostile", "hostile"]


async def test_a_source_runs_one_document_at_a_time() -> None:
    lane, at_once, most = Lane(width=3, allowed=10.0, waiting_bytes=1_000), 0, 0

    async def work(source: str) -> None:
        nonlocal at_once, most
        async with lane.turn(source, 1):
            at_once, most = at_once + 1, max(most, at_once + 1)
            await asyncio.sleep(0.01)
            at_once -= 1

    await asyncio.gather(*(work("hostile") for _ in range(5)))
    assert most == 1
    await asyncio.gather(*(work(name) for name in "abcde"))
    assert most == 3


async def test_the_source_with_most_waiting_bytes_loses_its_latest_document(lane: Lane) -> None:
    order: list[str] = []
    sizes = [("first", 1), ("hostile", 600), ("hostile", 300), ("healthy", 200)]
    results = await asyncio.gather(
        *(in_turn(lane, *(name, order, size)) for name, size in sizes), return_exceptions=True
    )
    assert [isinstance(result, Unreadable) for result in results] == [False, False, True, False]
    assert order == ["first", "hostile", "healthy"]


async def test_a_cancelled_turn_is_given_to_the_next(lane: Lane) -> None:
    order: list[str] = []
    async with asyncio.TaskGroup() as group, lane.turn("first", 1):
        waiting = [group.create_task(in_turn(lane, name, order)) for name in ("second", "third")]
        await asyncio.sleep(0)
        waiting[0].cancel()
    assert order == ["third"]


async def test_used_time_is_forgotten(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    lane.charge("hostile", 11.0)
    assert lane.has_used_up("hostile")
    monkeypatch.setattr(lanes, "WINDOW", 0.01)
    await asyncio.sleep(0.02)
    assert lane.used("hostile") == 0.0
