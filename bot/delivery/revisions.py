"""Revisions: the different contents of a story, numbered from 1 in the order they were first seen.

Equal contents have the same number: when a story returns to an earlier content, copies with its number are up to date.
"""

from hashlib import blake2s

from bot.storage.models import Story

AT_MOST = 1_000  # revisions of one story; a summary with a counter of readers would add one a minute


def note(story: Story) -> bool:
    """Set the story's revision to that of its present content; True if it has changed.

    After AT_MOST revisions a new content gets none, and copies are not updated any more.
    """
    words = [story.title, story.summary, story.url, story.author]
    if story.image_caption:  # only if there is one: digests stored by earlier versions have no caption
        words.append(story.image_caption)
    if story.is_update:
        words.append("UPDATE")
    content = f"{_digest(*words)}:{_digest(story.image_url)}"
    if content not in story.revisions:
        if len(story.revisions) >= AT_MOST:
            return False
        story.revisions = [*story.revisions, content]  # a new list: SQLAlchemy does not notice an append
    before, story.revision = story.revision, story.revisions.index(content) + 1
    return story.revision != before


def same_photo(story: Story, revision: int) -> bool:
    """Whether the story's photo at `revision` was the present one; False if the revision is unknown."""
    digests = story.revisions
    if not 0 < revision <= len(digests):
        return False
    return bool(digests[revision - 1].partition(":")[2] == digests[story.revision - 1].partition(":")[2])


def _digest(*fields: str) -> str:
    return blake2s("\0".join(fields).encode(), digest_size=6).hexdigest()
