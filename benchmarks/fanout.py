"""`kabar bench fanout`: one message to many chats, Kabar and its peers side by side on one sink.

Kabar's figures include claiming and recording every delivery; the others only send. Each round is a fresh process; the
rounds are interleaved, and the medians and the spread are printed.

With `--rate N` the sink refuses what comes faster (`--flood bucket`: a second's burst; `--flood window`: a strict
sliding second), and the table says how much of the rate was used and how often the sink had to refuse.
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

from benchmarks import sink

IN_FLIGHT = 32  # concurrent requests of the peers


async def send_all(chats: range, send: Callable[[int], Awaitable[object]]) -> None:
    """`send` to every chat, IN_FLIGHT at a time."""
    numbers = iter(chats)

    async def worker() -> None:
        for chat in numbers:
            await send(chat)

    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(worker())


async def raw_aiohttp(url: str, chats: range, _: argparse.Namespace) -> None:
    """The upper limit: a body encoded once, only the chat inserted, the answer ignored."""
    import aiohttp
    import orjson

    from benchmarks.newsroom import TEXT

    rest = orjson.dumps({"text": TEXT})[1:]
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:

        async def send(chat: int) -> None:
            async with session.post(f"{url}/bot1:x/sendMessage", data=b'{"chat_id":%d,%b' % (chat, rest)) as answer:
                await answer.read()

        await send_all(chats, send)


async def ptb(url: str, chats: range, _: argparse.Namespace) -> None:
    """python-telegram-bot with its defaults, and a connection pool of IN_FLIGHT."""
    from telegram import Bot
    from telegram.request import HTTPXRequest

    from benchmarks.newsroom import TEXT

    async with Bot("1:x", base_url=f"{url}/bot", request=HTTPXRequest(IN_FLIGHT)) as bot:
        await send_all(chats, lambda chat: bot.send_message(chat, TEXT))


async def ptb_limited(url: str, chats: range, given: argparse.Namespace) -> None:
    """python-telegram-bot with its AIORateLimiter, set to the rate, and practically unlimited retries."""
    from telegram.ext import AIORateLimiter, ExtBot
    from telegram.request import HTTPXRequest

    from benchmarks.newsroom import TEXT

    limiter = AIORateLimiter(overall_max_rate=given.rate or 1e6, overall_time_period=1, max_retries=1000)
    request = HTTPXRequest(IN_FLIGHT)
    async with ExtBot("1:x", base_url=f"{url}/bot", request=request, rate_limiter=limiter) as bot:
        await send_all(chats, lambda chat: bot.send_message(chat, TEXT))


async def naive(url: str, chats: range, _: argparse.Namespace) -> None:
    """A first attempt: python-telegram-bot, and sleep after each RetryAfter."""
    from telegram import Bot
    from telegram.error import RetryAfter
    from telegram.request import HTTPXRequest

    from benchmarks.newsroom import TEXT

    async with Bot("1:x", base_url=f"{url}/bot", request=HTTPXRequest(IN_FLIGHT)) as bot:

        async def send(chat: int) -> None:
            while True:
                try:
                    await bot.send_message(chat, TEXT)
                    return
                except RetryAfter as error:
                    wait = error.retry_after
                    await asyncio.sleep(wait if isinstance(wait, int) else wait.total_seconds())

        await send_all(chats, send)


async def aiogram(url: str, chats: range, _: argparse.Namespace) -> None:
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    from benchmarks.newsroom import TEXT

    async with Bot("1:x", session=AiohttpSession(api=TelegramAPIServer.from_base(url))) as bot:
        await send_all(chats, lambda chat: bot.send_message(chat, TEXT))


async def kabar(url: str, chats: range, given: argparse.Namespace) -> None:
    """The whole process with the deliver role: claimed, sent and recorded."""
    from benchmarks.newsroom import broadcast, database, delivering, finished

    async with database(given.postgres if given.one == "kabar-postgresql" else "") as address:
        async with delivering(address, url, given.rate) as process:
            push_id = await broadcast(process.database, list(chats), given.rate)
            mark_start()
            process.wake.set()
            push = await finished(process.database, push_id)
            mark_end()
        if push.sent != len(chats):
            raise RuntimeError(f"{push.sent} of {len(chats)} were sent")


PEERS = {
    "raw-aiohttp": raw_aiohttp,
    "ptb": ptb,
    "ptb-aioratelimiter": ptb_limited,
    "naive-retry": naive,
    "aiogram": aiogram,
    "kabar-sqlite": kabar,
    "kabar-postgresql": kabar,
}
UNPACED = ("raw-aiohttp", "ptb", "ptb-aioratelimiter", "aiogram", "kabar-sqlite", "kabar-postgresql")
PACED = ("ptb-aioratelimiter", "naive-retry", "kabar-sqlite", "kabar-postgresql")
_marks: dict[str, float] = {}


def mark_start() -> None:
    _marks.update(wall=time.perf_counter(), cpu=time.process_time())


def mark_end() -> None:
    if "took" not in _marks:
        _marks.update(took=time.perf_counter() - _marks["wall"], used=time.process_time() - _marks["cpu"])


def run_one(given: argparse.Namespace) -> None:
    """Run one round in this process and print its figures as JSON."""
    import uvloop

    async def work() -> None:
        mark_start()
        await PEERS[given.one](given.url, range(1, given.chats + 1), given)
        mark_end()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rate": given.chats / _marks["took"], "ms": _marks["used"] / given.chats * 1000, "mb": peak}))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="kabar bench fanout")
    parser.add_argument("--chats", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0, help="messages a second that the sink takes; 0 = all")
    parser.add_argument("--flood", choices=("bucket", "window"), default="bucket", help="how it counts them")
    parser.add_argument("--postgres", default="", help="a server on which a database may be made")
    parser.add_argument("--only", default="", help="names, comma separated: " + ", ".join(PEERS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        run_one(given)
        return
    wanted = given.only.split(",") if given.only else PACED if given.rate else UNPACED
    names = [name for name in wanted if available(name, given)]
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    options = ["--flood", given.flood, "--rate", str(given.rate)] if given.rate else []
    with sink.running(*options) as url:
        for _ in range(given.rounds):
            for name in names:
                figures[name].append(one_round(name, arguments, url))
    (show_paced if given.rate else show)(figures, given.rate)


def one_round(name: str, arguments: list[str], url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks", "fanout", *arguments, "--one", name, "--url", url]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures | sink.count(url)


def available(name: str, given: argparse.Namespace) -> bool:
    """Whether a peer can run; if it is not installed or lacks a server, prints that it is left out."""
    from importlib.util import find_spec

    module = {"aiogram": "aiogram", "ptb-aioratelimiter": "aiolimiter"}.get(name)
    if module and find_spec(module) is None:
        print(f"{name} is left out: python3 -m pip --python .venv/bin/python install {module}", file=sys.stderr)
        return False
    if name == "kabar-postgresql" and not given.postgres:
        print(f"{name} is left out: it needs --postgres", file=sys.stderr)
        return False
    return True


def show(figures: dict[str, list[dict[str, float]]], _: float) -> None:
    print(f"{'':<20}{'messages/s':>12}{'ms a message':>14}{'spread':>16}{'peak MB':>9}")
    for name, rounds in figures.items():
        costs = [row["ms"] for row in rounds]
        print(
            f"{name:<20}{statistics.median(row['rate'] for row in rounds):>12,.0f}{statistics.median(costs):>14.3f}"
            f"{f'{min(costs):.3f}–{max(costs):.3f}':>16}{max(row['mb'] for row in rounds):>9.0f}"
        )


def show_paced(figures: dict[str, list[dict[str, float]]], rate: float) -> None:
    print(f"{'':<20}{'messages/s':>12}{'of the rate':>13}{'429s':>8}{'of a core':>11}")
    for name, rounds in figures.items():
        speed = statistics.median((row["taken"] - 1) / row["seconds"] for row in rounds)
        refused = statistics.median(row["refused"] for row in rounds)
        core = statistics.median(row["ms"] * row["rate"] / 1000 for row in rounds)
        print(f"{name:<20}{speed:>12,.1f}{speed / rate:>13.1%}{refused:>8,.0f}{core:>11.1%}")
