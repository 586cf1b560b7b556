from datetime import UTC, datetime, timedelta

from bot.audience import segments, subscribers, subscriptions
from bot.storage.engine import Database

NOW = datetime(2026, 2, 22, 2, 40, tzinfo=UTC)


async def test_a_chat_is_registered_once_and_keeps_its_language(database: Database) -> None:
    async with database.write() as session:
        first = await subscribers.greet(session, 7, kind="private", language="id", now=NOW)
        await subscribers.set_language(session, first.id, "en")
    async with database.write() as session:
        again = await subscribers.greet(session, 7, kind="private", language="id", now=NOW)
    assert (again.id, again.language) == (first.id, "en")


async def test_topics_of_a_group_are_subscribers_of_their_own(database: Database) -> None:
    async with database.write() as session:
        group = await subscribers.greet(session, -5, kind="supergroup", language="id", now=NOW)
        topic = await subscribers.greet(session, -5, thread_id=3, kind="supergroup", language="id", now=NOW)
    assert group.id != topic.id


async def test_a_blocked_chat_keeps_its_choices_and_is_served_again_when_it_returns(database: Database) -> None:
    async with database.write() as session:
        chat = await subscribers.greet(session, 7, kind="private", language="id", now=NOW)
        await subscriptions.follow(session, chat.id, "update")
    async with database.write() as session:
        assert await subscribers.set_state(session, 7, subscribers.BLOCKED, "blocked", NOW)
        assert await segments.count(session, segments.of_targets(["update"]), 99) == 0
    async with database.write() as session:
        await subscribers.set_state(session, 7, subscribers.ACTIVE, "", NOW)
        assert await segments.count(session, segments.of_targets(["update"]), 99) == 1


async def test_setting_the_state_of_an_unknown_chat_changes_nothing(database: Database) -> None:
    async with database.write() as session:
        assert not await subscribers.set_state(session, 404, subscribers.BLOCKED, "", NOW)


async def test_an_upgraded_group_goes_on_under_its_new_id(database: Database) -> None:
    async with database.write() as session:
        old = await subscribers.greet(session, -5, kind="group", language="id", now=NOW)
        await subscriptions.follow(session, old.id, "section:dunia")
        await subscribers.move(session, -5, -1005, NOW)
    async with database.read() as session:
        moved = await subscribers.find(session, -1005)
        assert moved is not None
        assert (moved.id, moved.kind) == (old.id, "supergroup")
        assert await subscriptions.following(session, moved.id) == {"section:dunia"}
        assert await subscribers.find(session, -5) is None


async def test_an_upgrade_to_a_known_chat_joins_both_choices_and_serves_one(database: Database) -> None:
    async with database.write() as session:
        old = await subscribers.greet(session, -5, kind="group", language="id", now=NOW)
        new = await subscribers.greet(session, -1005, kind="supergroup", language="id", now=NOW)
        await subscriptions.follow(session, old.id, "section:dunia")
        await subscriptions.follow(session, new.id, "update")
    async with database.write() as session:
        await subscribers.move(session, -5, -1005, NOW)
    async with database.read() as session:
        assert await subscriptions.following(session, new.id) == {"section:dunia", "update"}
        assert await segments.count(session, segments.EVERYONE, 99) == 1


async def test_last_seen_is_written_at_most_once_an_hour(database: Database) -> None:
    async with database.write() as session:
        await subscribers.greet(session, 7, kind="private", language="id", now=NOW)
    for minutes, seen in ((30, 0), (90, 90)):
        async with database.write() as session:
            found = await subscribers.greet(
                session, 7, kind="private", language="id", now=NOW + timedelta(minutes=minutes)
            )
        assert found.last_seen_at == NOW + timedelta(minutes=seen)


async def test_an_audience_of_several_targets_counts_a_chat_once(database: Database) -> None:
    async with database.write() as session:
        for chat, targets in ((1, ["update", "section:dunia"]), (2, ["section:dunia"]), (3, [])):
            found = await subscribers.greet(session, chat, kind="private", language="id", now=NOW)
            for target in targets:
                await subscriptions.follow(session, found.id, target)
                await subscriptions.follow(session, found.id, target)
    async with database.read() as session:
        assert await segments.count(session, segments.of_targets(["update", "section:dunia"]), 99) == 2
        assert await segments.count(session, segments.EVERYONE, 99) == 3
        page = await segments.page(session, segments.of_targets(["update", "section:dunia"]), 1, 0, 99, 10)
    assert [row[1] for row in page.rows] == [1, 2]
