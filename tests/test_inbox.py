"""The inbox of updates: what is stored is handed out once, whatever happens to the database's answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.storage.engine import Database
from bot.storage.models import ReceivedUpdate
from bot.updates.inbox import Inbox


def update(number: int, **payload: Any) -> dict[str, Any]:
    return {"update_id": number, "message": {"text": "/terbaru", **payload}}


@asynccontextmanager
async def at_work(inbox: Inbox) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        group.create_task(inbox.run())
        yield
        await inbox.close()


def ids(updates: list[dict[str, Any]]) -> list[int]:
    return [raw["update_id"] for raw in updates]


async def test_an_update_is_handed_out_once_though_it_comes_twice_and_after_it_was_handled(database: Database) -> None:
    inbox = Inbox(database, "one")
    async with at_work(inbox):
        twice = await asyncio.gather(inbox.store([update(1), update(2)]), inbox.store([update(2), update(3)]))
        assert sorted(ids([*twice[0], *twice[1]])) == [1, 2, 3]
        inbox.finish(1)
        assert await inbox.store([update(1), update(2)]) == []
    async with database.read() as session:
        assert [(await session.get_one(ReceivedUpdate, number)).done for number in (1, 2, 3)] == [True, False, False]


async def test_one_that_was_stored_though_the_answer_was_lost_is_taken_up_later(database: Database) -> None:
    async with database.write() as session:  # committed, but whoever stored it was told of a broken connection
        session.add(ReceivedUpdate(id=1, owner="one", body=update(1), received_at=1.0))
    inbox = Inbox(database, "one")
    async with at_work(inbox):
        await inbox.store([update(2)])
        assert ids(await inbox.take_over()) == [1]
        assert await inbox.take_over() == []


async def test_a_flood_of_updates_is_stored_in_one_go_and_finished_in_one_go(database: Database) -> None:
    """A statement with all of them would have more parameters than a database takes."""
    count = 9_000
    inbox = Inbox(database, "one")
    async with at_work(inbox):
        assert len(await inbox.store([update(number) for number in range(count)])) == count
        for number in range(count):
            inbox.finish(number)
    async with database.read() as session:
        done = select(func.count()).where(ReceivedUpdate.done)
        assert await session.scalar(done) == count


async def test_what_was_handled_a_moment_ago_is_not_handed_out_again(database: Database) -> None:
    """Its handling is recorded with the next batch; until then the table says that it is unhandled."""
    inbox = Inbox(database, "one")
    async with at_work(inbox):
        await inbox.store([update(1)])
        inbox.finish(1)
        assert await inbox.take_over() == []


async def test_an_update_that_cannot_be_stored_is_left_out_and_the_others_are_not(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    inbox = Inbox(database, "one")
    async with at_work(inbox):
        assert ids(await inbox.store([update(1), update(2, nested=deep), update(3)])) == [1, 3]
    assert "update_unstorable" in caplog.text


async def test_what_is_finished_at_the_very_end_is_recorded(database: Database) -> None:
    inbox = Inbox(database, "one")
    async with at_work(inbox):
        await inbox.store([update(number) for number in range(1, 30)])
        for number in range(1, 30):
            inbox.finish(number)
    assert await Inbox(database, "other").take_over() == []


async def test_after_an_outage_the_others_get_time_to_show_that_they_live(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.write() as session:
        session.add(ReceivedUpdate(id=1, owner="late as well", body=update(1), received_at=1.0))
    inbox = Inbox(database, "one")
    with monkeypatch.context() as away:
        away.setattr("bot.storage.leases.hold", failing)
        with pytest.raises(OSError, match="away"):
            await inbox.take_over()
    assert await inbox.take_over() == []
    inbox._others_from = 0.0  # as after LEASE_SECONDS
    assert ids(await inbox.take_over()) == [1]


async def failing(*_: object) -> bool:
    raise OSError("the database is away")
