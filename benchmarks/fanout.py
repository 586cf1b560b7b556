"""`kabar bench fanout`: one message to many chats, Kabar and its peers side by side on one sink.

Kabar's figures include claiming and recording every delivery; the others only send. Each round is a fresh process; the
rounds are interleaved, and the medians and the spread are printed.
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
from contextlib import ExitStack

IN_FLIGHT = 32  # of the peers


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
    """The ceiling: a body encoded once, only the chat spliced in, the answer not looked at."""
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
    """python-telegram-bot as shipped, with room in its pool."""
    from telegram import Bot
    from telegram.request import HTTPXRequest

    from benchmarks.newsroom import TEXT

    async with Bot("1:x", base_url=f"{url}/bot", request=HTTPXRequest(IN_FLIGHT)) as bot:
        await send_all(chats, lambda chat: bot.send_message(chat, TEXT))


async def aiogram(url: str, chats: range, _: argparse.Namespace) -> None:
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    from benchmarks.newsroom import TEXT

    async with Bot("1:x", session=AiohttpSession(api=TelegramAPIServer.from_base(url))) as bot:
        await send_all(chats, lambda chat: bot.send_message(chat, TEXT))


async def kabar(url: str, chats: range, given: argparse.Namespace) -> None:
    """The whole process with the deliver role: claimed, sent and recorded."""
    from benchmarks.newsroom import NEWSROOM, broadcast, database, finished
    from bot.app import Process, spare_collector
    from bot.config import Settings

    async with database(given.postgres if given.one == "kabar-postgresql" else "") as address:
        settings = Settings.load(
            None,
            **{"bot_token": "1:x", "bot_api_url": url, "database_url": address, "http_port": 0},
            **{"send_rate": given.rate, "chat_rate": False},
        )
        process = Process(settings, NEWSROOM, ("deliver",))
        spare_collector()
        async with asyncio.TaskGroup() as group:
            group.create_task(process.run())
            await process.started.wait()
            push_id = await broadcast(process.database, list(chats), given.rate)
            mark_start()
            process.sender.wake.set()
            push = await finished(process.database, push_id)
            mark_end()
            process.stopping.set()
        if push.sent != len(chats):
            raise RuntimeError(f"{push.sent} of {len(chats)} were sent")


PEERS = {"raw-aiohttp": raw_aiohttp, "ptb": ptb, "aiogram": aiogram, "kabar-sqlite": kabar, "kabar-postgresql": kabar}
_marks: dict[str, float] = {}


def mark_start() -> None:
    _marks.update(wall=time.perf_counter(), cpu=time.process_time())


def mark_end() -> None:
    if "took" not in _marks:
        _marks.update(took=time.perf_counter() - _marks["wall"], used=time.process_time() - _marks["cpu"])


def run_one(given: argparse.Namespace) -> None:
    """One round, in this process; its figures as JSON."""
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
    parser.add_argument("--rate", type=float, default=0, help="messages a second for Kabar; 0 = unlimited")
    parser.add_argument("--postgres", default="", help="a server on which a database may be made")
    parser.add_argument("--only", default="", help="names, comma separated: " + ", ".join(PEERS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        run_one(given)
        return
    names = [name for name in (given.only.split(",") if given.only else PEERS) if available(name, given)]
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    with ExitStack() as stack:
        sink = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        assert sink.stdout is not None
        url = f"http://127.0.0.1:{int(sink.stdout.readline())}"
        for _ in range(given.rounds):
            for name in names:
                command = [sys.executable, "-m", "benchmarks", "fanout", *arguments, "--one", name, "--url", url]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"{name}: {done.stderr.strip().splitlines()[-1]}")
                figures[name].append(json.loads(done.stdout.splitlines()[-1]))
        sink.terminate()
    show(figures)


def available(name: str, given: argparse.Namespace) -> bool:
    """A peer that is not installed, or has no server, is left out, and that is said."""
    from importlib.util import find_spec

    missing = (name == "aiogram" and find_spec("aiogram") is None) or (
        name == "kabar-postgresql" and not given.postgres
    )
    if missing:
        why = "pip install aiogram" if name == "aiogram" else "--postgres"
        print(f"{name} is left out: it needs {why}", file=sys.stderr)
    return not missing


def show(figures: dict[str, list[dict[str, float]]]) -> None:
    print(f"{'':<18}{'messages/s':>12}{'ms a message':>14}{'spread':>16}{'peak MB':>9}")
    for name, rounds in figures.items():
        costs = [each["ms"] for each in rounds]
        print(
            f"{name:<18}{statistics.median(each['rate'] for each in rounds):>12,.0f}{statistics.median(costs):>14.3f}"
            f"{f'{min(costs):.3f}–{max(costs):.3f}':>16}{max(each['mb'] for each in rounds):>9.0f}"
        )
