"""When an article was published, as its page says it. Pure; for a thread."""

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

_FOR_MACHINES = (
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
_JUST_ABOVE = 6  # elements before the headline; further up is another story's time, or the site's of today
_LINE = 160  # characters; a longer text is a paragraph, whose dates are the story's


def published_at(
    tree: LexborHTMLParser, headline: LexborNode | None, linked: str, url: str, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """`linked` is JSON-LD's datePublished. What is meant for machines first, then the line under the headline."""
    if found := parse_date(linked, zone, now):
        return found
    for selector in _FOR_MACHINES:
        for node in tree.css(selector)[:3]:
            if found := parse_date(node.attributes.get("content") or "", zone, now):
                return found
    for node in tree.css("[itemprop=datePublished]")[:3]:
        if found := moment_of(node, zone, now):
            return found
    before, after = nearby(tree, headline)
    short = (node for node in after if node.tag == "time" or len(node.text(separator=" ")) <= _LINE)
    if found := _first(short, zone, now):
        return found
    if (day := _from_address(url, zone, now)) is not None:
        moments = (moment_of(node, zone, now) for node in _time_like(tree))
        same_day = (moment for moment in moments if moment and moment.astimezone(zone).date() == day.date())
        return next(same_day, day).astimezone(UTC)
    above = (node for node in before[:_JUST_ABOVE] if _says_a_time(node) and len(node.text(separator=" ")) <= _LINE)
    return (
        _first(above, zone, now)
        or _first((node for node in _time_like(tree) if not _is_aside(node)), zone, now)
        or _first(_time_like(tree), zone, now)
        or _searched(tree, url, zone, now)
        or _first(_short_lines(tree), zone, now)
    )


def _time_like(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    for node in tree.css("time, [class], [id]"):
        if _says_a_time(node) and len(node.text(separator=" ")) <= _LINE:
            yield node


def _says_a_time(node: LexborNode) -> bool:
    names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
    return node.tag == "time" or _TIME_LIKE.search(names) is not None


def _short_lines(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    """Lines with a weekday near their beginning, as the date lines of pages without any markup do."""
    for node in tree.css("td, p, div, span, font, b, i, small")[:2_000]:
        text = node.text(separator=" ")
        if len(text) <= _LINE and _WEEKDAY.match(text.strip()):
            yield node


def _is_aside(node: LexborNode) -> bool:
    above: LexborNode | None = node
    for _ in range(10):
        if above is None or above.tag == "body":
            return False
        names = f"{above.attributes.get('class') or ''} {above.attributes.get('id') or ''}"
        if above.tag in ("aside", "nav", "footer", "header") or _ASIDE.search(names):
            return True
        above = above.parent
    return False


def _first(nodes: Iterable[LexborNode], zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first moment that an element names; where that is a day only, the time that another gives of that day."""
    day: datetime | None = None
    for node in nodes:
        if found := moment_of(node, zone, now):
            local = found.astimezone(zone)
            if day is None and local.time() == time(0):
                day = local
            elif day is None or (local.date() == day.date() and local.time() != time(0)):
                return found
    return day.astimezone(UTC) if day else None


def _from_address(url: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The day in the article's address, at its midnight."""
    if found := _IN_ADDRESS.search(urlsplit(url).path):
        year, month, day = (int(part) for part in found.groups() if part)
        try:
            moment = datetime.combine(date(year, month, day), time(0), zone)
        except ValueError:
            return None
        return moment if moment <= now else None
    return None


def _searched(tree: LexborHTMLParser, url: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The day that htmldate finds in the page's markup (https://htmldate.readthedocs.io), at its midnight.

    Not its extensive search: a number taken for a year makes a new story an old one, which is never pushed.
    """
    from htmldate import find_date  # late: it comes with trafilatura, for newsrooms that need it

    try:
        day = find_date(tree.html or "", url=url or None, original_date=True, extensive_search=False, max_date=now)
    except Exception as error:  # whatever of a page breaks a library is the page's fault
        log.info("date_search_failed", url=url, error=repr(error)[:200])
        return None
    return parse_date(day, zone, now) if day else None
