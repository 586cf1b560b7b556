"""What is kept of a chat is exported whole, and erased for good."""

import re
from typing import Any

import orjson
from sqlalchemy import select

from bot.audience import saved, segments, subscribers
from bot.delivery import cards, deliveries, personal
from bot.delivery.outcomes import Mark
from bot.storage.engine import Database
from bot.storage.models import Base, Delivery, Story
from tests.delivery.rows import (
    NOW,
    add_chats,
    add_delivery,
    add_push,
    add_story,
    deliveries_of,
    push_now,
    subscriber_now,
)

CHAT, OTHER = 7_001_002, 7_001_003
WITH_A_CHAT = {"subscribers", "subscriptions", "saved_stories", "deliveries", "cards"}


async def some_history(database: Database) -> tuple[Story, list[int]]:
    """Two chats that follow, saved, got and opened a story; the ids of pushes."""
    await add_chats(database, CHAT, OTHER, follow=["update", "section:dunia"])
    story = await add_story(database)
    alert = await add_push(database, kind="section", story_id=story.id, sent=2, state="finished")
    waiting = await add_push(database, author=CHAT, progress_message_id=4)
    for subscriber in (1, 2):
        await add_delivery(database, alert.id, subscriber)
        await add_delivery(database, waiting.id, subscriber, outcome=Mark.WAITING, not_before=0.0)
    async with database.write() as session:
        for subscriber, chat in ((1, CHAT), (2, OTHER)):
            await saved.save(session, subscriber, story.id, NOW)
            await cards.note(session, story, chat, 50, "id", photo=False)
    return story, [alert.id, waiting.id]


async def rows_with(database: Database, number: int) -> set[str]:
    """The tables in which the number stands, in whatever column."""
    found = set()
    async with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in await session.execute(select(table)):
                if any(re.search(rf"(?<![\d.]){number}(?!\d)", str(value)) for value in row):
                    found.add(table.name)
    return found


def test_every_table_that_names_a_chat_or_a_subscriber_is_known_here() -> None:
    naming = {
        table.name for table in Base.metadata.sorted_tables if {"chat_id", "subscriber_id"} & set(table.columns.keys())
    }
    assert naming == WITH_A_CHAT
    assert {table.name for table in personal.tables_of_subscribers()} == {"subscriptions", "saved_stories"}


async def test_an_export_has_everything_of_one_chat_and_nothing_of_another(database: Database) -> None:
    story, _ = await some_history(database)
    async with database.read() as session:
        exported: dict[str, Any] = orjson.loads(orjson.dumps(await personal.export(session, CHAT)))
    assert exported["chat_id"] == exported["subscribers"][0]["chat_id"] == CHAT
    assert {row["target"] for row in exported["subscriptions"]} == {"update", "section:dunia"}
    assert [row["title"] for row in exported["saved_stories"]] == [story.title]
    assert [(row["kind"], row["outcome"]) for row in exported["deliveries"]] == [
        ("section", "sent"),
        ("broadcast", "waiting"),
    ]
    assert [(row["title"], row["message_id"]) for row in exported["cards"]] == [(story.title, 50)]
    assert str(OTHER) not in str(exported)


async def test_an_erased_chat_stands_in_no_table_and_the_counts_stay(database: Database) -> None:
    _, (alert, waiting) = await some_history(database)
    async with database.write() as session:
        await personal.erase(session, CHAT, NOW)
        await personal.erase(session, CHAT, NOW)  # a second press
    assert await rows_with(database, CHAT) == set()
    assert await rows_with(database, OTHER) == {"subscribers", "cards"}
    assert set(await deliveries_of(database, alert)) == {2}
    assert (await push_now(database, alert)).sent == 2
    async with database.read() as session:
        page = await segments.page(session, segments.EVERYONE, 99, 0, 10, 10)
        assert [row[0] for row in page.rows] == [2]
    async with database.write() as session:  # what waited finds nobody, so its push ends
        due = await deliveries.claim_due(session, 10)
    assert {delivery.chat.subscriber_id: delivery.reachable for delivery in due} == {1: False, 2: True}
    assert set(await deliveries_of(database, waiting)) == {1, 2}


async def test_a_chat_that_comes_back_is_another_subscriber(database: Database) -> None:
    await add_chats(database, CHAT)
    async with database.write() as session:
        await personal.erase(session, CHAT, NOW)
    async with database.write() as session:
        again = await subscribers.greet(session, CHAT, kind="private", language="id", now=NOW)
    assert again.id == 2
    assert (await subscriber_now(database, 1)).state == subscribers.ERASED


async def test_a_group_goes_with_its_topics_and_with_what_it_was(database: Database) -> None:
    async with database.write() as session:
        for thread in (0, 5, 6):
            await subscribers.greet(session, -100_500, thread_id=thread, kind="supergroup", language="id", now=NOW)
        await subscribers.greet(session, -44_500, kind="group", language="id", now=NOW)
        await subscribers.move(session, -44_500, -100_500, NOW)
        await personal.erase(session, -100_500, NOW)
    assert await rows_with(database, 100_500) | await rows_with(database, 44_500) == set()


async def test_an_answer_that_comes_late_to_an_erased_chat_is_recorded_for_nobody(database: Database) -> None:
    await add_chats(database, CHAT)
    push = await add_push(database, ranges=[(0, 1)])
    async with database.write() as session:
        await personal.erase(session, CHAT, NOW)
    late = deliveries.Record(deliveries.Chat(1, CHAT, 0, "id"), Mark.SENT, 12)
    async with database.write() as session:
        await deliveries.record(session, push.id, [late], NOW)
    assert (await push_now(database, push.id)).sent == 1
    assert await rows_with(database, CHAT) == set()
    async with database.read() as session:
        assert await session.get(Delivery, (push.id, 1)) is not None
