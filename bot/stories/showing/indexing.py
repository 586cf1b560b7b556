"""Keeping the words of stories, by which they are searched, as the stories change."""

from collections.abc import Iterable

from sqlalchemy import update

from bot.storage.engine import Session
from bot.storage.fulltext import lead_of
from bot.storage.models import KnownWord, Story, StoryWords
from bot.words import words

AT_ONCE = 500  # rows of one statement


async def keep(session: Session, stories: Iterable[Story]) -> None:
    """Make the words of these stories those that their rows say now."""
    leads = {story.id: lead_of(story.title, story.summary, story.author) for story in stories}
    rows = [{"story_id": story_id, "lead": lead} for story_id, lead in leads.items()]
    for some in (rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE)):
        insert = session.upsert(StoryWords).values(some)
        changed = {"lead": insert.excluded.lead}
        differs = StoryWords.lead != insert.excluded.lead
        await session.execute(insert.on_conflict_do_update(index_elements=["story_id"], set_=changed, where=differs))
    await _know(session, stories)


async def _know(session: Session, stories: Iterable[Story]) -> None:
    texts = {text for story in stories for text in (story.title, story.summary, story.author)}
    known = sorted({word for text in texts for word in words(text)})  # so that no two transactions wait for each other
    for some in (known[at : at + AT_ONCE] for at in range(0, len(known), AT_ONCE)):
        insert = session.upsert(KnownWord).values([{"word": word} for word in some])
        await session.execute(insert.on_conflict_do_nothing())


async def keep_body(session: Session, story_id: int, body: str) -> None:
    """Keep the words of the story's text, as `fulltext.body_of` writes them."""
    changed = StoryWords.story_id == story_id, StoryWords.body != body
    await session.execute(update(StoryWords).where(*changed).values(body=body))
