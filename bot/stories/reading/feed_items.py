"""What reading a feed comes to, in whatever format: Feed, Unreadable, and the Items with their rules."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from bot.stories.items import Item
from bot.stories.reading.cleaning import plain_text
from bot.telegram_limits import BUTTON_URL_LIMIT

TITLE_LIMIT = 300
NAME_LIMIT = 200  # an author, a feed's title
CATEGORY_LIMIT = 100
CAPTION_LIMIT = 300
MAX_CATEGORIES = 30
MAX_GUID = 500
TITLE_FROM_SUMMARY = 120
_MAIL_ADDRESS = re.compile(r"(?<![\w.+-])(?:mailto:)?[\w.+-]++@[\w-]++(?:\.[\w-]++)++")
_HANDLE = re.compile(r"(?<!\S)\(?@[\w.]{1,40}\)?(?!\S)")
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|<\s*>|\[\s*\]")
_NOT_STORED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


T = TypeVar("T")


class Unreadable(ValueError):
    """A document that is no feed, or none that can be read; its text says in a few words what it is instead."""


@dataclass(frozen=True, slots=True)
class Feed:
    """`items` in the document's order; `hub` and `self_url` are WebSub's.

    `unusable` entries have no address that a reader could open, `long_links` one that is too long for a button.
    """

    title: str
    items: tuple[Item, ...]
    hub: str = ""
    self_url: str = ""
    unusable: int = 0
    long_links: int = 0


def item_from(
    *,
    url: str,
    title: str,
    guid: str,
    summary: str,
    author: str,
    image_url: str,
    image_caption: str = "",
    categories: Iterable[str],
    published_at: datetime | None,
) -> Item | None:
    """An Item from cleaned text, by the rules that all formats share; None without an address or a word to show."""
    title = title or plain_text(summary, TITLE_FROM_SUMMARY)
    if not url or not title:
        return None
    return Item(
        url=url,
        title=title,
        guid=_as_written(guid),
        summary="" if summary == title else summary,
        author=author,
        image_url=image_url,
        image_caption=image_caption,
        categories=tuple(dict.fromkeys(name for name in categories if name))[:MAX_CATEGORIES],
        published_at=published_at,
    )


def distinct(items: Iterable[Item | None], limit: int) -> tuple[Item, ...]:
    """The first `limit` items that are not None, an entry given twice only once."""
    kept: dict[tuple[str, str], Item] = {}
    for item in items:
        if item is not None:
            kept.setdefault((item.guid, item.url), item)
            if len(kept) >= limit:
                break
    return tuple(kept.values())


def of_entries(
    title: str, entries: Sequence[tuple[str, Item | None]], limit: int, *, hub: str = "", self_url: str = ""
) -> Feed:
    """A feed of its entries, each an address ("" without a usable one) and an Item (None without a word to show)."""
    return Feed(
        title=title,
        items=distinct((item for _, item in entries), limit),
        hub=hub,
        self_url=self_url,
        unusable=sum(not url for url, _ in entries),
        long_links=sum(len(url) > BUTTON_URL_LIMIT for url, _ in entries),
    )


def newest(entries: Sequence[T], limit: int, when: Callable[[T], datetime | None]) -> Sequence[T]:
    """At most `limit` entries: the last ones where the list begins with the oldest."""
    if len(entries) <= limit:
        return entries
    first, last = when(entries[0]), when(entries[-1])
    return entries[-limit:] if first and last and last > first else entries[:limit]


def without_addresses(text: str) -> str:
    """The text without mail addresses."""
    return _MAIL_ADDRESS.sub("", text) if "@" in text else text


def person_name(text: str) -> str:
    """A person's name in one line of text, which may hold a mail address or a handle beside it; "" without a name."""
    name = _EMPTY_BRACKETS.sub("", _HANDLE.sub("", without_addresses(text)))
    name = name.strip(" ,;:-–—|/")
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1].strip()
    return "" if "@" in name else " ".join(name.split())


def _as_written(guid: str) -> str:
    """A guid as it is written; one that can't be stored, or is monstrous, as its hash, so that it stays unique."""
    guid = guid.strip()
    if len(guid) <= MAX_GUID and not _NOT_STORED.search(guid):
        return guid
    return f"sha256:{sha256(guid.encode(errors='surrogatepass')).hexdigest()}"
