"""The moment that an element of a page names: in an attribute, or in words. Pure."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborNode

from bot.stories.reading.dates import parse_date

_PUBLISHED = re.compile(r"\b(?:diterbitkan|dipublikasikan|tayang|terbit|published|posted|dibuat)\b", re.IGNORECASE)
_UPDATED = re.compile(r"\b(?:diperbarui|diupdate|update[dr]?|pembaruan|modified|last edited)\b", re.IGNORECASE)
_UNIX = re.compile(r"^\d{10}(?:\d{3})?$")  # seconds or milliseconds since 1970


def moment_of(node: LexborNode | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The moment that an element names, in an attribute or in its words."""
    if node is None:
        return None
    for name, value in node.attributes.items():
        if value and name in ("datetime", "content", "title") and (found := parse_date(value, zone, now)):
            return found
        if value and _UNIX.match(value):
            seconds = int(value) / (1_000 if len(value) == 13 else 1)
            if (found := datetime.fromtimestamp(seconds, UTC)) <= now:
                return found
    return parse_date(_of_publishing(node.text(separator=" ")), zone, now)


def _of_publishing(line: str) -> str:
    """The part of a date line that says when the story was published, where it also says when it was changed."""
    if (published := _PUBLISHED.search(line)) and (updated := _UPDATED.search(line)):
        return line[published.start() :] if published.start() > updated.start() else line[: updated.start()]
    return line
