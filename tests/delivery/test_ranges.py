"""The statements of the engine, against a second owner."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.audience import segments, subscribers
from bot.clock import utcnow
from bot.delivery import budget, deliveries, drafts, pushes, ranges
from bot.delivery.deliveries import Record
from bot.delivery.outcomes import Mark
from bot.storage.engine import Database
from bot.storage.models import Push, Subscriber

CONTENT = {"method": "sendMessage", "params": {"text": "Kabar"}}


@pytest.fixture
async def push(database: Database) -> Push:
    """A running broadcast to ten chats."""
    async with database.write() as session:
        await budget.prepare(session, 30)
        for chat in range(1, 11):
            await subscribers.greet(session, chat, kind="private", language="id", now=utcnow())
        made = await drafts.new(session, 1, CONTENT, utcnow())
        await drafts.confirm(session, made.id, utcnow(), 0)
    return made


async def take(database: Database, owner: str) -> ranges.Claim | None:
    async with database.write() as session:
        return await ranges.claim(session, owner)


async def store(
    database: Database, claimed: ranges.Claim, cursor: int, issued: int, records: list[Record]
) -> ranges.CheckpointResult | None:
    async with database.write() as session:
        return await ranges.checkpoint(
            session,
            claimed,
            cursor=cursor,
            issued=issued,
            records=records,
            push=await session.get_one(Push, claimed.push_id),
            now=utcnow(),
        )


async def pages(database: Database, claimed: ranges.Claim) -> list[deliveries.Chat]:
    async with database.read() as session:
        return (await ranges.page(session, claimed, segments.EVERYONE, claimed.cursor, 100))[0]


async def test_a_range_has_one_owner_at_a_time(database: Database, push: Push) -> None:
    assert await take(database, "one") is not None
    assert await take(database, "other") is None


async def test_the_next_owner_goes_on_at_the_cursor_and_doubts_what_may_be_on_the_wire(
    database: Database, push: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "LEASE_SECONDS", -1.0)  # the first owner is killed
    first = await take(database, "one")
    assert first is not None
    chats = await pages(database, first)
    await store(database, first, 2, 5, [Record(chat, Mark.SENT, 1) for chat in (*chats[:2], chats[3])])
    second = await take(database, "other")
    assert second is not None
    left = await pages(database, second)
    assert [(chat.chat_id, chat.doubt) for chat in left] == [
        (3, True),
        (5, True),
        (6, False),
        (7, False),
        (8, False),
        (9, False),
        (10, False),
    ]


async def test_an_owner_that_was_overtaken_moves_nothing_and_loses_no_outcome(
    database: Database, push: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "LEASE_SECONDS", -1.0)
    first = await take(database, "one")
    second = await take(database, "other")
    assert first is not None
    assert second is not None
    chats = await pages(database, first)
    assert await store(database, first, 9, 9, [Record(chats[4], Mark.SENT, 1)]) is None
    async with database.write() as session:
        await ranges.release(session, first, done=True)
    third = await take(database, "third")
    assert third is not None
    assert [chat.chat_id for chat in await pages(database, third)] == [1, 2, 3, 4, 6, 7, 8, 9, 10]


async def test_a_pause_and_a_better_lane_are_seen_at_the_checkpoint(database: Database, push: Push) -> None:
    claimed = await take(database, "one")
    assert claimed is not None
    standing = await store(database, claimed, 0, 0, [])
    assert standing is not None
    assert standing.go_on
    async with database.write() as session:
        session.add(
            urgent := Push(kind="update", lane=1, state="draft", audience={"everyone": True}, created_at=utcnow())
        )
        await pushes.start(session, urgent, utcnow())
        assert await pushes.better_waits(session, claimed.lane)
    async with database.write() as session:
        assert await pushes.pause(session, push.id)
        assert not await pushes.pause(session, push.id)
    standing = await store(database, claimed, 0, 0, [])
    assert standing is not None
    assert not standing.running


async def test_a_push_is_finished_when_nothing_is_left_and_nobody_waits(database: Database, push: Push) -> None:
    claimed = await take(database, "one")
    assert claimed is not None
    chats = await pages(database, claimed)
    waiting = Record(chats[0], Mark.WAITING, wait=0.0)
    await store(database, claimed, 10, 10, [waiting, *(Record(chat, Mark.SENT, 1) for chat in chats[1:])])
    async with database.write() as session:
        await ranges.release(session, claimed, done=True)
        assert not await pushes.finish_if_done(session, push.id, utcnow())
        (due,) = await deliveries.claim_due(session, 10)
        again = due.chat
        assert (again.chat_id, again.doubt, due.reachable) == (1, False, True)
        assert await deliveries.claim_due(session, 10) == []
        await deliveries.record(session, push.id, [Record(again, Mark.SENT, 2)], utcnow())
        assert await pushes.finish_if_done(session, push.id, utcnow())


async def test_a_large_push_goes_first_to_recently_active_chats(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushes, "LARGE", 9)
    monkeypatch.setattr(ranges, "LEASE_SECONDS", -1.0)  # whoever is killed in a pass
    now = utcnow()
    async with database.write() as session:
        for chat in range(1, 11):
            await subscribers.greet(session, chat, kind="private", language="id", now=now)
        away = update(Subscriber).where(Subscriber.chat_id.in_((2, 5))).values(last_seen_at=now - timedelta(days=31))
        await session.execute(away)
        await session.execute(update(Subscriber).where(Subscriber.chat_id == 7).values(last_seen_at=None))
        made = await drafts.new(session, 1, CONTENT, now)
        await drafts.confirm(session, made.id, now, 0)
    first = await take(database, "one")
    assert first is not None
    chats = await pages(database, first)
    assert [chat.chat_id for chat in chats] == [1, 3, 4, 6, 8, 9, 10]
    await store(database, first, 3, 3, [Record(chat, Mark.SENT, 1) for chat in chats[:2]])

    again = await take(database, "other")
    assert again is not None
    assert (again.range_id, again.cursor) == (first.range_id, 3)  # the second pass waits for the first
    await store(database, again, 10, 10, [Record(chat, Mark.SENT, 1) for chat in chats[2:]])
    async with database.write() as session:
        await ranges.release(session, again, done=True)

    second = await take(database, "other")
    assert second is not None
    assert [chat.chat_id for chat in await pages(database, second)] == [2, 5, 7]
