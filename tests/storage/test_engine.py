import asyncio
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from bot.audience import subscribers
from bot.storage import leases
from bot.storage.engine import Database
from bot.storage.models import Story, StoryKey, Subscriber

NOW = datetime(2026, 2, 22, 2, 40, tzinfo=UTC)


async def test_the_database_clock_tells_the_time(database: Database) -> None:
    async with database.read() as session:
        assert abs(await session.moment() - time.time()) < 5


async def test_moments_come_back_aware_and_in_utc(database: Database) -> None:
    async with database.write() as session:
        await subscribers.greet(session, 7, kind="private", language="id", now=NOW)
    async with database.read() as session:
        created_at = await session.scalar(select(Subscriber.created_at))
    assert created_at == NOW
    assert created_at.tzinfo is not None


async def test_a_naive_moment_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive"):
        async with database.write() as session:
            await subscribers.greet(session, 7, kind="private", language="id", now=NOW.replace(tzinfo=None))


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError, match="half-way"):
        async with database.write() as session:
            await subscribers.greet(session, 7, kind="private", language="id", now=NOW)
            raise RuntimeError("half-way")
    async with database.read() as session:
        assert await subscribers.find(session, 7) is None


async def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(StoryKey(key="u:x", story_id=999))


async def test_concurrent_writers_of_two_connections_lose_nothing(database_url: str) -> None:
    async with Database(database_url) as one, Database(database_url) as other:

        async def add(database: Database, number: int) -> None:
            async with database.write() as session:
                session.add(
                    Story(
                        source_id="s",
                        title=str(number),
                        url="https://n.example/",
                        published_at=NOW,
                        first_seen_at=NOW,
                        updated_at=NOW,
                    )
                )

        async with asyncio.TaskGroup() as group:
            for number in range(40):
                group.create_task(add(one if number % 2 else other, number))
        async with one.read() as session:
            assert await session.scalar(text("SELECT count(*) FROM stories")) == 40


async def test_one_owner_holds_a_lease_until_it_gives_it_back(database: Database) -> None:
    async with database.write() as session:
        assert await leases.hold(session, "poll", "one", 60)
        assert await leases.hold(session, "poll", "one", 60)
        assert not await leases.hold(session, "poll", "other", 60)
        await leases.drop(session, "poll", "one")
        assert await leases.hold(session, "poll", "other", 60)


async def test_an_expired_lease_can_be_taken_by_another_owner(database: Database) -> None:
    async with database.write() as session:
        assert await leases.hold(session, "poll", "one", -1)
        assert await leases.hold(session, "poll", "other", 60)
