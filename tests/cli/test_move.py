"""`kabar move` copies everything from SQLite or PostgreSQL to an empty database."""

import pytest
from sqlalchemy import func, select, update

from bot.audience import subscribers, subscriptions
from bot.cli.move import CannotMove, move
from bot.clock import utcnow
from bot.delivery import budget, drafts, ranges
from bot.delivery.deliveries import Record
from bot.delivery.outcomes import Mark
from bot.storage.engine import Database
from bot.storage.models import Base, Push, PushRange, Subscriber

CONTENT = {"method": "sendMessage", "params": {"text": "Kabar"}}


async def half_sent(database: Database) -> Push:
    """A broadcast to ten chats: four have got it, one waits to be tried again, and for one the answer is unknown."""
    async with database.write() as session:
        await budget.prepare(session, 30)
        for chat in range(1, 11):
            subscriber = await subscribers.greet(session, chat, kind="private", language="id", now=utcnow())
            await subscriptions.follow(session, subscriber.id, "update")
        made = await drafts.new(session, 1, CONTENT, utcnow())
        await drafts.confirm(session, made.id, utcnow(), 0)
    async with database.write() as session:
        claimed = await ranges.claim(session, "killed")
        assert claimed is not None
        push = await session.get_one(Push, claimed.push_id)
        chats, _, _ = await ranges.page(session, claimed, push.audience, 0, 10)
        records = [Record(chat, Mark.SENT, chat.chat_id) for chat in chats[:4]]
        records.append(Record(chats[4], Mark.WAITING, wait=60))
        await ranges.checkpoint(session, claimed, cursor=5, issued=6, records=records, push=push, now=utcnow())
        await session.execute(update(PushRange).values(lease_until=1.0))  # its owner was killed a while ago
    return push


async def test_everything_arrives_and_a_running_push_goes_on_there(database: Database, empty_url: str) -> None:
    push = await half_sent(database)
    old_url = database.url.render_as_string(hide_password=False)
    moved = {table: count async for table, count in move(old_url, empty_url)}
    assert set(moved) == set(Base.metadata.tables)
    assert (moved["subscribers"], moved["subscriptions"], moved["deliveries"]) == (10, 10, 5)
    async with Database(empty_url, pool=False) as there, there.write() as session:
        claimed = await ranges.claim(session, "new")
        assert claimed is not None
        remaining, _, _ = await ranges.page(session, claimed, push.audience, claimed.cursor, 100)
        assert [(chat.chat_id, chat.doubt) for chat in remaining] == [
            (6, True), (7, False), (8, False), (9, False), (10, False)
        ]  # fmt: skip
        await subscribers.greet(session, 11, kind="private", language="id", now=utcnow())  # numbered after the rest
        assert await session.scalar(select(func.max(Subscriber.id))) == 11


async def test_a_target_that_is_not_empty_is_left_as_it_is(database: Database, empty_url: str) -> None:
    await half_sent(database)
    here = database.url.render_as_string(hide_password=False)
    async for _ in move(here, empty_url):
        pass
    with pytest.raises(CannotMove, match="not empty"):
        async for _ in move(here, empty_url):
            pass
    with pytest.raises(CannotMove, match="present database"):
        async for _ in move(here, here):
            pass


async def test_nothing_is_moved_while_a_bot_is_running(database: Database, empty_url: str) -> None:
    await half_sent(database)
    async with database.write() as session:
        await session.execute(update(PushRange).values(lease_until=9e9))
    with pytest.raises(CannotMove, match="at work"):
        async for _ in move(database.url.render_as_string(hide_password=False), empty_url):
            pass
    async with Database(empty_url, pool=False) as there, there.read() as session:
        assert await session.scalar(select(func.count()).select_from(Subscriber)) == 0
