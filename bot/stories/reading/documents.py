"""A source's document, whatever its kind: feed, sitemap or page."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from bot.config import Newsroom, SourceTable
from bot.stories.items import Item
from bot.stories.reading import pages, websub
from bot.stories.reading.feeds import ITEMS_AT_MOST, Unreadable, parse_feed
from bot.stories.reading.fetcher import Fetcher, FetchError, Response
from bot.stories.reading.parsing import parse
from bot.stories.reading.sitemaps import parse_sitemap

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
_ENTRY = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]")


@dataclass(frozen=True, slots=True)
class Document:
    """What a source's document holds: its items, and where WebSub says that it is brought from.

    `in_parts`: it is an index, whose sitemaps change while it stays; `failed` says why some of them were not read.
    `unusable` entries have no link that a reader could open, `long_links` one that is too long for a button.
    """

    items: tuple[Item, ...]
    hub: str = ""
    topic: str = ""
    in_parts: bool = False
    failed: str = ""
    unusable: int = 0
    long_links: int = 0

    @property
    def complaint(self) -> str:
        """What an editor should know of a document that could be read; "" where all is well."""
        said = []
        if self.unusable:
            said.append(f"{self.unusable} of {self.unusable + len(self.items)} entries have no usable link")
        if self.long_links:
            said.append(f"links too long for a button, which go without: {self.long_links}")
        return "; ".join(said)

    @property
    def digest(self) -> str:
        """The same for two documents that say the same, whatever else in their bytes differs."""
        return digest_of(repr(self).encode(errors="surrogatepass"))


def digest_of(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def body_digest_of(body: bytes, kind: str) -> str:
    """The same for two answers that need not be read both.

    Of a feed the entries count: before them many a server writes the time, and after them its cache a comment.
    """
    if kind == "feed" and (first := _ENTRY.search(body)):
        body = body[first.start() : max(body.rfind(b"item>"), body.rfind(b"entry>"))]
    return digest_of(body)


async def read(fetcher: Fetcher, table: SourceTable, response: Response, newsroom: Newsroom, now: datetime) -> Document:
    """A source's document, whatever its kind; an index of sitemaps is followed. Raises Unreadable."""
    document, further = await _parse(table, response, newsroom, now)
    items, failed = list(document.items), []
    for address in further:
        try:
            part = await fetcher.fetch(address, accept=ACCEPT)
            if part.status != 200:
                raise Unreadable(f"HTTP {part.status}")
            found, deeper = await _parse(table, part, newsroom, now)
            if deeper:
                raise Unreadable("an index inside an index")
        except (FetchError, Unreadable) as error:
            failed.append(f"the sitemap {address}: {getattr(error, 'detail', error)}")
        else:
            items += found.items
    if failed and len(failed) == len(further):
        raise Unreadable(failed[0])
    return replace(
        document, items=tuple(items[:ITEMS_AT_MOST]), in_parts=bool(further), failed=failed[0] if failed else ""
    )


async def read_delivered(
    table: SourceTable, body: bytes, content_type: str, topic: str, newsroom: Newsroom, now: datetime
) -> Document:
    """What a hub brings of a source. Raises Unreadable."""
    delivered = Response(url=topic, status=200, body=body, content_type=content_type)
    return (await _parse(table, delivered, newsroom, now))[0]


async def _parse(
    table: SourceTable, response: Response, newsroom: Newsroom, now: datetime
) -> tuple[Document, tuple[str, ...]]:
    """The document, and the addresses of its further parts."""
    given: dict[str, Any] = {"url": response.url, "content_type": response.content_type}
    given |= {"default_zone": newsroom.zone, "now": now}
    hub, topic = websub.discover(response.links, response.url)
    if table.kind == "feed":
        feed = await parse(table.id, parse_feed, response.body, language=newsroom.language, **given)
        topic = topic or feed.self_url or response.url
        document = Document(feed.items, hub or feed.hub, topic, unusable=feed.unusable, long_links=feed.long_links)
        return document, ()
    if table.kind == "sitemap":
        found = await parse(table.id, parse_sitemap, response.body, **given)
        return Document(found.items, hub, topic or response.url), found.further
    if table.select is None:
        raise Unreadable("a page needs its selectors: select = { item = …, title = …, link = … }")
    page = await parse(table.id, pages.parse_page, response.body, table.select, may_be_empty=table.update, **given)
    return Document(page.items, hub or page.hub, topic or page.self_url or response.url), ()
