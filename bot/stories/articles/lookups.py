"""Looking at articles' own pages: for what a list or a feed lacks, and whether a story was taken down."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import urlsplit

import structlog

from bot.config import Newsroom, SourceTable
from bot.stories.articles.article import completed, parse_article
from bot.stories.items import Item
from bot.stories.reading import pages
from bot.stories.reading.feeds import Unreadable
from bot.stories.reading.fetcher import Fetcher, FetchError
from bot.stories.reading.parsing import ARTICLE_BYTES, parse_apart
from bot.stories.reading.summaries import is_cut
from bot.stories.telling import changes

log = structlog.get_logger("kabar.articles")

AT_MOST = 30  # pages looked at in one poll
SECONDS = 10.0  # for all of them together
SECONDS_FOR_A_FEED = 4.0  # whose stories can do without
AGAIN_AFTER = timedelta(minutes=15)  # one page is not asked more often
_REMEMBERED = 10_000  # pages and hosts


class Lookups:
    """One process's looks at article pages, each page at most once in AGAIN_AFTER."""

    def __init__(self, *, fetcher: Fetcher, newsroom: Newsroom, now: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._newsroom = newsroom
        self._now = now
        self._asked: OrderedDict[str, datetime] = OrderedDict()  # pages, and hosts that did not answer

    def lacking(self, table: SourceTable, items: Sequence[Item]) -> list[Item]:
        """The items whose pages are worth a look. A feed's UPDATE says enough to be sent, and does not wait."""
        return [item for item in items if self._lacks(table, item)]

    def _lacks(self, table: SourceTable, item: Item) -> bool:
        if table.kind == "feed":
            says_enough = item.summary and not is_cut(item.summary) and item.image_url
            return not says_enough and not changes.is_update(item, table, self._newsroom)
        return True  # a list has no byline and no caption, a sitemap not even a summary

    async def complete(self, table: SourceTable, items: Sequence[Item]) -> dict[Item, Item]:
        """The first of the items with what their own pages say of them; what has no answer in time is left out."""
        seconds = SECONDS_FOR_A_FEED if table.kind == "feed" else SECONDS
        deadline = asyncio.get_running_loop().time() + seconds
        looked_at = list(islice((item for item in items if self._ask(item.url)), AT_MOST))
        answered: set[str] = set()
        found = await asyncio.gather(*(self._completed(table, item, deadline, answered) for item in looked_at))
        for silent in {_host(item.url) for item in looked_at} - answered:
            self._remember(silent)
        return dict(zip(looked_at, found, strict=True))

    async def are_gone(self, urls: Sequence[str]) -> list[str]:
        """Those of the addresses that answer 410: taken down for good. No other answer says so."""
        gone = []
        for url in urls:
            if not self._ask(url, why="gone"):
                continue
            try:
                async with asyncio.timeout(SECONDS):
                    page = await self._fetcher.fetch(url, accept="text/html", max_bytes=pages.MAX_BYTES)
            except (FetchError, TimeoutError):
                continue
            gone += [url] if page.status == 410 else []
        return gone

    async def _completed(self, table: SourceTable, item: Item, deadline: float, answered: set[str]) -> Item:
        try:
            async with asyncio.timeout_at(deadline):
                page = await self._fetcher.fetch(item.url, accept="text/html", max_bytes=ARTICLE_BYTES)
            answered.add(_host(item.url))
            if page.status != 200:
                return item
            article = await parse_apart(
                table.id,
                parse_article,
                page.body,
                url=page.url,
                content_type=page.content_type,
                default_zone=self._newsroom.zone,
                now=self._now(),
            )
        except (FetchError, Unreadable, TimeoutError) as error:  # the list's own words have to do
            log.debug("article_not_read", url=item.url, error=str(error))
            return item
        return completed(item, article, is_thumbnail=table.select is not None and not table.select.image)

    def may_ask(self, url: str, why: str = "") -> bool:
        """Whether neither the page was asked for this, nor its host silent, in AGAIN_AFTER."""
        since = self._now() - AGAIN_AFTER
        return not any(name in self._asked and self._asked[name] > since for name in (why + url, _host(url)))

    def _ask(self, url: str, why: str = "") -> bool:
        """Whether we may ask; then it counts as asked."""
        if not self.may_ask(url, why):
            return False
        self._remember(why + url)
        return True

    def _remember(self, name: str) -> None:
        self._asked[name] = self._now()
        self._asked.move_to_end(name)
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)


def _host(url: str) -> str:
    return urlsplit(url).netloc
