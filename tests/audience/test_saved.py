"""What readers save."""

from datetime import timedelta

import pytest

from bot.audience import saved
from bot.storage.engine import Database
from bot.storage.models import Story
from tests.delivery.rows import NOW, add_chats, add_story, change


async def test_a_shelf_shows_the_latest_saved_first_and_only_its_own_readers(database: Database) -> None:
    await add_chats(database, 1, 2)
    stories = [(await add_story(database, url=f"https://news.example/{number}")).id for number in range(13)]
    async with database.write() as session:
        for number, story in enumerate((*stories, stories[0])):  # the first once more
            assert await saved.save(session, 1, story, NOW + timedelta(seconds=number))
        await saved.save(session, 2, stories[5], NOW)
        await saved.drop(session, 1, stories[12])
        await saved.drop(session, 1, 999)
    await change(database, Story, Story.id == stories[11], state="retracted")
    async with database.read() as session:
        first, second = await saved.page(session, 1), await saved.page(session, 1, 10)
        beyond, other = await saved.page(session, 1, 90), await saved.page(session, 2)
    assert [story.id for story in first.stories] == stories[10:0:-1]
    assert (first.offset, first.count) == (0, 11)
    assert [story.id for story in second.stories] == stories[:1]
    assert (beyond.offset, [story.id for story in beyond.stories]) == (10, stories[:1])
    assert [story.id for story in other.stories] == [stories[5]]


async def test_a_full_shelf_takes_no_more_until_one_is_taken_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "AT_MOST", 2)
    await add_chats(database, 1)
    stories = [(await add_story(database, url=f"https://news.example/{number}")).id for number in range(3)]
    async with database.write() as session:
        assert [await saved.save(session, 1, story, NOW) for story in (*stories, stories[0])] == [
            True,
            True,
            False,
            True,
        ]
        await saved.drop(session, 1, stories[1])
        assert await saved.save(session, 1, stories[2], NOW)
        assert not await saved.is_saved(session, 1, stories[1])
