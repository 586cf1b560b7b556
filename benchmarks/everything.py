"""`kabar bench everything`: all at once, with the promises of the wire checked against the wire's own record.

A broadcast runs, an UPDATE comes every few seconds and every fifth is corrected, chatty chats ask once a second, one
floods, some block the bot; processes are killed at random, and the database goes away for a few seconds.
"""

import argparse
import asyncio
import bisect
import os
import random
import sqlite3
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.newsroom import database
from bot.audience import subscribers, subscriptions
from bot.clock import utcnow
from bot.delivery import alerts, budget, corrections, drafts, pushes, revisions
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.storage.engine import Database
from bot.storage.models import Push, Story

NEWSROOM_FILE = (
    '[newsroom]\nname = "Kabar Contoh"\nurl = "https://news.example"\n'
    '[[sections]]\nslug = "dunia"\nnames = { id = "Dunia" }\n'
)
ANNOUNCEMENT = "Pengumuman untuk semua"
QUIET_READERS = 10  # who ask now and then, and must each time be answered
AFTER_SECONDS = 300.0  # at the end, how long everything may take to be sent
SENDING = ("sendMessage", "sendPhoto")


@dataclass
class Play:
    """What was done to the bot, to be compared with what it sent."""

    world: World
    options: argparse.Namespace
    everyone: list[int] = field(default_factory=list)
    followers: list[int] = field(default_factory=list)
    quiet: list[int] = field(default_factory=list)
    asked: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    blocked_at: dict[int, float] = field(default_factory=dict)
    updates: dict[int, int] = field(default_factory=dict)  # pushes by number
    kills: int = 0
    broadcasts: list[int] = field(default_factory=list)


async def run(options: argparse.Namespace) -> bool:
    world = World()
    play = Play(world, options)
    play.everyone = [world.add_user(f"Pembaca {number}") for number in range(options.chats)]
    for chat in play.everyone:
        world.chats[chat].bot = "member"
    play.followers = play.everyone[: options.followers]
    play.quiet = play.everyone[options.followers : options.followers + QUIET_READERS]
    with TemporaryDirectory(prefix="kabar-bench-") as folder:
        file = Path(folder) / "newsroom.toml"
        file.write_text(NEWSROOM_FILE, encoding="utf-8")
        async with database(options.postgres) as url, Database(url) as opened, Server(world) as server:
            await _prepare(opened, play)
            settings = {"BOT_TOKEN": world.token, "BOT_API_URL": server.url, "DATABASE_URL": url, "NEWSROOM": str(file)}
            settings |= {"HTTP_PORT": "0", "SEND_RATE": str(options.rate), "LOG_LEVEL": "warning"}
            log = Path(options.log or Path(folder) / "log")
            async with _processes(play, settings, log) as killing:
                end = time.monotonic() + options.seconds
                async with asyncio.TaskGroup() as group:
                    tasks = [
                        group.create_task(work)
                        for work in (
                            *(_announce(opened, play), _publish(opened, play), _flood(play), _block(play), killing),
                            *(_chat(play, chat) for chat in play.everyone[-options.chatty :]),
                            *(_ask(play, chat) for chat in play.quiet),
                            _take_away(url, options.seconds / 2),
                        )
                    ]
                    await asyncio.sleep(end - time.monotonic())
                    for task in tasks:
                        task.cancel()
                await _until_finished(opened)
            secrets = log.read_text(encoding="utf-8").count(world.token.partition(":")[2])
            return await _judge(opened, play, secrets)


async def _prepare(opened: Database, play: Play) -> None:
    async with opened.write() as session:
        await budget.prepare(session, play.options.rate)
        for number, chat in enumerate(play.everyone):
            reader = await subscribers.greet(session, chat, thread_id=0, kind="private", language="id", now=utcnow())
            if number < len(play.followers):
                await subscriptions.follow(session, reader.id, "update")


async def _announce(opened: Database, play: Play) -> None:
    """One broadcast to everyone after the other."""
    while True:
        await asyncio.sleep(1)
        try:
            async with opened.write() as session:
                last = play.broadcasts[-1] if play.broadcasts else 0
                if last and (await session.get_one(Push, last)).state != pushes.FINISHED:
                    continue
                content = {"method": "sendMessage", "params": {"text": f"{ANNOUNCEMENT} {len(play.broadcasts)}"}}
                push = await drafts.new(session, 1, content, utcnow())
                await drafts.confirm(session, push.id, utcnow(), 0)
            play.broadcasts.append(push.id)
        except (SQLAlchemyError, OSError) as error:  # the database is away
            print(f"not announced: {type(error).__name__}")


