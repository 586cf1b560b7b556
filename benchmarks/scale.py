"""`kabar bench scale`: the same push to audiences of growing size, to see which costs grow with it.

For each size, in a fresh process: how long from confirming a broadcast to its first message, how long from queueing an
UPDATE while that broadcast runs to its first message, what one claim takes, how much memory the process had at its
peak, and how many bytes a delivery takes in the database, its indexes included.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time

from sqlalchemy import delete, func, select, text

from benchmarks import sink
from benchmarks.newsroom import announce, database, delivering, finished, subscribe
from bot.app import Process
from bot.clock import utcnow
from bot.delivery import alerts, pushes, ranges
from bot.storage.engine import Database
from bot.storage.models import Delivery, Push, Story

Figures = dict[str, float]


async def measure(given: argparse.Namespace, url: str) -> Figures:
    async with database(given.postgres) as address:
        async with Database(address) as opened:
            await subscribe(opened, range(1, given.one + 1), "update")
            if not opened.is_sqlite:
                await _run(opened, "VACUUM ANALYZE")
        async with delivering(address, url, given.rate) as process:
            figures = await _push(process, given.rate, url)
        async with Database(address) as opened:
            figures["bytes"] = await _bytes(opened)
            figures["claim"] = await _claim_time(opened)
    figures["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


async def _push(process: Process, rate: float, url: str) -> Figures:
    """A broadcast to everyone, overtaken by an UPDATE after a second; then the broadcast to its end."""
    await asyncio.to_thread(sink.count, url)
    started = time.monotonic()
    push_id = await announce(process.database, rate)
    process.wake.set()
    confirmed = time.monotonic() - started
    while (await asyncio.to_thread(sink.count, url))["taken"] == 0:
        await asyncio.sleep(0.01)
    first = time.monotonic() - started
    await asyncio.sleep(1)
    now = utcnow()
    update_at = time.monotonic()
    async with process.database.write() as session:
        story = Story(
            source_id="bench",
            title="Yang mendesak",
            url="https://news.example/1",
            is_update=True,
            published_at=now,
            first_seen_at=now,
            updated_at=now,
        )
        session.add(story)
        await session.flush()
        alert = await alerts.queue(session, story, now)
    process.wake.set()
    seen = None
    while seen is None:
        await asyncio.sleep(0.05)
        seen = (await asyncio.to_thread(sink.count, url))["update_at"]
    assert alert is not None
    await finished(process.database, alert.id, 1.0)
    await finished(process.database, push_id, 1.0)
    return {"confirmed": confirmed, "first": first, "update": seen - update_at}


async def _claim_time(opened: Database) -> float:
    """Seconds for one claim and one page in the middle of the audience: the median of 21."""
    async with opened.write() as session:
        push = (await session.scalars(select(Push).order_by(Push.id))).first()
        assert push is not None
        push.state = pushes.RUNNING
        half = push.ceiling // 2
        end = min(half + pushes.RANGE_SIZE, push.ceiling)
        session.add(pushes.new_range(push.id, half, end))
        await session.execute(
            delete(Delivery).where(
                Delivery.push_id == push.id, Delivery.subscriber_id > half, Delivery.subscriber_id <= end
            )
        )
    times = []
    for _ in range(21):
        began = time.monotonic()
        async with opened.write() as session:
            claimed = await ranges.claim(session, "bench")
            assert claimed is not None
        async with opened.read() as session:
            chats, _, _ = await ranges.page(session, claimed, push.audience, claimed.cursor, 500)
        times.append(time.monotonic() - began)
        assert len(chats) == min(500, end - half)
        async with opened.write() as session:
            await ranges.release(session, claimed, done=False)
    return sorted(times)[10]


async def _bytes(opened: Database) -> float:
    """Bytes of storage per delivery, after VACUUM."""
    async with opened.read() as session:
        count = await session.scalar(select(func.count()).select_from(Delivery)) or 1
    await _run(opened, "VACUUM")
    size = "SELECT sum(pgsize) FROM dbstat WHERE name = 'deliveries'"  # without a rowid, the table is its own index
    if not opened.is_sqlite:
        size = "SELECT pg_total_relation_size('deliveries')"
    async with opened.read() as session:
        return float(await session.scalar(text(size)) or 0) / count


async def _run(opened: Database, *statements: str) -> None:
    """Run statements outside of a transaction, which VACUUM requires."""
    async with opened.engine.connect() as connection:
        raw = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in statements:
            if opened.is_sqlite:
                await (await raw.get_raw_connection()).driver_connection.execute(statement)  # type: ignore[union-attr]  # aiosqlite's own
                await (await raw.get_raw_connection()).driver_connection.commit()  # type: ignore[union-attr]  # as above
            else:
                await raw.execute(text(statement))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="kabar bench scale")
    parser.add_argument("--sizes", default="10000,100000,1000000", help="numbers of chats, comma separated")
    parser.add_argument("--rate", type=float, default=0, help="messages a second; 0 = unlimited")
    parser.add_argument("--postgres", default="", help="a server on which a database may be made; else SQLite")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            print(json.dumps(runner.run(measure(given, given.url))))
        return
    print(f"{'chats':>10}{'confirmed s':>13}{'first s':>9}{'UPDATE s':>10}{'claim ms':>10}{'peak MB':>9}{'bytes':>7}")
    for size in map(int, given.sizes.split(",")):
        with sink.running() as url:
            command = [sys.executable, "-m", "benchmarks", "scale", *arguments, "--one", str(size), "--url", url]
            done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr.strip())
        figures = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{size:>10,}{figures['confirmed']:>13.2f}{figures['first']:>9.2f}{figures['update']:>10.2f}"
            f"{figures['claim'] * 1000:>10.1f}{figures['mb']:>9.0f}{figures['bytes']:>7.0f}",
            flush=True,
        )
