"""A line that stands on several pages of a site is the site's, whatever it says."""

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


def test_from_the_third_page_on_a_sites_notice_is_no_part_of_the_story() -> None:
    lines = SiteLines()
    bodies = [lines.without_repeated(*read(number)) for number in range(5)]
    assert [NOTICE in article.body for article in bodies] == [True, True, False, False, False]
    assert bodies[4].summary.startswith("Jembatan nomor 4 di Desa Sukamaju")


def test_one_page_that_is_read_again_repeats_nothing() -> None:
    lines = SiteLines()
    assert all(lines.without_repeated(*read(1)) == read(1)[0] for _ in range(5))


def test_another_site_may_say_the_same() -> None:
    lines = SiteLines()
    for number in range(5):
        article, url = read(number)
        assert lines.without_repeated(article, url.replace("news", f"situs{number}")) == article


def test_what_is_remembered_is_bounded() -> None:
    lines = SiteLines()
    article, url = read(1)
    for number in range(1_400):
        told = replace(article, body=f"Catatan {number} dari redaksi.\n{article.body}")
        lines.without_repeated(told, url if number % 2 else url.replace("news", f"situs{number}"))
    assert len(lines._sites) <= 300
    assert max(map(len, lines._sites.values())) <= 200
