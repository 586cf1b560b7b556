"""`kabar bench ingest`: thousands of sources every five minutes on one process; readers and the CMS meanwhile.

The bot is a process with all roles, on a webhook. First every source is polled once; then its processor time and
memory are taken for a while of nothing but polling; then readers write at ten a second; then a CMS publishes UPDATEs,
each timed from its request to the first message at the Bot API server.
"""

import argparse
import asyncio
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from sqlalchemy import func, select

from benchmarks import press, sink
from benchmarks.chat import PORT, SERVER_DELAY, ask, running, show
from benchmarks.faults import NEWSROOM_FILE
from benchmarks.newsroom import database, subscribe
from bot.storage.engine import Database
from bot.storage.models import Source, Story

TICKS = os.sysconf("SC_CLK_TCK")
FOLLOWERS = 20


async def run(given: argparse.Namespace) -> None:
    options = ("--news", str(given.news), "--delay", str(given.delay))
    with (
        sink.running("--arrivals", "--delay", str(SERVER_DELAY)) as url,
        press.running(*options) as port,
        TemporaryDirectory(prefix="kabar-bench-") as folder,
    ):
        file = Path(folder) / "newsroom.toml"
        file.write_text(_newsroom(given, port), encoding="utf-8")
        async with database(given.postgres) as address, Database(address) as opened:
            await subscribe(opened, range(1, FOLLOWERS + 1), "update")
            settings = {"BOT_API_URL": url, "DATABASE_URL": address, "NEWSROOM": str(file), "LOG_LEVEL": "error"}
            settings |= {"ALLOW_PRIVATE_SOURCES": "true", "API_TOKENS": "bench:rahasia", "SEND_RATE": "1000"}
            async with running("chat,ingest,deliver", **settings) as bot:
                began = time.monotonic()
                await _prime(opened, given.sources, bot.pid)
                await asyncio.sleep(max(0.0, began + given.every - time.monotonic()))  # wait until second polls are due
                await _poll(opened, given.seconds, bot.pid, port)
                print(f"{'':<22}{'p50 ms':>8}{'p99 ms':>8}{'slowest':>9}")
                show("answers meanwhile", await ask(url, given.answers))
                show("API to first message", await _publish(given.stories, url))
                print(f"{_memory(bot.pid, 'VmHWM'):,.0f} MB at most")


def _newsroom(given: argparse.Namespace, port: int) -> str:
    """The newsroom file. Sources are polled at a fixed interval, even if nothing changes."""
    every = f"{given.every:g}s"
    sources = "".join(
        f'[[sources]]\nid = "s{number}"\nurl = "{press.address_of(number, port)}"\nsection = "daerah"\n'
        f'every = "{every}"\nadaptive = false\n'
        for number in range(given.sources)
    )
    return f'{NEWSROOM_FILE}\n[[sections]]\nslug = "daerah"\nnames = {{ id = "Daerah" }}\n\n{sources}'


async def _prime(opened: Database, sources: int, pid: int) -> None:
    began, used = time.monotonic(), _used(pid)
    while True:
        async with opened.read() as session:
            primed = await session.scalar(select(func.count()).select_from(Source).where(Source.primed)) or 0
        if primed >= sources:
            break
        await asyncio.sleep(1)
    async with opened.read() as session:
        stories = await session.scalar(select(func.count()).select_from(Story)) or 0
    print(
        f"first polls of {sources:,} sources, {stories:,} stories: {time.monotonic() - began:.0f} s, "
        f"{_used(pid) - used:.0f} s of processor time, {_memory(pid, 'VmHWM'):,.0f} MB at most",
        flush=True,
    )


async def _poll(opened: Database, seconds: float, pid: int, port: int) -> None:
    async with opened.read() as session:
        before = await session.scalar(select(func.count()).select_from(Story)) or 0
    await asyncio.to_thread(press.count, port)
    used, began = _used(pid), time.monotonic()
    await asyncio.sleep(seconds)
    used, took = _used(pid) - used, time.monotonic() - began
    asked = await asyncio.to_thread(press.count, port)
    async with opened.read() as session:
        stories = (await session.scalar(select(func.count()).select_from(Story)) or 0) - before
    print(
        f"{asked['asked'] / took:.1f} polls a second ({asked['unchanged'] / max(asked['asked'], 1):.0%} unchanged), "
        f"{stories / took:.2f} new stories a second: {used / took:.1%} of a core, "
        f"{1000 * used / max(asked['asked'], 1):.1f} ms a poll, {_memory(pid, 'VmRSS'):,.0f} MB",
        flush=True,
    )


async def _publish(stories: int, url: str) -> list[float]:
    """The seconds from each request of the CMS to the first message of its UPDATE."""
    times = []
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer rahasia"}) as client:
        for number in range(stories):
            await asyncio.to_thread(sink.count, url)
            story = {
                "id": f"cms-{number}",
                "url": f"https://news.example/{number}",
                "title": f"Kabar {number} dari CMS",
            }
            began = time.monotonic()
            async with client.post(f"http://127.0.0.1:{PORT}/api/stories", json=story | {"update": True}) as answer:
                answer.raise_for_status()
            first = None
            while first is None:
                await asyncio.sleep(0.5)
                first = (await asyncio.to_thread(sink.count, url))["update_at"]
            times.append(first - began)
            await asyncio.sleep(1)  # let the other followers get it
    return times


def _used(pid: int) -> float:
    """Seconds of processor time used by a process and its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(_used(child) for child in _children(pid))


def _memory(pid: int, name: str) -> float:
    """Memory of a process and its children in MB, from a line of its status: VmRSS now, VmHWM at its peak."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    own = next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
    return own + sum(_memory(child, name) for child in _children(pid))


def _children(pid: int) -> list[int]:
    return [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="kabar bench ingest")
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--every", type=float, default=300, help="seconds between two polls of a source")
    parser.add_argument("--news", type=float, default=3600, help="seconds between two new stories of a source")
    parser.add_argument("--delay", type=float, default=0.2, help="seconds that a source takes to answer")
    parser.add_argument("--seconds", type=float, default=300, help="of nothing but polling")
    parser.add_argument("--answers", type=int, default=300)
    parser.add_argument("--stories", type=int, default=30)
    parser.add_argument("--postgres", default="", help="a server on which a database may be made; else SQLite")
    asyncio.run(run(parser.parse_args(arguments)))
