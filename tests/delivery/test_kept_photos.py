"""The file_id that Telegram gave a photo is kept for that photo, and for no other."""

import pytest
from sqlalchemy import update

from bot.clock import utcnow
from bot.delivery.contents import keep_photo
from bot.storage.engine import Database
from bot.storage.models import Story

OLD, NEW = "https://news.example/lama.jpg", "https://news.example/baru.jpg"


async def story_with(database: Database, **fields: str) -> int:
    times = dict.fromkeys(("published_at", "first_seen_at", "updated_at"), utcnow())
    async with database.write() as session:
        story = Story(source_id="dunia", title="Banjir surut", url="https://news.example/1", **times, **fields)
        session.add(story)
        await session.flush()
        return story.id


@pytest.mark.parametrize(
    ("now_shown", "known", "instead_of", "kept"),
    [
        pytest.param(OLD, "", "", "AgAC1", id="the photo is still shown"),
        pytest.param(NEW, "", "", "", id="another photo has replaced it"),
        pytest.param(OLD, "AgAC0", "", "AgAC0", id="it is known already"),
        pytest.param(OLD, "AgAC0", "AgAC0", "AgAC1", id="what was known is refused"),
        pytest.param(OLD, "AgAC2", "AgAC0", "AgAC2", id="another sender has replaced it already"),
    ],
)
async def test_a_file_id_is_kept_only_for_the_photo_that_was_sent(
    database: Database, now_shown: str, known: str, instead_of: str, kept: str
) -> None:
    story_id = await story_with(database, image_url=OLD, image_file_id=known)
    async with database.write() as session:
        await session.execute(update(Story).values(image_url=now_shown))
        await keep_photo(session, story_id, OLD, "AgAC1", instead_of=instead_of)
    async with database.read() as session:
        assert (await session.get_one(Story, story_id)).image_file_id == kept
