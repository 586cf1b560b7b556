"""Tests that lines shared by several pages of a site are removed from its stories."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.stories.articles.article import Article, parse_article
from bot.stories.articles.site_lines import SiteLines

NOTICE = "Kami menulis untuk warga kota sejak tahun lalu, dan Anda dapat membantu kami."
NEWS = "Jembatan nomor {} di Desa Sukamaju dibuka lagi pada Kamis pagi setelah dua pekan diperbaiki oleh warga."


def read(number: int, notice: str = NOTICE) -> tuple[Article, str]:
    url = f"https://news.example/{number}"
    page = f"<h1>Jembatan nomor {number} dibuka</h1><article><p>{notice}</p>" + f"<p>{NEWS.format(number)}</p>"
    page += "".join(f"<p>Keterangan {number} {more} dari kepala desa tentang jembatan.</p>" for more in "abcdefgh")
    zone = ZoneInfo("Asia/Jakarta")
    return parse_article(page.encode(), url=url, default_zone=zone, now=datetime(2026, 11, 26, tzinfo=UTC)), url


def test_a_sites_notice_is_removed_from_the_third_page_on() -> None:
    lines = SiteLines()
    bodies = [lines.without_repeated(*read(number)) for number in range(5)]
    assert [NOTICE in article.body for article in bodies] == [True, True, False, False, False]
    assert bodies[4].summary.startswith("Jembatan nomor 4 di Desa Sukamaju")


def test_reading_one_page_again_does_not_count_as_repetition() -> None:
    lines = SiteLines()
    assert all(lines.without_repeated(*read(1)) == read(1)[0] for _ in range(5))


def test_the_same_lines_on_different_sites_are_kept() -> None:
    lines = SiteLines()
    for number in range(5):
        article, url = read(number)
        assert lines.without_repeated(article, url.replace("news", f"situs{number}")) == article


def test_the_memory_is_bounded() -> None:
    lines = SiteLines()
    article, url = read(1)
    for number in range(1_400):
        changed = replace(article, body=f"Catatan {number} dari redaksi.\n{article.body}")
        lines.without_repeated(changed, url if number % 2 else url.replace("news", f"situs{number}"))
    assert len(lines._sites) <= 300
    assert max(map(len, lines._sites.values())) <= 200
