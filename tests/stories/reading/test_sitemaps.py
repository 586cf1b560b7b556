"""News sitemaps, ordinary ones, and indexes."""

import gzip
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.stories.reading.feed_items import Unreadable
from bot.stories.reading.sitemaps import Sitemap, parse_sitemap

NOW = datetime(2026, 2, 22, 5, 0, tzinfo=UTC)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
)


def entry(path: str, title: str, when: str, more: str = "") -> str:
    return (
        f"<url><loc>https://news.example/{path}</loc><news:news><news:publication><news:name>Contoh</news:name>"
        f"<news:language>id</news:language></news:publication><news:publication_date>{when}</news:publication_date>"
        f"<news:title>{title}</news:title></news:news>{more}</url>"
    )


def parse(text: str | bytes) -> Sitemap:
    body = text.encode() if isinstance(text, str) else text
    return parse_sitemap(body, url="https://news.example/sitemap.xml", default_zone=ZoneInfo("Asia/Jakarta"), now=NOW)


NEWS = (
    HEAD
    + entry("a", "Yang lama", "2026-02-21T09:40:00+07:00")
    + entry(
        "b",
        "Yang baru &amp; &lt;b&gt;tebal&lt;/b&gt;",
        "2026-02-22T09:40:00+07:00",
        "<image:image><image:loc>https://news.example/b.jpg</image:loc>"
        "<image:title>Bukan judul</image:title></image:image>",
    )
    + "</urlset>"
)


@pytest.mark.parametrize("packed", [False, True])
def test_a_news_sitemap_is_a_list_of_stories_the_newest_first(packed: bool) -> None:
    found = parse(gzip.compress(NEWS.encode()) if packed else NEWS).items
    assert [(item.title, item.url, item.image_url) for item in found] == [
        ("Yang baru & tebal", "https://news.example/b", "https://news.example/b.jpg"),
        ("Yang lama", "https://news.example/a", ""),
    ]
    assert found[0].published_at == datetime(2026, 2, 22, 2, 40, tzinfo=UTC)


def test_an_ordinary_sitemap_gives_addresses_whose_titles_are_on_their_pages() -> None:
    (item,) = parse(HEAD + "<url><loc>https://news.example/c</loc><lastmod>2026-02-22</lastmod></url></urlset>").items
    assert (item.url, item.title, item.published_at) == ("https://news.example/c", "", None)


def test_of_an_index_the_newest_sitemaps_are_read_and_those_for_news_first() -> None:
    parts = "".join(
        f"<sitemap><loc>https://news.example/{name}.xml</loc><lastmod>{day}</lastmod></sitemap>"
        for name, day in (
            ("2019", "2019-12-31"),
            ("2026", "2026-02-22"),
            ("news", "2026-02-20"),
            ("2025", "2025-12-31"),
        )
    )
    assert parse(f"<sitemapindex>{parts}</sitemapindex>").further == (
        "https://news.example/news.xml",
        "https://news.example/2026.xml",
        "https://news.example/2025.xml",
    )


def test_what_breaks_off_keeps_its_whole_entries() -> None:
    assert len(parse(NEWS[: NEWS.rindex("<url>") + 60]).items) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<rss><channel></channel></rss>",
        "<html><body>Bukan</body></html>",
        "{}",
        b"\x1f\x8bnot gzip",
        gzip.compress(b" " * 20_000_000),
    ],
)
def test_what_is_no_sitemap_is_said_to_be_none(text: str | bytes) -> None:
    with pytest.raises(Unreadable):
        parse(text)


def test_entities_are_not_expanded_and_addresses_are_safe() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    text = HEAD.replace("?><urlset", f"?>{bomb}<urlset") + entry("a", "Judul &b; &xxe;", "2026-02-22")
    text += "<url><loc>javascript:alert(1)</loc></url><url><loc>file:///etc/passwd</loc></url></urlset>"
    (item,) = parse(text).items
    assert "aaa" not in item.title
