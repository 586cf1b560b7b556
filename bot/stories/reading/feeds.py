"""Feeds: the bytes of RSS 0.9x, 1.0, 2.0, Atom or JSON Feed become Items. Pure and processor-bound: for a thread."""

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.sax import SAXException
from zoneinfo import ZoneInfo

import feedparser.api

from bot.stories.items import Item, captioned
from bot.stories.reading.cleaning import decode_references, literal_lines, one_line, plain_lines, plain_text, safe_url
from bot.stories.reading.dates import parse_date
from bot.stories.reading.decoding import decode
from bot.stories.reading.feed_items import (
    CAPTION_LIMIT,
    CATEGORY_LIMIT,
    NAME_LIMIT,
    TITLE_LIMIT,
    Feed,
    Unreadable,
    distinct,
    first_picture,
    item_from,
    looks_like_picture,
)
from bot.stories.reading.feed_markup import first_element, safe_markup
from bot.stories.reading.jsonfeed import parse_json_feed
from bot.stories.reading.summaries import condensed, is_cut

feedparser.api.PREFERRED_XML_PARSERS = []  # looking for one that nobody has was 60 % of the time a feed takes

__all__ = ["ITEMS_AT_MOST", "MAX_BYTES", "Feed", "Unreadable", "parse_feed"]

ITEMS_AT_MOST = 10_000
MAX_BYTES = 10_000_000
_WIDEST = 2_560  # pixels; beyond it a picture is an original that Telegram may refuse
_ROOTS = ("rss", "feed", "rdf", "channel")
_OTHER_ROOTS = {
    "html": "an HTML page",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap index",
    "opml": "an OPML list",
}


def parse_feed(
    body: bytes, *, url: str, content_type: str = "", default_zone: ZoneInfo, now: datetime, limit: int = ITEMS_AT_MOST
) -> Feed:
    """The feed in `body`, at most `limit` items in the document's order. Raises Unreadable, and nothing else.

    `url` is where it was read, which relative links are resolved against; `default_zone` is that of times without one.
    """
    if len(body) > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES // 1_000_000} MB")
    text = decode(body, content_type).lstrip("\ufeff\0 \t\r\n")
    if not text:
        raise Unreadable("an empty answer")
    if text[0] in "{[":
        return parse_json_feed(text, url=url, default_zone=default_zone, now=now, limit=limit)
    root = first_element(text)
    if root not in _ROOTS and root not in _OTHER_ROOTS:
        text = _after_noise(text)
        root = first_element(text) or root
    if root not in _ROOTS:
        raise Unreadable(_OTHER_ROOTS.get(root, "XML, but not a feed" if root else "neither XML nor JSON"))
    parsed = _parse(safe_markup(text))
    entries = parsed["entries"]
    items = distinct((_item(entry, url, parsed["version"], default_zone, now) for entry in entries), limit)
    return _feed(parsed["feed"], items, url)


def _after_noise(text: str) -> str:
    """The document without what a server's warnings put before it; "" if none begins within the first 64,000."""
    starts = [at for mark in ("<?xml", "<rss", "<feed", "<rdf:RDF") if (at := text[:64_000].find(mark)) >= 0]
    return text[min(starts) :] if starts else ""