async def _publish(opened: Database, play: Play) -> None:
    """An UPDATE every few seconds; every fifth is corrected before the next."""
    number = 0
    while True:
        await asyncio.sleep(play.options.update_every / 2)
        number += 1
        now = utcnow()
        try:
            async with opened.write() as session:
                story = Story(
                    source_id="bench",
                    section="dunia",
                    title=f"Gempa nomor {number} berkekuatan 5,1",
                    url=f"https://news.example/{number}",
                    published_at=now,
                    first_seen_at=now,
                    updated_at=now,
                    is_update=True,
                )
                session.add(story)
                revisions.note(story)
                await session.flush()
                push = await alerts.queue(session, story, now)
                assert push is not None
                play.updates[number] = push.id
            await asyncio.sleep(play.options.update_every / 2)
            if number % 5 == 0:
                async with opened.write() as session:
                    story = await session.get_one(Story, story.id)
                    story.title = story.title.replace("5,1", "6,1")
                    revisions.note(story)
                    await corrections.correct_now(session, story, utcnow())
        except (SQLAlchemyError, OSError) as error:  # the database is away: the newsroom goes on with the next
            play.updates.pop(number, None)
            print(f"not published: {type(error).__name__}")


async def _chat(play: Play, chat: int) -> None:
    while True:
        play.world.say(chat, "/terbaru")
        await asyncio.sleep(1)


async def _flood(play: Play) -> None:
    chat = play.everyone[-play.options.chatty - 1]
    for number in range(1_000_000):
        play.world.say(chat, f"/cari banjir {number}")
        await asyncio.sleep(0.05)


async def _ask(play: Play, chat: int) -> None:
    """Ask, wait for the answer, and ask again later."""
    while True:
        await asyncio.sleep(random.uniform(5, 15))
        start, before = time.monotonic(), _answers(play.world, chat)
        play.asked[chat] += 1
        play.world.say(chat, "/bahasa")
        while _answers(play.world, chat) == before:
            await asyncio.sleep(0.02)
        play.waits.append(time.monotonic() - start)


def _answers(world: World, chat: int) -> int:
    return sum("bahasa" in str(message.get("text")) for message in world.from_bot(chat))


async def _block(play: Play) -> None:
    """Every few seconds another reader blocks the bot."""
    for chat in play.everyone[len(play.followers) + QUIET_READERS :][:20]:
        await asyncio.sleep(play.options.seconds / 25)
        play.world.block(chat)
        play.blocked_at[chat] = time.monotonic()


@asynccontextmanager
async def _processes(play: Play, settings: dict[str, str], log: Path) -> AsyncIterator[Any]:
    """Run the processes; yields a coroutine that kills and replaces one of them again and again."""
    with log.open("wb") as stream:

        async def spawn() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run", "--roles", "chat,deliver"),
                env={**os.environ, **settings},
                stdout=stream,
                stderr=stream,
            )

        running = [await spawn() for _ in range(play.options.processes)]

        async def kill() -> None:
            while True:
                await asyncio.sleep(random.uniform(0.5, 1.5) * play.options.kill_every)
                victim = running.pop(random.randrange(len(running)))
                victim.kill()
                await victim.wait()
                play.kills += 1
                running.append(await spawn())

        try:
            yield kill()
        finally:
            for process in running:
                process.terminate()
            await asyncio.gather(*(process.wait() for process in running))


async def _take_away(url: str, after: float) -> None:
    """In the middle, the database goes away for three seconds."""
    await asyncio.sleep(after)
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(address.database), isolation_level=None, check_same_thread=False)
        await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")
        await asyncio.sleep(3)
        connection.execute("ROLLBACK")
        connection.close()
        return
    server = create_async_engine(address.set(database="postgres"), isolation_level="AUTOCOMMIT")
    cut = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    async with server.connect() as connection:
        await connection.execute(text(f'ALTER DATABASE "{address.database}" ALLOW_CONNECTIONS false'))
        await connection.execute(cut, {"name": address.database})
        await asyncio.sleep(3)
        await connection.execute(text(f'ALTER DATABASE "{address.database}" ALLOW_CONNECTIONS true'))
    await server.dispose()


async def _until_finished(opened: Database) -> None:
    end = time.monotonic() + AFTER_SECONDS
    while time.monotonic() < end:
        async with opened.read() as session:
            left = await session.scalar(
                select(func.count()).select_from(Push).where(Push.state.in_((pushes.RUNNING, pushes.PAUSED)))
            )
        if not left:
            return
        await asyncio.sleep(1)


