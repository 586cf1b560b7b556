"""Tests of reading lists from HTML pages by CSS selectors."""

from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from bot.config import SelectTable
from bot.stories.items import Item
from bot.stories.reading.feed_items import Unreadable
from bot.stories.reading.pages import found_by, parse_page, tree_of

NOW = datetime(2026, 2, 22, 5, 0, tzinfo=UTC)
JAKARTA = ZoneInfo("Asia/Jakarta")
FRONT = b"""<html><head><base href="https://news.example/depan/"></head><body>
<ol class="populer">
 <li><h4><a href="../dunia/1/satu">Kabar <b>satu</b></a></h4><time>Minggu, 22 Februari 2026 | 09:40 WIB</time>
   <img data-src="/foto/1.jpg" src="data:image/gif;base64,xx"></li>
 <li><h4><a href="https://news.example/politik/2/dua">Kabar dua</a></h4><time>2 jam lalu</time></li>
 <li><h4><a href="javascript:alert(1)">Kabar jahat</a></h4></li>
 <li><h4>Tanpa tautan</h4></li>
</ol></body></html>"""
SELECT = SelectTable(item=".populer li", title="h4 a", link="h4 a", time="time")


def parse(body: bytes, select: SelectTable = SELECT) -> tuple[Item, ...]:
    return parse_page(body, select, url="https://news.example/", default_zone=JAKARTA, now=NOW).items


def test_a_list_is_read_in_its_order_with_links_times_and_pictures() -> None:
    one, two = parse(FRONT)
    assert (one.title, one.url) == ("Kabar satu", "https://news.example/dunia/1/satu")
    assert one.image_url == "https://news.example/foto/1.jpg"
    assert one.published_at == datetime(2026, 2, 22, 2, 40, tzinfo=UTC)
    assert (two.title, two.published_at) == ("Kabar dua", datetime(2026, 2, 22, 3, 0, tzinfo=UTC))


def test_an_entry_that_is_itself_the_link() -> None:
    (item,) = parse(b"<a class=berita href=/1>Judul berita</a>", SelectTable(item="a.berita"))
    assert (item.title, item.url) == ("Judul berita", "https://news.example/1")


@pytest.mark.parametrize(
    ("body", "select", "message"),
    [
        (FRONT, SelectTable(item=".terpopuler li"), "finds nothing"),
        (FRONT, SelectTable(item=".populer li", title="h5", link="h5"), "none with a title and a link"),
        (FRONT, SelectTable(item="li >>> ["), "is not one"),
        (b"", SELECT, "empty"),
        (b"<div>" * 5_000, SELECT, "nested too deep"),
    ],
)
def test_a_selector_that_finds_nothing_is_reported(body: bytes, select: SelectTable, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        parse(body, select)


def test_found_by_shows_what_each_selector_finds() -> None:
    results = found_by(FRONT, SELECT)
    assert {name: count for name, (count, _) in results.items()} == {"item": 4, "title": 3, "link": 3, "time": 2}
    assert results["link"][1] == "../dunia/1/satu"


@pytest.mark.parametrize(
    "markup",
    ["<center>" * 300_000, "<details>" * 300_000, "<foo/>" * 300_000, "<x" * 300_000 + ">"],
    ids=["center", "details", "slashed", "tags in a tag"],
)
def test_a_page_that_would_block_the_parser_is_refused(markup: str) -> None:
    with pytest.raises(Unreadable):
        tree_of(markup.encode(), "text/html; charset=utf-8")


def test_scripts_and_svg_do_not_count_as_nesting() -> None:
    script = "<script>" + "for(i=0;i<n;i++)a<b;" * 2_000 + "</script>"
    assert tree_of((script + "<svg><path d='m'/><path/></svg>" * 1_000).encode(), "text/html") is not None


def test_only_a_list_that_may_be_empty_may_be_empty() -> None:
    select = SelectTable(item=".update li", title="a", link="a")
    read = partial(parse_page, b"<ul class=update></ul>", select, url="https://news.example/", now=NOW)
    assert read(default_zone=ZoneInfo("UTC"), may_be_empty=True).items == ()
    with pytest.raises(Unreadable):
        read(default_zone=ZoneInfo("UTC"))


def test_a_link_is_given_to_readers_as_it_stands_on_the_page() -> None:
    select = SelectTable(item="li", title="a", link="a")
    address = "/a?id=7&utm_source=update&ref=populer"
    page = f"<li><a href='{address.replace('&', '&amp;')}'>Kapal tua berlayar</a>".encode()
    (item,) = parse_page(page, select, url="https://news.example/", default_zone=ZoneInfo("UTC"), now=NOW).items
    assert item.url == f"https://news.example{address}"