def _parse(markup: str) -> Any:
    """feedparser's reading of a safe document. It gets no base address, so that what is relative stays recognisable."""
    document = io.BytesIO(b"<?xml version='1.0' encoding='utf-8'?>\n" + markup.encode())
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        parsed = feedparser.parse(document, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # what gets through the scan and still breaks the parser is the document's fault
        raise Unreadable(f"broken XML ({type(error).__name__})") from error
    if not parsed["entries"] and isinstance(parsed.get("bozo_exception"), SAXException):
        raise Unreadable("broken XML")
    return parsed


def _feed(parsed: Any, items: tuple[Item, ...], url: str) -> Feed:
    links = dict.get(parsed, "links", [])
    return Feed(
        title=plain_text(_text(parsed, "title"), NAME_LIMIT),
        items=items,
        hub=next((safe_url(_text(link, "href"), url) for link in links if dict.get(link, "rel") == "hub"), ""),
        self_url=next((safe_url(_text(link, "href"), url) for link in links if dict.get(link, "rel") == "self"), ""),
    )


def _item(entry: Any, base: str, version: str, zone: ZoneInfo, now: datetime) -> Item | None:
    guid = _text(entry, "id")
    url = _address(entry, guid, base)
    contents = [part for part in dict.get(entry, "content", []) if isinstance(part, dict)]
    bodies = [_text(part, "value") for part in contents]
    title = _shown(_text(entry, "title"), dict.get(entry, "title_detail"), version, TITLE_LIMIT)
    summary = condensed(_lines(_text(entry, "summary"), dict.get(entry, "summary_detail"), version), title)
    if bodies and (not summary or summary == title or is_cut(summary)):
        summary = condensed(_lines(bodies[0], contents[0], version), title) or summary
    picture, caption = _media(entry, url or base)
    if not picture:
        summary = summary or condensed(plain_lines(_text(entry, "media_caption")), title)  # a video's
    dates = (parse_date(_text(entry, name), zone, now) for name in ("published", "updated", "created"))
    return item_from(
        url=url,
        title=title,
        guid=guid,
        summary=summary,
        author=_author(entry),
        image_url=picture or _picture(entry, [*bodies, _text(entry, "summary")], url or base),
        image_caption=caption,
        categories=[
            plain_text(_text(tag, "label") or _text(tag, "term"), CATEGORY_LIMIT) for tag in dict.get(entry, "tags", [])
        ],
        published_at=next(filter(None, dates), None),
    )


def _text(parsed: Any, name: str) -> str:
    """A value as text. dict.get, because feedparser's own gives one name's value for another."""
    value = dict.get(parsed, name)
    return value if isinstance(value, str) else ""


def _address(entry: Any, guid: str, base: str) -> str:
    """The story's own address: FeedBurner's original, the link, or a guid that is a permanent link."""
    for name in ("feedburner_origlink", "link"):
        link = decode_references(_text(entry, name))
        if link and not (link == guid and not link.lower().startswith(("http://", "https://", "/"))):
            url = safe_url(link, base)
            if url:
                return url
    return safe_url(guid)


def _shown(value: str, detail: Any, version: str, limit: int) -> str:
    """A text construct as plain text on one line."""
    return one_line(decode_references(value), limit) if _is_literal(detail, version) else plain_text(value, limit)


def _lines(value: str, detail: Any, version: str) -> Iterator[str]:
    """A text construct as plain text, a paragraph a line."""
    return literal_lines(decode_references(value)) if _is_literal(detail, version) else plain_lines(value)


def _is_literal(detail: Any, version: str) -> bool:
    """Whether a text construct has no markup. Only Atom says so truthfully."""
    return version.startswith("atom") and isinstance(detail, dict) and detail.get("type") == "text/plain"


def _author(entry: Any) -> str:
    """The names of the authors; an address of RSS's form "mail@example (Name)" gives the name."""
    names = [_text(author, "name") for author in dict.get(entry, "authors", []) if isinstance(author, dict)]
    if not any(names):
        names = [_text(entry, "author")]
    cleaned = dict.fromkeys(plain_text(name, NAME_LIMIT) for name in names)
    return one_line(", ".join(name for name in cleaned if name and "@" not in name), NAME_LIMIT)


def _media(entry: Any, base: str) -> tuple[str, str]:
    """The address of the widest picture of Media RSS, and its caption if it can be no other's; "" without."""
    media = [each for each in dict.get(entry, "media_content", []) if isinstance(each, dict)]
    pictures = [
        each for each in media if looks_like_picture(_text(each, "url"), _text(each, "type"), _text(each, "medium"))
    ]
    for each in sorted(pictures, key=_width, reverse=True):
        if url := safe_url(decode_references(_text(each, "url")), base):
            return url, _caption(entry) if each is pictures[0] else ""
    return "", ""


def _caption(entry: Any) -> str:
    """The first picture's caption and credit."""
    named = [_text(each, "content") for each in dict.get(entry, "media_credit", []) if isinstance(each, dict)]
    credit = plain_text(named[0], NAME_LIMIT) if named else ""
    return captioned(plain_text(_text(entry, "media_caption"), CAPTION_LIMIT), credit)


def _picture(entry: Any, bodies: list[str], base: str) -> str:
    """The picture that an entry shows otherwise: a thumbnail, an enclosure, or one inside its text."""
    found = [_text(each, "url") for each in dict.get(entry, "media_thumbnail", []) if isinstance(each, dict)]
    found += _enclosed_pictures(entry)
    image = dict.get(entry, "image")
    found.append(_text(image, "href") or _text(image, "url") if isinstance(image, dict) else "")
    for address in found:
        if url := safe_url(decode_references(address), base):
            return url
    return next(filter(None, (first_picture(body, base) for body in bodies)), "")


def _enclosed_pictures(entry: Any) -> Iterator[str]:
    for link in dict.get(entry, "links", []):
        href = _text(link, "href")
        if dict.get(link, "rel") == "enclosure" and looks_like_picture(href, _text(link, "type")):
            yield href


def _width(media: Any) -> int:
    width = _text(media, "width")
    pixels = int(width) if width.isdecimal() and len(width) < 6 else 0
    return pixels if pixels <= _WIDEST else 0