async def _judge(opened: Database, play: Play, secrets: int) -> bool:
    """Print what the wire's record says of each promise; True if all were kept."""
    sent = [call for call in play.world.calls() if call["method"] in SENDING and isinstance(call["outcome"], dict)]
    sent.sort(key=lambda call: call["at"])
    async with opened.read() as session:
        doubled = await session.scalar(select(func.sum(Push.doubled))) or 0
        states = Counter((await session.scalars(select(Push.state))).all())
    verdicts = {
        "every push ended": set(states) == {pushes.FINISHED},
        **_reached(play, sent, doubled),
        **_paced(play, sent),
        **_overtook(play, sent),
        **_served(play, sent),
        "no secret in the log": secrets == 0,
        "nothing that Telegram would refuse": not play.world.violations,
    }
    print(f"{len(sent):,} messages, {len(play.updates)} UPDATEs, {len(play.broadcasts)} broadcasts, {play.kills} kills")
    print(f"pushes: {dict(states)}; possibly doubled: {doubled}")
    if play.waits:
        waits = sorted(play.waits)
        print(f"quiet readers' answers: median {median(waits):.2f} s, p95 {waits[int(len(waits) * 0.95)]:.2f} s")
    for promise, kept in verdicts.items():
        print("kept  " if kept else "BROKEN", promise)
    return all(verdicts.values())


def _text(call: dict[str, Any]) -> str:
    return str(call["params"].get("text") or call["params"].get("caption"))


def _reached(play: Play, sent: list[dict[str, Any]], doubled: int) -> dict[str, bool]:
    copies: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for call in sent:
        words = _text(call)
        if ANNOUNCEMENT in words:
            copies[words][call["params"]["chat_id"]] += 1
        elif "Gempa nomor" in words and call["params"]["chat_id"] in play.followers:
            copies[words[words.index("Gempa nomor") :].split(" berkekuatan")[0]][call["params"]["chat_id"]] += 1
    more = sum(count - 1 for chats in copies.values() for count in chats.values())
    reachable = set(play.everyone) - set(play.blocked_at)
    missed = sum(
        chat not in copies[f"{ANNOUNCEMENT} {number}"] for number in range(len(play.broadcasts)) for chat in reachable
    ) + sum(chat not in copies[f"Gempa nomor {number}"] for number in play.updates for chat in play.followers)
    stale = sum(
        "5,1" in str(message.get("text"))
        for chat in play.followers
        for message in play.world.from_bot(chat)
        for number in play.updates
        if number % 5 == 0 and f"Gempa nomor {number} " in str(message.get("text"))
    )
    print(f"missed {missed}, sent twice {more}, stale copies {stale}")
    return {
        "everybody got every push": missed == 0,
        "nobody got one twice that is not counted": more <= doubled,
        "every copy is corrected": stale == 0,
    }


def _paced(play: Play, sent: list[dict[str, Any]]) -> dict[str, bool]:
    times = [call["at"] for call in sent]
    most = max((bisect.bisect_right(times, at + 10) - place for place, at in enumerate(times)), default=0)
    print(f"most in ten seconds: {most} of {play.options.rate * 10:.0f}")
    late = sum(call["at"] > play.blocked_at.get(call["params"]["chat_id"], float("inf")) + 1 for call in sent)
    return {"never above the rate": most <= play.options.rate * 10, "who blocked the bot costs nothing": late == 0}


def _overtook(play: Play, sent: list[dict[str, Any]]) -> dict[str, bool]:
    between, answers, took, followers = [], [], [], set(play.followers)  # others see its title in lists
    for number in play.updates:
        places = [
            place
            for place, call in enumerate(sent)
            if f"Gempa nomor {number} " in _text(call) and call["params"]["chat_id"] in followers
        ]
        if not places:
            continue
        within = sent[places[0] : places[-1]]
        others = sum(ANNOUNCEMENT in _text(call) for call in within)
        between.append(others)
        answers.append((len(within) - others) / len(places) - 1)
        took.append(within[-1]["at"] - within[0]["at"] if within else 0.0)
    print(
        f"an UPDATE took {median(took):.1f} s (at most {max(took):.1f}); within, messages of other pushes: "
        f"median {median(between)}, at most {max(between)}; answers a message: median {median(answers):.2f}"
    )
    return {"an UPDATE overtakes": median(between) <= 2, "answers leave an UPDATE half": median(answers) <= 1.3}


def _served(play: Play, sent: list[dict[str, Any]]) -> dict[str, bool]:
    short = [
        chat
        for chat in play.quiet
        if not play.asked[chat] - 1 <= _answers(play.world, chat) <= play.asked[chat] + play.kills
    ]
    return {"every question of a quiet reader was answered": not short}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="kabar bench everything", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--chats", type=int, default=2000)
    parser.add_argument("--followers", type=int, default=50)
    parser.add_argument("--chatty", type=int, default=40)
    parser.add_argument("--update-every", type=float, default=10.0)
    parser.add_argument("--kill-every", type=float, default=45.0)
    parser.add_argument("--processes", type=int, default=1, help="more than one need --postgres")
    parser.add_argument("--postgres", default="", help="a server's address; without it, SQLite")
    parser.add_argument("--log", default="", help="a file to keep the processes' log in")
    options = parser.parse_args(arguments)
    if not asyncio.run(run(options)):
        sys.exit(1)
