"""Small feeds for tests: RSS and Atom around the entries that a test is about."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.stories.items import Item
from bot.stories.reading.feeds import Feed, parse_feed

NOW = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
NAMESPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom"'
)


def parse(
    body: str | bytes, *, url: str = "https://news.example/rss", language: str = "id", limit: int = 10_000
) -> Feed:
    data = body.encode() if isinstance(body, str) else body
    return parse_feed(data, url=url, default_zone=ZoneInfo("Asia/Jakarta"), now=NOW, language=language, limit=limit)


def rss(*items: str, site: str = "https://news.example/") -> str:
    entries = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0" {NAMESPACES}><channel><title>Warta</title><link>{site}</link>{entries}</channel></rss>'


def atom(*entries: str, more: str = "") -> str:
    inside = "".join(f"<entry><id>urn:{n}</id><title>Judul {n}</title>{each}</entry>" for n, each in enumerate(entries))
    return f'<feed xmlns="http://www.w3.org/2005/Atom"{more}><title>Warta</title><id>urn:f</id>{inside}</feed>'


def only(feed: Feed) -> Item:
    (item,) = feed.items
    return item


TITLED = "<title>Banjir surut</title>"
LINKED = f"{TITLED}<link>https://news.example/banjir</link>"
