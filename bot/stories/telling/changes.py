"""Pure decisions: what an item is of the newsroom's, and whether a story may be pushed."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.config import Newsroom, SourceTable
from bot.storage.models import Story
from bot.stories.items import Item

HELD_ABOVE = 50  # new stories in one poll; more are stored, and an admin says whether they are pushed


def section_of(item: Item, source: SourceTable, newsroom: Newsroom) -> str:
    """The slug of the item's section: the source's, else from the item's categories, else from its address."""
    if source.section:
        return source.section
    for name in (*item.categories, *urlsplit(item.url).path.split("/")):
        if name and (slug := newsroom.find_section(name)):
            return slug
    return ""


def is_update(item: Item, source: SourceTable, newsroom: Newsroom) -> bool:
    """Whether the item is an UPDATE: by its source, a category, or the first word of its title."""
    if source.update:
        return True
    categories = {name.casefold() for name in newsroom.update.categories}
    if any(name.casefold() in categories for name in item.categories):
        return True
    title = item.title.casefold()
    return any(re.match(re.escape(prefix.casefold()) + r"(?!\w)", title) for prefix in newsroom.update.title_prefixes)


def may_push(published_at: datetime, max_age: timedelta, now: datetime) -> bool:
    return now - published_at <= max_age


def differs(story: Story, item: Item) -> bool:
    """Whether a reader would see something else. What the item lacks, the story keeps."""
    pairs = (
        (story.title, item.title),
        (story.summary, item.summary),
        (story.url, item.url),
        (story.author, item.author),
        (story.image_url, item.image_url),
        (story.image_caption, item.image_caption),
    )
    return any(new and new != old for old, new in pairs)
