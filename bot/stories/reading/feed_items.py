"""What reading a feed comes to, in whatever format: Feed, Unreadable, and the Items with their rules."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from bot.stories.items import Item
from bot.stories.reading.cleaning import decode_references, one_line, plain_text, safe_url, tag_end

TITLE_LIMIT = 300
NAME_LIMIT = 200  # an author, a feed's title
CATEGORY_LIMIT = 100
CAPTION_LIMIT = 300
MAX_CATEGORIES = 30
MAX_GUID = 500
TITLE_FROM_SUMMARY = 120
_MAX_SEARCHED = 100_000  # characters of markup in which a picture is looked for

_IMAGE = re.compile(r"<img(?=[\s/])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w-])(src|data-src|width|height)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif)(?:$|[?#])", re.IGNORECASE)


class Unreadable(ValueError):
    """A document that is no feed, or none that can be read; its text says in a few words what it is instead."""


@dataclass(frozen=True, slots=True)
class Feed:
    """`items` in the document's order; `hub` and `self_url` are WebSub's."""

    title: str
    items: tuple[Item, ...]
    hub: str = ""
    self_url: str = ""


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
        guid=_whole_or_hashed(guid),
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


def first_picture(markup: str, base: str) -> str:
    """The address of the first <img> in a piece of HTML that is a picture, not a counting pixel; "" without one."""
    markup = markup[:_MAX_SEARCHED]
    unclosed: set[str] = set()
    end = 0
    while start := _IMAGE.search(markup, end):
        end = tag_end(markup, start.end(), unclosed)
        if end < 0:
            break
        attributes: dict[str, str] = {}
        for name, *values in _ATTRIBUTE.findall(markup[start.end() : min(end, start.end() + 5_000)]):
            attributes.setdefault(name.lower(), next(filter(None, values), ""))
        if attributes.get("width") in ("0", "1") or attributes.get("height") in ("0", "1"):
            continue
        for name in ("src", "data-src"):
            if found := safe_url(decode_references(attributes.get(name, "")), base):
                return found
    return ""


def looks_like_picture(url: str, media_type: str, medium: str = "") -> bool:
    """Whether what a feed attaches is a picture, by its declared type or, where none is declared, by its name."""
    if medium or "/" in media_type:
        return medium.lower() == "image" or media_type.lower().startswith("image/")
    return bool(_PICTURE_NAME.search(url))


def _whole_or_hashed(guid: str) -> str:
    """A guid as given, save characters that no identifier has; a monstrous one by its hash, so that it stays unique."""
    guid = one_line(guid)
    return guid if len(guid) <= MAX_GUID else f"sha256:{sha256(guid.encode()).hexdigest()}"
