"""Which targets a chat follows, and changes of a chat's state."""

from datetime import timedelta

import pytest

from bot.audience import subscribers, subscriptions
from bot.storage.engine import Database
from tests.databases import on_sqlite
from tests.delivery.rows import NOW, add_chats, subscriber_now

LATER = NOW + timedelta(days=3)


async def following(database: Database, subscriber_id: int) -> frozenset[str]:
    async with database.read() as session:
        return await subscriptions.following(session, subscriber_id)


async def test_following_concerns_one_chat_and_following_twice_has_no_effect(database: Database) -> None:
    await add_chats(database, 1, 2)
    async with database.write() as session:
        for target in ("update", "section:dunia", "update"):
            await subscriptions.follow(session, 1, target)
        await subscriptions.follow(session, 2, "section:politik")
    assert await following(database, 1) == {"update", "section:dunia"}
    assert await following(database, 2) == {"section:politik"}


async def test_unfollowing_takes_one_target_of_one_chat(database: Database) -> None:
    await add_chats(database, 1, 2, follow=["update", "section:dunia"])
    async with database.write() as session:
        await subscriptions.unfollow(session, 1, "update")
        await subscriptions.unfollow(session, 1, "section:bisnis")  # which it does not follow
    assert await following(database, 1) == {"section:dunia"}
    assert await following(database, 2) == {"update", "section:dunia"}


async def test_unfollowing_all_does_not_change_other_chats(database: Database) -> None:
    await add_chats(database, 1, 2, follow=["update", "section:dunia"])
    async with database.write() as session:
        await subscriptions.unfollow_all(session, 1)
    assert await following(database, 1) == frozenset()
    assert await following(database, 2) == {"update", "section:dunia"}


async def test_replacing_leaves_only_the_new_targets(database: Database) -> None:
    await add_chats(database, 1, 2, follow=["update", "section:dunia"])
    async with database.write() as session:
        await subscriptions.replace(session, 1, {"section:dunia", "section:politik"})
    assert await following(database, 1) == {"section:dunia", "section:politik"}
    assert await following(database, 2) == {"update", "section:dunia"}


async def test_a_new_chat_is_registered_with_its_kind_and_language(database: Database) -> None:
    async with database.write() as session:
        await subscribers.greet(session, -5, thread_id=7, kind="supergroup", language="en", now=NOW)
    row = await subscriber_now(database, 1)
    assert (row.chat_id, row.thread_id, row.kind, row.language, row.state) == (-5, 7, "supergroup", "en", "active")
    assert row.created_at == row.last_seen_at == row.state_at == NOW


@on_sqlite
@pytest.mark.parametrize("state", ["blocked", "left", "silent", "moved"])
async def test_a_chat_that_writes_becomes_active_again(database: Database, state: str) -> None:
    await add_chats(database, 7, state=state, state_reason="as Telegram said")
    async with database.write() as session:
        await subscribers.greet(session, 7, kind="private", language="id", now=LATER)
    row = await subscriber_now(database, 1)
    assert (row.state, row.state_reason, row.state_at) == ("active", "", LATER)


async def test_a_chat_that_was_active_keeps_the_time_of_its_state(database: Database) -> None:
    await add_chats(database, 7)
    async with database.write() as session:
        await subscribers.greet(session, 7, kind="private", language="id", now=LATER)
    row = await subscriber_now(database, 1)
    assert (row.state_at, row.last_seen_at) == (NOW, LATER)


@on_sqlite
@pytest.mark.parametrize(
    ("since", "written"), [(timedelta(hours=1), False), (timedelta(hours=1, seconds=1), True)], ids=["an hour", "more"]
)
async def test_when_a_chat_was_seen_is_written_after_more_than_an_hour(
    database: Database, since: timedelta, written: bool
) -> None:
    await add_chats(database, 7, last_seen_at=NOW)
    async with database.write() as session:
        await subscribers.greet(session, 7, kind="private", language="id", now=NOW + since)
    assert (await subscriber_now(database, 1)).last_seen_at == (NOW + since if written else NOW)


