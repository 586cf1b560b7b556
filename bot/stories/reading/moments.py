"""Finds the time that an HTML element states, in an attribute or in its text. Pure."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborNode

from bot.stories.reading.dates import parse_date

_PUBLISHED = re.compile(r"\b(?:diterbitkan|dipublikasikan|tayang|terbit|published|posted|dibuat)\b", re.IGNORECASE)
_UPDATED = re.compile(r"\b(?:diperbarui|diupdate|update[dr]?|pembaruan|modified|last edited)\b", re.IGNORECASE)
_UNIX = re.compile(r"^\d{10}(?:\d{3})?$")  # seconds or milliseconds since 1970


def moment_of(node: LexborNode | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The time in UTC that an element states in an attribute or in its text; None without one."""
    if node is None:
        return None
    for name, value in node.attributes.items():
        if value and name in ("datetime", "content", "title") and (moment := parse_date(value, zone, now)):
            return moment
        if value and _UNIX.match(value):
            seconds = int(value) / (1_000 if len(value) == 13 else 1)
            if (moment := datetime.fromtimestamp(seconds, UTC)) <= now:
                return moment
    return parse_date(_about_publication(node.text(separator=" ")), zone, now)


def _about_publication(line: str) -> str:
    """The part of a date line about publication, where another part is about an update."""
    if (published := _PUBLISHED.search(line)) and (updated := _UPDATED.search(line)):
        return line[published.start() :] if published.start() > updated.start() else line[: updated.start()]
    return line
