"""Reads a source's document of any kind (feed, sitemap or page) into a Document."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from bot.config import Newsroom, SourceTable
from bot.stories.items import Item
from bot.stories.reading import pages, websub
from bot.stories.reading.addresses import site_of
from bot.stories.reading.cleaning import safe_url
from bot.stories.reading.feeds import ITEMS_AT_MOST, Unreadable, parse_feed
from bot.stories.reading.fetcher import Fetcher, FetchError, Response
from bot.stories.reading.parsing import parse
from bot.stories.reading.sitemaps import parse_sitemap

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
NAMED_AT_MOST = 3  # sites or hosts
_ENTRY = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]")


@dataclass(frozen=True, slots=True)
class Document:
    """A source's items, and its WebSub hub and topic ("" without).

    `in_parts`: it is an index, whose sitemaps change while it stays; `failed` says why some of them were not read.
    `unusable` entries have no link that a reader could open, `long_links` one that is too long for a button; those that
    led from a page to other sites are left out, and `elsewhere` has each such site and how many entries led there.
    """

    items: tuple[Item, ...]
    hub: str = ""
    topic: str = ""
    in_parts: bool = False
    failed: str = ""
    unusable: int = 0
    long_links: int = 0
    elsewhere: tuple[tuple[str, int], ...] = ()

    @property
    def complaints(self) -> dict[str, Any]:
        """What an editor should know of a document that could be read; empty if nothing.

        It is kept with the source and worded by bot.messages.sources, so a name never changes its meaning.
        """
        elsewhere = sum(count for _, count in self.elsewhere)
        counts = {"unusable": self.unusable, "elsewhere": elsewhere, "long_links": self.long_links}
        said = {"failed": self.failed, "sites": named(self.elsewhere), **counts}
        said = {name: value for name, value in said.items() if value}
        return {"entries": len(self.items) + self.unusable + elsewhere, **said} if said else {}

    @property
    def digest(self) -> str:
        """Equal for two documents with the same content, even if their bytes, or entries that are left out, differ."""
        content = replace(self, unusable=0, long_links=0, elsewhere=())
        return digest_of(repr(content).encode(errors="surrogatepass"))


class AllElsewhere(Unreadable):
    """A page that lists other sites' stories only."""


def named(counts: Sequence[tuple[str, int]]) -> str:
    """The first of the sites or hosts, for an editor."""
    return ", ".join(name for name, _ in counts[:NAMED_AT_MOST]) + (", …" if len(counts) > NAMED_AT_MOST else "")


def own_sites(table: SourceTable, newsroom: Newsroom, answered: str) -> frozenset[str]:
    """The sites whose stories a source lists: its own, that which `answered`, the newsroom's, and its `sites`."""
    urls = (table.url, answered, newsroom.newsroom.url, *(f"https://{name}/" for name in table.sites))
    return frozenset(site_of(safe_url(url) or url) for url in urls)


def digest_of(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def body_digest_of(body: bytes, kind: str) -> str:
    """Equal for two responses of which only one needs to be parsed.

    For a feed, only its entries: many servers write the time before them, and caches add a comment after them.
    """
    if kind == "feed" and (first := _ENTRY.search(body)):
        body = body[first.start() : max(body.rfind(b"item>"), body.rfind(b"entry>"))]
    return digest_of(body)


async def read(fetcher: Fetcher, table: SourceTable, response: Response, newsroom: Newsroom, now: datetime) -> Document:
    """Parse a source's response; fetches the sitemaps of a sitemap index. Raises Unreadable."""
    document, further = await _parse(table, response, newsroom, now)
    items, failed = list(document.items), []
    for address in further:
        try:
            part = await fetcher.fetch(address, accept=ACCEPT)
            if part.status != 200:
                raise Unreadable(f"HTTP {part.status}")
            part_document, nested = await _parse(table, part, newsroom, now)
            if nested:
                raise Unreadable("an index inside an index")
        except (FetchError, Unreadable) as error:
            failed.append(f"the sitemap {address}: {getattr(error, 'detail', error)}")
        else:
            items += part_document.items
    if failed and len(failed) == len(further):
        raise Unreadable(failed[0])
    return replace(
        document, items=tuple(items[:ITEMS_AT_MOST]), in_parts=bool(further), failed=failed[0] if failed else ""
    )


async def read_delivered(
    table: SourceTable, body: bytes, content_type: str, topic: str, newsroom: Newsroom, now: datetime
) -> Document:
    """Parse what a WebSub hub delivers for a source. Raises Unreadable."""
    delivered = Response(url=topic, status=200, body=body, content_type=content_type)
    return (await _parse(table, delivered, newsroom, now))[0]


async def _parse(
    table: SourceTable, response: Response, newsroom: Newsroom, now: datetime
) -> tuple[Document, tuple[str, ...]]:
    """The document, and the addresses of further sitemaps to fetch."""
    arguments: dict[str, Any] = {"url": response.url, "content_type": response.content_type}
    arguments |= {"default_zone": newsroom.zone, "now": now}
    hub, topic = websub.discover(response.links, response.url)
    if table.kind == "feed":
        feed = await parse(table.id, parse_feed, response.body, language=newsroom.language, **arguments)
        topic = topic or feed.self_url or response.url
        document = Document(feed.items, hub or feed.hub, topic, unusable=feed.unusable, long_links=feed.long_links)
        return document, ()
    if table.kind == "sitemap":
        sitemap = await parse(table.id, parse_sitemap, response.body, **arguments)
        return Document(sitemap.items, hub, topic or response.url), sitemap.further
    if table.select is None:
        raise Unreadable("a page needs its selectors: select = { item = …, title = …, link = … }")
    page = await parse(table.id, pages.parse_page, response.body, table.select, may_be_empty=table.update, **arguments)
    items, elsewhere = _of_sites(page.items, own_sites(table, newsroom, response.url))
    if elsewhere and not items and not table.update:
        raise AllElsewhere(
            f"all entries lead to other sites: {named(elsewhere)}; if they are yours, name them in sites"
        )
    return Document(items, hub or page.hub, topic or page.self_url or response.url, elsewhere=elsewhere), ()


def _of_sites(items: Sequence[Item], own: frozenset[str]) -> tuple[tuple[Item, ...], tuple[tuple[str, int], ...]]:
    """The items that lead to one of these sites, and how many lead to which other one: advertising, partners' links."""
    elsewhere = Counter(site for item in items if (site := site_of(item.url)) not in own)
    return tuple(item for item in items if site_of(item.url) in own), tuple(elsewhere.most_common())