@on_sqlite
async def test_setting_a_language_changes_one_chat(database: Database) -> None:
    await add_chats(database, 1, 2)
    async with database.write() as session:
        await subscribers.set_language(session, 1, "en")
    assert [(await subscriber_now(database, number)).language for number in (1, 2)] == ["en", "id"]


async def test_a_state_is_set_for_a_chat_with_all_its_topics_and_no_other_chat(database: Database) -> None:
    for thread in (0, 1):
        await add_chats(database, -5, thread_id=thread)
    await add_chats(database, -6)
    async with database.write() as session:
        assert await subscribers.set_state(session, -5, "left", "kicked", LATER)
        assert not await subscribers.set_state(session, -404, "left", "kicked", LATER)
    rows = [await subscriber_now(database, number) for number in (1, 2, 3)]
    assert [row.state for row in rows] == ["left", "left", "active"]
    assert [(row.state_reason, row.state_at) for row in rows[:2]] == [("kicked", LATER)] * 2


async def test_a_moved_chat_keeps_its_state(database: Database) -> None:
    await add_chats(database, -5, state="moved", state_reason="-1005")
    async with database.write() as session:
        assert not await subscribers.set_state(session, -5, "active", "", LATER)
    assert (await subscriber_now(database, 1)).state == "moved"


async def test_a_closed_topic_changes_one_subscriber(database: Database) -> None:
    for thread in (1, 2):
        await add_chats(database, -5, thread_id=thread)
    async with database.write() as session:
        await subscribers.set_topic_state(session, 1, "silent", "closed", LATER)
    rows = [await subscriber_now(database, number) for number in (1, 2)]
    assert [(row.state, row.state_reason) for row in rows] == [("silent", "closed"), ("active", "")]
    assert rows[0].state_at == LATER


async def test_an_upgraded_group_that_was_lost_is_active_again_and_one_that_was_not_keeps_its_time(
    database: Database,
) -> None:
    await add_chats(database, -5, kind="group", state="left", state_reason="kicked")
    await add_chats(database, -6, kind="group")
    async with database.write() as session:
        await subscribers.move(session, -5, -1005, LATER)
        await subscribers.move(session, -6, -1006, LATER)
    lost, kept = await subscriber_now(database, 1), await subscriber_now(database, 2)
    assert (lost.chat_id, lost.kind, lost.state, lost.state_reason, lost.state_at) == (
        *(-1005, "supergroup", "active", ""),
        LATER,
    )
    assert (kept.chat_id, kept.kind, kept.state_at) == (-1006, "supergroup", NOW)


async def test_the_topics_of_an_upgraded_group_are_moved_each_to_its_own(database: Database) -> None:
    for thread in (0, 3):
        await add_chats(database, -5, thread_id=thread, follow=[f"section:{thread}"])
    await add_chats(database, -1005, thread_id=3, follow=["update"])
    async with database.write() as session:
        await subscribers.move(session, -5, -1005, LATER)
    group, topic, known = [await subscriber_now(database, number) for number in (1, 2, 3)]
    assert (group.chat_id, group.state) == (-1005, "active")
    assert (topic.chat_id, topic.state, topic.state_reason, topic.state_at) == (-5, "moved", "-1005", LATER)
    assert await following(database, known.id) == {"update", "section:3"}
    assert await following(database, topic.id) == frozenset()


async def test_chats_are_counted_by_state(database: Database) -> None:
    async with database.read() as session:
        assert await subscribers.count_by_state(session) == {}
    await add_chats(database, 1, 2, 3)
    await add_chats(database, 4, state="blocked")
    async with database.read() as session:
        assert await subscribers.count_by_state(session) == {"active": 3, "blocked": 1}


@on_sqlite
async def test_a_chat_is_found_by_its_id_and_its_topic(database: Database) -> None:
    await add_chats(database, -5)
    await add_chats(database, -5, thread_id=3)
    async with database.read() as session:
        found = [await subscribers.find(session, chat, thread) for chat, thread in ((-5, 0), (-5, 3), (-5, 4), (-6, 0))]
    assert [row and row.id for row in found] == [1, 2, None, None]
