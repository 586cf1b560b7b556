"""Feeds: the bytes of RSS 0.9x, 1.0, 2.0, Atom or JSON Feed become Items. Pure and processor-bound: for a thread."""

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.sax import SAXException
from zoneinfo import ZoneInfo

import feedparser.api

from bot.stories.items import Item
from bot.stories.reading.cleaning import decode_references, literal_lines, one_line, plain_lines, plain_text, safe_url
from bot.stories.reading.dates import parse_date
from bot.stories.reading.decoding import decode
from bot.stories.reading.feed_items import (
    CATEGORY_LIMIT,
    NAME_LIMIT,
    TITLE_LIMIT,
    Feed,
    Unreadable,
    item_from,
    newest,
    of_entries,
    person_name,
)
from bot.stories.reading.feed_links import base_of, story_url, text_of
from bot.stories.reading.feed_markup import first_element, safe_markup
from bot.stories.reading.feed_pictures import picture_of
from bot.stories.reading.figures import without_captions
from bot.stories.reading.jsonfeed import parse_json_feed
from bot.stories.reading.summaries import condensed, is_cut

feedparser.api.PREFERRED_XML_PARSERS = []  # looking for one that nobody has was 60 % of the time a feed takes

__all__ = ["ITEMS_AT_MOST", "MAX_BYTES", "Feed", "Unreadable", "parse_feed"]

ITEMS_AT_MOST = 10_000
MAX_BYTES = 10_000_000
_DATES = ("published", "updated", "created")
_ROOTS = ("rss", "feed", "rdf", "channel")
_OTHER_ROOTS = {
    "html": "an HTML page",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap index",
    "opml": "an OPML list",
}


def parse_feed(
    body: bytes,
    *,
    url: str,
    content_type: str = "",
    default_zone: ZoneInfo,
    now: datetime,
    limit: int = ITEMS_AT_MOST,
    language: str = "",
) -> Feed:
    """The feed in `body`, its `limit` newest items in the document's order. Raises Unreadable, and nothing else.

    `url` is where it was read; `default_zone` is that of times without one; of an entry's pages in several languages
    the one in `language` is taken.
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
    links = base_of(parsed["feed"], parsed["version"], url)
    entries: list[tuple[str, Item | None]] = []
    said = [entry for entry in parsed["entries"] if len(entry)]
    for entry in newest(said, limit, lambda each: _when(each, default_zone, now)):
        address = story_url(entry, links, language)
        item = _item(entry, address, address or links, parsed["version"], default_zone, now)
        entries.append((address, item))
    return _feed(parsed["feed"], entries, url, limit)


def _when(entry: Any, zone: ZoneInfo, now: datetime) -> datetime | None:
    return next(filter(None, (parse_date(text_of(entry, name), zone, now) for name in _DATES)), None)


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


def _feed(parsed: Any, entries: list[tuple[str, Item | None]], url: str, limit: int) -> Feed:
    links = dict.get(parsed, "links", [])
    return of_entries(
        plain_text(text_of(parsed, "title"), NAME_LIMIT, is_title=True),
        entries,
        limit,
        hub=next((safe_url(text_of(link, "href"), url) for link in links if dict.get(link, "rel") == "hub"), ""),
        self_url=next((safe_url(text_of(link, "href"), url) for link in links if dict.get(link, "rel") == "self"), ""),
    )


def _item(entry: Any, url: str, base: str, version: str, zone: ZoneInfo, now: datetime) -> Item | None:
    """One entry; `base` is what addresses in its texts are relative to without an xml:base."""
    contents = [part for part in dict.get(entry, "content", []) if isinstance(part, dict)]
    title = _shown(text_of(entry, "title"), dict.get(entry, "title_detail"), version, TITLE_LIMIT)
    summary = condensed(_lines(text_of(entry, "summary"), dict.get(entry, "summary_detail"), version), title)
    if contents and (not summary or summary == title or is_cut(summary)):
        summary = condensed(_lines(text_of(contents[0], "value"), contents[0], version), title) or summary
    bodies = [(text_of(part, "value"), _base(part, base)) for part in contents]
    bodies.append((text_of(entry, "summary"), _base(dict.get(entry, "summary_detail"), base)))
    picture, caption = picture_of(entry, bodies, base)
    if not summary and not dict.get(entry, "media_content"):
        summary = condensed(plain_lines(text_of(entry, "media_caption")), title)  # a video's
    return item_from(
        url=url,
        title=title,
        guid=text_of(entry, "id"),
        summary=summary,
        author=_author(entry),
        image_url=picture,
        image_caption=caption,
        categories=[
            plain_text(text_of(tag, "label") or text_of(tag, "term"), CATEGORY_LIMIT)
            for tag in dict.get(entry, "tags", [])
        ],
        published_at=_when(entry, zone, now),
    )


def _base(detail: Any, base: str) -> str:
    """What is relative in a text construct is so to this: its own xml:base, where it is whole."""
    own = text_of(detail, "base") if isinstance(detail, dict) else ""
    return own if own.startswith(("http://", "https://")) else base


def _shown(value: str, detail: Any, version: str, limit: int) -> str:
    """A title as plain text on one line."""
    if _is_literal(detail, version):
        return one_line(decode_references(value), limit)
    return plain_text(value, limit, is_title=True)


def _lines(value: str, detail: Any, version: str) -> Iterator[str]:
    """A text construct as plain text, a paragraph a line, without its pictures' captions."""
    if _is_literal(detail, version):
        return literal_lines(decode_references(value))
    return plain_lines(without_captions(value)[0] if "<" in value else value)


def _is_literal(detail: Any, version: str) -> bool:
    """Whether a text construct has no markup. Only Atom says so truthfully."""
    return version.startswith("atom") and isinstance(detail, dict) and detail.get("type") == "text/plain"


def _author(entry: Any) -> str:
    """The names of the authors; their mail addresses and handles are left out."""
    names = [text_of(author, "name") for author in dict.get(entry, "authors", []) if isinstance(author, dict)]
    if not any(names):
        names = [text_of(entry, "author")]
    cleaned = dict.fromkeys(person_name(plain_text(name, NAME_LIMIT)) for name in names)
    return one_line(", ".join(filter(None, cleaned)), NAME_LIMIT)
