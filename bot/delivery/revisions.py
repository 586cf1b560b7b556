"""Revisions: the different contents a story has had, numbered from 1 in the order they were first seen.

A story that returns to what it said before returns to that revision's number, so a copy with that number is identical.
"""

from hashlib import blake2s

from bot.storage.models import Story

AT_MOST = 1_000  # contents of one story; a source that counts its readers in a summary would have a new one each minute


def note(story: Story) -> bool:
    """Give the story's present content its number; True if that is another than before.

    After AT_MOST contents no more are numbered, and no copy follows.
    """
    words = [story.title, story.summary, story.url, story.author]
    if story.image_caption:  # which older stories' contents were noted without
        words.append(story.image_caption)
    if story.is_update:
        words.append("UPDATE")
    content = f"{_digest(*words)}:{_digest(story.image_url)}"
    if content not in story.revisions:
        if len(story.revisions) >= AT_MOST:
            return False
        story.revisions = [*story.revisions, content]  # a new list, which is how the database learns of it
    before, story.revision = story.revision, story.revisions.index(content) + 1
    return story.revision != before


def same_photo(story: Story, revision: int) -> bool:
    """Whether the story's photo was the present one at `revision`."""
    known = story.revisions
    if not 0 < revision <= len(known):
        return False
    return bool(known[revision - 1].partition(":")[2] == known[story.revision - 1].partition(":")[2])


def _digest(*fields: str) -> str:
    return blake2s("\0".join(fields).encode(), digest_size=6).hexdigest()
