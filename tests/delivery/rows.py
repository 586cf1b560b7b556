"""Rows that tests of deliveries begin with, and the engine's statements, each in a transaction of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update

from bot.audience import segments
from bot.delivery import budget, deliveries, pushes, ranges
from bot.delivery.deliveries import Record
from bot.delivery.outcomes import Mark
from bot.storage.engine import Database
from bot.storage.models import Delivery, Push, PushRange, Story, Subscriber, Subscription
from tests.wire import PATIENCE

NOW = datetime(2026, 2, 22, 2, 40, tzinfo=UTC)
CONTENT = {"method": "sendMessage", "params": {"text": "Kabar"}}


async def add_chats(database: Database, *chat_ids: int, follow: Sequence[str] = (), **fields: Any) -> list[int]:
    """One subscriber a chat, in the order given, so that in an empty database ids run from 1; their ids."""
    async with database.write() as session:
        rows = [
            Subscriber(**{"chat_id": chat, "language": "id", "state_at": NOW, "created_at": NOW, **fields})
            for chat in chat_ids
        ]
        for row in rows:
            session.add(row)
            await session.flush()
        session.add_all(Subscription(subscriber_id=row.id, target=target) for row in rows for target in follow)
    return [row.id for row in rows]


async def add_story(database: Database, **fields: Any) -> Story:
    """A live story of the section Dunia; `revisions` as after its first reading."""
    values = {
        "source_id": "dunia",
        "section": "dunia",
        "title": "Sepuluh orang mengungsi",
        "url": "https://news.example/1",
        "published_at": NOW,
        "first_seen_at": NOW,
        "updated_at": NOW,
        **fields,
    }
    async with database.write() as session:
        session.add(story := Story(**values))
    return story


async def add_push(database: Database, *, ranges: Sequence[tuple[int, int]] = (), **fields: Any) -> Push:
    """A running broadcast to everyone, with `ranges` of ids `start < id <= end`."""
    values = {
        "kind": "broadcast",
        "lane": 3,
        "state": "running",
        "content": CONTENT,
        "audience": dict(segments.EVERYONE),
        "created_at": NOW,
        "started_at": NOW,
        **fields,
    }
    async with database.write() as session:
        session.add(push := Push(**values))
        await session.flush()
        session.add_all(pushes.new_range(push.id, start, end) for start, end in ranges)
    return push


async def add_delivery(database: Database, push_id: int, subscriber_id: int, **fields: Any) -> None:
    values = {"outcome": Mark.SENT, "message_id": subscriber_id * 10, "at": int(NOW.timestamp()), **fields}
    async with database.write() as session:
        session.add(Delivery(push_id=push_id, subscriber_id=subscriber_id, **values))


async def add_budget(database: Database, rate: float = 0) -> None:
    async with database.write() as session:
        await budget.prepare(session, rate)


async def push_now(database: Database, push_id: int) -> Push:
    async with database.read() as session:
        return await session.get_one(Push, push_id)


async def ranges_of(database: Database, push_id: int) -> list[PushRange]:
    async with database.read() as session:
        rows = await session.scalars(select(PushRange).filter_by(push_id=push_id).order_by(PushRange.id))
        return list(rows.all())


async def deliveries_of(database: Database, push_id: int) -> dict[int, Delivery]:
    """The push's deliveries by subscriber id."""
    async with database.read() as session:
        rows = await session.scalars(select(Delivery).filter_by(push_id=push_id))
        return {row.subscriber_id: row for row in rows.all()}


async def subscriber_now(database: Database, subscriber_id: int) -> Subscriber:
    async with database.read() as session:
        return await session.get_one(Subscriber, subscriber_id)


async def change(database: Database, table: type[Any], *where: ColumnElement[bool], **values: Any) -> None:
    """Set these columns in the table's rows, or in those of `where`."""
    async with database.write() as session:
        await session.execute(update(table).where(*where).values(**values))


async def claim(database: Database, owner: str = "one") -> ranges.Claim | None:
    async with database.write() as session:
        return await ranges.claim(session, owner)


async def take_over(database: Database, owner: str) -> ranges.Claim | None:
    """Claim a range whose owner has been silent for as long as its lease was."""
    async with database.write() as session:
        await session.execute(update(PushRange).values(lease_until=0.0))
        return await ranges.claim(session, owner)


async def claim_waiting(database: Database, size: int = 10) -> list[deliveries.DueDelivery]:
    async with database.write() as session:
        return await deliveries.claim_due(session, size)


async def checkpoint(
    database: Database, claimed: ranges.Claim, push: Push, cursor: int, issued: int, *records: Record
) -> ranges.CheckpointResult | None:
    async with database.write() as session:
        return await ranges.checkpoint(
            session, claimed, cursor=cursor, issued=issued, records=records, push=push, now=NOW
        )


async def record(database: Database, push_id: int, *records: Record) -> None:
    async with database.write() as session:
        await deliveries.record(session, push_id, records, NOW)


async def page(
    database: Database, claimed: ranges.Claim, audience: segments.Audience = segments.EVERYONE, size: int = 100
) -> list[deliveries.Chat]:
    async with database.read() as session:
        return (await ranges.page(session, claimed, audience, claimed.cursor, size))[0]


async def moment(database: Database) -> float:
    """Now by the database's clock."""
    async with database.read() as session:
        return await session.moment()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the condition holds; only a broken promise takes the whole time."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await asyncio.sleep(0.005)
