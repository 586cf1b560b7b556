"""Looking at articles' own pages: for what a story lacks, and whether it was taken down."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import structlog

from bot.config import Newsroom, SourceTable
from bot.stories.articles.article import Article, completed, parse_article
from bot.stories.articles.identity import is_the_article
from bot.stories.articles.site_lines import SiteLines
from bot.stories.items import Item
from bot.stories.reading.feeds import Unreadable
from bot.stories.reading.fetcher import Fetcher, FetchError
from bot.stories.reading.isolated import Overrun
from bot.stories.reading.parsing import ARTICLE_BYTES, parse_apart

log = structlog.get_logger("kabar.articles")

AT_MOST = 30  # pages that a poll looks at for their titles
SECONDS = 10.0  # for all of them together, or for one page
AGAIN_AFTER = timedelta(minutes=15)  # a poll asks one page not more often
_REMEMBERED = 10_000  # pages and hosts


class Lookups:
    """One process's looks at article pages."""

    def __init__(self, *, fetcher: Fetcher, newsroom: Newsroom, now: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._newsroom = newsroom
        self._now = now
        self._site_lines = SiteLines()
        self.overruns: dict[str, dict[str, Any]] = {}  # by source: its last page that exceeded the limits of parsing
        self._asked: OrderedDict[str, datetime] = OrderedDict()  # pages, and hosts that did not answer

    async def read(self, url: str, title: str, source_id: str) -> Article | None:
        """What the page says of the story that its source calls `title`; None where it does not answer, or is another.

        The time that parsing takes is charged to the source.
        """
        try:
            async with asyncio.timeout(SECONDS):
                page = await self._fetcher.fetch(url, accept="text/html", max_bytes=ARTICLE_BYTES)
            if page.status != 200:
                return None
            article = await parse_apart(
                source_id,
                parse_article,
                page.body,
                url=page.url,
                content_type=page.content_type,
                default_zone=self._newsroom.zone,
                now=self._now(),
            )
        except Overrun as error:
            self.overruns[source_id] = {"url": url, "error": str(error), "at": self._now().isoformat()}
            return None
        except (FetchError, Unreadable, TimeoutError) as error:  # the list's own words have to do
            log.debug("article_not_read", url=url, error=str(error))
            return None
        if not is_the_article(article, title=title, asked=url, answered=page.url):
            log.debug("article_is_another", url=url, answered=page.url, title=article.title)
            return None
        return self._site_lines.without_repeated(article, page.url)

    async def titled(self, table: SourceTable, items: Sequence[Item]) -> dict[Item, Item]:
        """The first of the items that have no title, with what their own pages say; an ordinary sitemap's have none."""
        looked_at = list(islice((item for item in items if not item.title and self._ask(item.url)), AT_MOST))
        found = await asyncio.gather(*(self.read(item.url, "", table.id) for item in looked_at))
        articles = dict(zip(looked_at, found, strict=True))
        answered = {_host(item.url) for item, article in articles.items() if article is not None}
        for silent in {_host(item.url) for item in looked_at} - answered:
            self._remember(silent)
        return {item: completed(item, article) for item, article in articles.items() if article is not None}

    async def are_gone(self, urls: Sequence[str]) -> list[str]:
        """Those of the addresses that answer 410: taken down for good. No other answer says so."""
        gone = []
        for url in urls:
            if not self._ask(url, why="gone"):
                continue
            try:
                async with asyncio.timeout(SECONDS):
                    page = await self._fetcher.fetch(url, accept="text/html", max_bytes=ARTICLE_BYTES)
            except (FetchError, TimeoutError):
                continue
            gone += [url] if page.status == 410 else []
        return gone

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
