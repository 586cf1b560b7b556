"""Removes lines that several pages of a site share: notices, slogans, calls to subscribe."""

from collections import OrderedDict
from dataclasses import replace
from urllib.parse import urlsplit

from bot.stories.articles.article import Article
from bot.stories.reading.summaries import summary_of

_PAGES = 3  # a line on this many pages belongs to the site
_LINES = 6  # compared at the beginning and at the end of an article
_LONGEST = 250  # characters; a longer line belongs to a story, which may have several addresses
_OF_A_SITE = 200  # lines remembered per site
_SITES = 300  # remembered


class SiteLines:
    """Remembers the first and last lines of articles by site, in this process's memory; evicts the least recent."""

    def __init__(self) -> None:
        self._sites: OrderedDict[str, OrderedDict[int, set[int]]] = OrderedDict()

    def without_repeated(self, article: Article, url: str) -> Article:
        """The article without lines that other pages of its site have too. Remembers this page's lines."""
        lines = article.body.split("\n")
        site = self._site(urlsplit(url).netloc)
        repeated = {line for line in {*lines[:_LINES], *lines[-_LINES:]} if self._is_repeated(site, line, url)}
        kept = [line for line in lines if line not in repeated]
        if not repeated or not kept:
            return article
        had_own_summary = not article.body or article.summary != summary_of(article.body, article.title)
        body = "\n".join(kept)
        summary = article.summary if had_own_summary else summary_of(body, article.title)
        return replace(article, body=body, summary=summary or article.summary)

    def _site(self, host: str) -> OrderedDict[int, set[int]]:
        site = self._sites.setdefault(host, OrderedDict())
        self._sites.move_to_end(host)
        if len(self._sites) > _SITES:
            self._sites.popitem(last=False)
        return site

    @staticmethod
    def _is_repeated(site: OrderedDict[int, set[int]], line: str, url: str) -> bool:
        if not line or len(line) > _LONGEST:
            return False
        pages = site.setdefault(hash(line), set())
        site.move_to_end(hash(line))
        if len(pages) < _PAGES:
            pages.add(hash(url))
        if len(site) > _OF_A_SITE:
            site.popitem(last=False)
        return len(pages) >= _PAGES
