"""Tests that authors' names are complete and hold nothing else."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.stories.articles.article import parse_article
from bot.stories.articles.bylines import names_in

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
TEXT = "<p>Warga Desa Sukamaju mulai membersihkan rumah setelah banjir surut pada Kamis pagi, kata kepala desa.</p>"


def author(before: str = "", after: str = "") -> str:
    page = f"{before}<h1>Banjir surut di Desa Sukamaju</h1>{after}{TEXT * 2}"
    return parse_article(
        page.encode(), url="https://news.example/1", default_zone=ZoneInfo("Asia/Jakarta"), now=NOW
    ).author


WEEKDAYS_INSIDE = [
    "Satrio Wibowo", "Budi Sunarto", "Friderica Sari", "Dewi Sundari", "Luca Monaco", "Hari Satmoko", "Monica Sari",
    "Wednesday Addamsari", "Rabuan Sentosa", "Marcella Decy", "May Juniarti", "Agus Marwoto", "Novi Mayasari",
]  # fmt: skip


@pytest.mark.parametrize("name", WEEKDAYS_INSIDE)
def test_a_name_that_begins_like_a_day_or_a_month_is_kept_whole(name: str) -> None:
    data = json.dumps({"@type": "NewsArticle", "author": {"@type": "Person", "name": name}})
    assert author(f'<script type="application/ld+json">{data}</script>') == name
    assert author(after=f"<div class=byline>Oleh: {name}</div>") == name
    assert author(after=f"<div>Penulis: {name} - Kamis, 26 November 2026 | 10:00 WIB</div>") == name


def test_a_name_in_capitals_becomes_title_case() -> None:
    data = json.dumps({"@type": "NewsArticle", "author": {"@type": "Person", "name": "AHMAD SATRIYA"}})
    assert author(f'<script type="application/ld+json">{data}</script>') == "Ahmad Satriya"


@pytest.mark.parametrize(
    "line",
    [
        "By Rina Hastuti Dec 16, 2026, 9:00am",
        "Rina Hastuti Published December 3",
        "Rina Hastuti @rinahastuti",
        "Rina Hastuti Diterbitkan 26 Nov 2026",
        "Rina Hastuti Updated on Dec 3",
        "Rina Hastuti Staff Writer",
        "Rina Hastuti, Senior Political Correspondent",
        "Rina Hastuti | Kamis, 26 November 2026",
        "Rina Hastuti, Kamis 26 November 2026",
        "Oleh: Rina Hastuti Kamis, 26/11/2026",
        "By Rina Hastuti Thursday, November 26",
        "By Rina Hastuti on 26 Nov 2026 at 09:09 WIB",
        "Written by Rina Hastuti (rina@news.example)",
        "Rina Hastuti, WARTA CONTOH",
        "Reporter: Rina Hastuti Editor: Bayu Aji",
        "By: Rina Hastuti • 5 min read",
        "RINA HASTUTI",
        "Penulis Rina Hastuti",
        "Story by Rina Hastuti, for Warta Contoh",
    ],
)
def test_a_byline_keeps_the_name_and_nothing_that_follows_it(line: str) -> None:
    assert names_in(line) == "Rina Hastuti"
    assert author(after=f"<div class=byline>{line}</div>") == "Rina Hastuti"


@pytest.mark.parametrize(
    "line",
    [
        "By Rina Hastuti and Bayu Aji",
        "Rina Hastuti, and Bayu Aji, CONTOH",
        "Rina Hastuti, Bayu Aji, Contoh Foundation",
        "Rina Hastuti, Bayu Aji",
        "Oleh Rina Hastuti dan Bayu Aji",
        "Rina Hastuti & Bayu Aji",
    ],
)
def test_two_authors_are_two_names(line: str) -> None:
    assert names_in(line) == "Rina Hastuti, Bayu Aji"


@pytest.mark.parametrize(
    "line",
    [
        "Editor: Bayu Aji",
        "Foto: Bayu Aji",
        "admin",
        "news.example developer",
        "Redaksi",
        "https://fb.example/rina",
        "",
        "26 November",
    ],
)
def test_a_line_without_an_author_gives_no_name(line: str) -> None:
    assert names_in(line) == ""


def test_editors_and_commenters_are_not_authors() -> None:
    editor = "<div class=info-author>Editor : <a class=author rel=author href=/tim/heri>Heri Yadi</a></div>"
    comment = "<div class=comments><div><span class=comment-author>Bayu Aji</span></div></div>"
    assert author(after=TEXT + editor + comment) == ""
    assert author(after="<div class=author-2>Rina Hastuti</div>" + TEXT + editor) == "Rina Hastuti"


def test_a_sites_developer_is_no_author_and_the_line_under_the_headline_precedes_meta_tags() -> None:
    meta_tag = "<meta name=author content='{}'>"
    assert author(meta_tag.format("news.example developer")) == ""
    assert author(meta_tag.format("Rina Hastuti")) == "Rina Hastuti"
    assert author(meta_tag.format("Meja Daerah"), "<p>Oleh: Rina Hastuti</p>") == "Rina Hastuti"
