"""News sitemaps and sitemap indexes become Items, or the addresses of further sitemaps. Pure; for a thread.

Formats: https://www.sitemaps.org/protocol.html and https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError, XMLPullParser
from zoneinfo import ZoneInfo

from bot.stories.items import Item
from bot.stories.reading.cleaning import plain_text, safe_url
from bot.stories.reading.dates import parse_date
from bot.stories.reading.decoding import decode
from bot.stories.reading.feed_items import CAPTION_LIMIT, TITLE_LIMIT, Unreadable, distinct
from bot.stories.reading.feed_links import link_url
from bot.stories.reading.feed_markup import first_element, safe_markup
from bot.stories.reading.feed_pictures import usable_picture

MAX_BYTES = 10_000_000  # unpacked
ITEMS_AT_MOST = 10_000
UNTITLED_AT_MOST = 300  # whose pages must be asked for a title, 30 a poll
FURTHER_AT_MOST = 3  # sitemaps of an index that are read: the newest, those for news first
_GZIP = b"\x1f\x8b"
_EXTENSIONS = ("image", "video")  # whose titles, captions and dates are not the story's
_LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sitemap:
    """`items`, the newest first, may lack a title, which then is empty; `further` are the sitemaps of an index."""

    items: tuple[Item, ...] = ()
    further: tuple[str, ...] = ()


def parse_sitemap(body: bytes, *, url: str, content_type: str = "", default_zone: ZoneInfo, now: datetime) -> Sitemap:
    """Raises Unreadable for what is no sitemap, and nothing else."""
    text = decode(_unpacked(body), content_type).lstrip("\ufeff\0 \t\r\n")
    root = first_element(text)
    if root not in ("urlset", "sitemapindex"):
        raise Unreadable("not a sitemap" if text else "an empty answer")
    name = "url" if root == "urlset" else "sitemap"
    whole = f"</{root}>" in text[-200:] or f"</{name}>" not in text
    if not whole:  # it breaks off: what came whole counts
        text = text[: text.rindex(f"</{name}>")] + f"</{name}></{root}>"
    elements = list(_elements(safe_markup(text), name))
    if root == "sitemapindex":
        return Sitemap(further=_further(elements, url, default_zone, now))
    changed: dict[str, datetime] = {}
    for each in elements:
        changed.setdefault(link_url(each.get("loc", ""), url), _changed(each, default_zone, now))
    found = distinct((_item(each, url, default_zone, now) for each in elements), len(elements))
    newest = sorted(found, key=lambda item: item.published_at or changed[item.url], reverse=True)
    left_out = set([item for item in newest if not item.title][UNTITLED_AT_MOST:])
    newest = [item for item in newest if item not in left_out]
    return Sitemap(items=tuple(newest[:ITEMS_AT_MOST]))


def _unpacked(body: bytes) -> bytes:
    if body.startswith(_GZIP):
        try:
            with gzip.open(BytesIO(body)) as file:
                body = file.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"broken gzip ({type(error).__name__})") from error
    if len(body) > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES // 1_000_000} MB")
    return body


def _elements(markup: str, name: str) -> Iterator[dict[str, str]]:
    """Each <url> or <sitemap> as its texts by local name, the first of each; what was read before a break counts."""
    parser: Any = XMLPullParser(("end",))  # of markup that was rewritten: no DOCTYPE, no entities, bounded depth
    try:
        parser.feed(markup)
        parser.close()
    except ParseError:
        pass
    try:
        for event in parser.read_events():
            element = event[-1]
            if isinstance(element, Element) and _local(element) == name:
                texts: dict[str, str] = {}
                for part in element.iter():
                    extension = next((name for name in _EXTENSIONS if f"/sitemap-{name}/" in part.tag), "")
                    texts.setdefault((f"{extension}_" if extension else "") + _local(part), (part.text or "").strip())
                yield texts
                element.clear()
    except ParseError:
        return


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()


def _item(texts: dict[str, str], base: str, zone: ZoneInfo, now: datetime) -> Item | None:
    url = link_url(texts.get("loc", ""), base)
    if not url:
        return None
    published = texts.get("publication_date", "")
    return Item(
        url=url,
        title=plain_text(texts.get("title", ""), TITLE_LIMIT, is_title=True),
        image_url=usable_picture(texts.get("image_loc", ""), base),
        image_caption=plain_text(texts.get("image_caption", ""), CAPTION_LIMIT),
        published_at=parse_date(published, zone, now) if published else None,
    )


def _changed(texts: dict[str, str], zone: ZoneInfo, now: datetime) -> datetime:
    return parse_date(texts.get("lastmod", ""), zone, now) or _LONG_AGO


def _further(elements: list[dict[str, str]], base: str, zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    dated = []
    for number, texts in enumerate(elements):
        address = safe_url(texts.get("loc", ""), base)
        if address:
            changed = _changed(texts, zone, now)
            path = urlsplit(address).path.lower()
            dated.append(("news" in path or "berita" in path, changed, -number, address))
    return tuple(address for *_, address in sorted(dated, reverse=True)[:FURTHER_AT_MOST])
