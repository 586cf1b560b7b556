"""Finds an article's publication time on its page. Pure and CPU-bound."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.articles.headlines import nearby
from bot.stories.reading.dates import parse_date
from bot.stories.reading.moments import moment_of

log = structlog.get_logger("kabar.articles")

_META_TAGS = (
    "meta[property='article:published_time']", "meta[name='article:published_time']", "meta[itemprop=datePublished]",
    "meta[name=pubdate]", "meta[name=publishdate]", "meta[name='publish-date']", "meta[name='publish_date']",
    "meta[name='content_PublishedDate']", "meta[name='dtk:publishdate']", "meta[property='og:published_time']",
    "meta[name='parsely-pub-date']", "meta[name='sailthru.date']", "meta[name='DC.date.issued']",
    "meta[name='dcterms.created']", "meta[name=date]", "meta[name='originalpublishdate']",
)  # fmt: skip
_TIME_LIKE = re.compile(r"date|time|waktu|tanggal|tgl|publish|posted|created", re.IGNORECASE)
_ASIDE = re.compile(r"relat|terkait|populer|popular|sidebar|ticker|trending|comment|komentar|footer|terkini", re.I)
_WEEKDAY = re.compile(
    r"(?:.{0,60}\W)?(?:senin|selasa|rabu|kamis|jum.?at|sabtu|minggu|ahad"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\W",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(
    r"/((?:19|20)\d\d)[/-](\d{1,2})[/-](\d{1,2})(?:[/-]|$)|/((?:19|20)\d\d)(\d\d)(\d\d)(?:\d{6})?/"
)
_JUST_ABOVE = 6  # elements before the headline; further up are other stories' times and today's date
_LINE = 160  # characters; a longer text is a paragraph of the story, and dates in it are not its publication


def published_at(
    tree: LexborHTMLParser, headline: LexborNode | None, linked: str, url: str, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """The publication time in UTC: from metadata, then the line under the headline, then less reliable places.

    `linked` is JSON-LD's datePublished. Only a day known: its midnight in `zone`.
    """
    if moment := parse_date(linked, zone, now):
        return moment
    for selector in _META_TAGS:
        for node in tree.css(selector)[:3]:
            if moment := parse_date(node.attributes.get("content") or "", zone, now):
                return moment
    for node in tree.css("[itemprop=datePublished]")[:3]:
        if moment := moment_of(node, zone, now):
            return moment
    before, after = nearby(tree, headline)
    short = (node for node in after if node.tag == "time" or len(node.text(separator=" ")) <= _LINE)
    if moment := _first(short, zone, now):
        return moment
    if (day := _from_address(url, zone, now)) is not None:
        moments = (moment_of(node, zone, now) for node in _time_like(tree))
        same_day = (candidate for candidate in moments if candidate and candidate.astimezone(zone).date() == day.date())
        return next(same_day, day).astimezone(UTC)
    above = (node for node in before[:_JUST_ABOVE] if _may_hold_a_time(node) and len(node.text(separator=" ")) <= _LINE)
    return (
        _first(above, zone, now)
        or _first((node for node in _time_like(tree) if not _is_aside(node)), zone, now)
        or _first(_time_like(tree), zone, now)
        or _from_htmldate(tree, url, zone, now)
        or _first(_short_lines(tree), zone, now)
    )


def _time_like(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    for node in tree.css("time, [class], [id]"):
        if _may_hold_a_time(node) and len(node.text(separator=" ")) <= _LINE:
            yield node


def _may_hold_a_time(node: LexborNode) -> bool:
    names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
    return node.tag == "time" or _TIME_LIKE.search(names) is not None


def _short_lines(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    """Lines with a weekday near their beginning, which are the date lines of pages without useful markup."""
    for node in tree.css("td, p, div, span, font, b, i, small")[:2_000]:
        text = node.text(separator=" ")
        if len(text) <= _LINE and _WEEKDAY.match(text.strip()):
            yield node


def _is_aside(node: LexborNode) -> bool:
    ancestor: LexborNode | None = node
    for _ in range(10):
        if ancestor is None or ancestor.tag == "body":
            return False
        names = f"{ancestor.attributes.get('class') or ''} {ancestor.attributes.get('id') or ''}"
        if ancestor.tag in ("aside", "nav", "footer", "header") or _ASIDE.search(names):
            return True
        ancestor = ancestor.parent
    return False


def _first(nodes: Iterable[LexborNode], zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first moment among the elements; where it is only a day, a later element's time on that day."""
    day: datetime | None = None
    for node in nodes:
        if moment := moment_of(node, zone, now):
            local = moment.astimezone(zone)
            if day is None and local.time() == time(0):
                day = local
            elif day is None or (local.date() == day.date() and local.time() != time(0)):
                return moment
    return day.astimezone(UTC) if day else None


def _from_address(url: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Midnight of the day in the article's address, such as /2026/11/24/; None without one."""
    if match := _IN_ADDRESS.search(urlsplit(url).path):
        year, month, day = (int(part) for part in match.groups() if part)
        try:
            moment = datetime.combine(date(year, month, day), time(0), zone)
        except ValueError:
            return None
        return moment if moment <= now else None
    return None


def _from_htmldate(tree: LexborHTMLParser, url: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Midnight of the day that htmldate finds in the page's markup (https://htmldate.readthedocs.io).

    Its extensive search is off: it may take any number for a year, and a story dated in the past is never pushed.
    """
    from htmldate import find_date  # imported late: it comes with trafilatura, which only some newsrooms need

    try:
        day = find_date(tree.html or "", url=url or None, original_date=True, extensive_search=False, max_date=now)
    except Exception as error:  # a hostile page may make the library raise anything
        log.info("date_search_failed", url=url, error=repr(error)[:200])
        return None
    return parse_date(day, zone, now) if day else None
