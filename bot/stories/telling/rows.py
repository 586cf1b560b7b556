"""Stories' rows: what readers see now, and how they are made to say what is shown."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from bot.storage.engine import Session
from bot.storage.models import Story, StoryState
from bot.stories.telling.appearances import Appearance, Kind
from bot.stories.telling.compose import Shown
from bot.stories.telling.decide import Before, Verdict

AT_ONCE = 500  # rows of one statement
ONE_AT_A_TIME = 0x6B61626172  # "kabar", the number of PostgreSQL's lock around comparing new stories with recent ones


async def locked(session: Session, story_ids: Sequence[int]) -> dict[int, Story]:
    """The stories, locked in one order; a retraction may come between."""
    found: dict[int, Story] = {}
    ids = sorted(story_ids)
    for some in (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE)):
        rows = await session.scalars(select(Story).where(Story.id.in_(some)).order_by(Story.id).with_for_update())
        found |= {story.id: story for story in rows}
    return found


async def copies_of(session: Session, story_id: int) -> list[Story]:
    """The story's copies that were not withdrawn, locked; the oldest first."""
    copies = await session.scalars(
        select(Story)
        .where(Story.copy_of == story_id, Story.state == StoryState.LIVE)
        .order_by(Story.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(copies)


def before(story: Story, everything: Iterable[Appearance]) -> Before:
    shown = Shown(
        source_id=story.source_id,
        title=story.title,
        url=story.url,
        published_at=story.published_at,
        summary=story.summary,
        author=story.author,
        image_url=story.image_url,
        image_caption=story.image_caption,
        section=story.section,
        is_update=story.is_update,
        only_ranked=all(each.fields.kind in (Kind.POPULAR, Kind.PAGE) for each in everything),
    )
    return Before(
        shown,
        story.first_seen_at,
        Verdict(story.verdict),
        story.state == StoryState.RETRACTED,
        story.copy_of is not None,
    )


def show(story: Story, shown: Shown, now: datetime) -> None:
    """Make the story's row say what is shown."""
    if story.image_url != shown.image_url:
        story.image_file_id = ""
    for name in ("source_id", "title", "url", "published_at", "summary", "author", "image_url", "image_caption"):
        if getattr(story, name) != getattr(shown, name):
            setattr(story, name, getattr(shown, name))
            story.updated_at = now
    story.section, story.is_update = shown.section, shown.is_update
