"""Tests that consent walls, logins and front pages are not taken for the article."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.stories.articles.article import Article, parse_article
from bot.stories.articles.identity import is_the_article

CASES = Path(__file__).parent / "cases"
TITLE = "Banjir surut di Sukamaju, warga pulang"
ASKED = "https://news.example/dunia/81/banjir-surut"
HOME = "https://news.example/"


def read(name: str, url: str = ASKED) -> Article:
    page = (CASES / f"{name}.html").read_bytes()
    now = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    return parse_article(page, url=url, default_zone=ZoneInfo("Asia/Jakarta"), now=now)


@pytest.mark.parametrize("name", ["r_21_consent", "r_21b_challenge", "r_21c_home", "r_21d_login"])
@pytest.mark.parametrize("answered", [ASKED, HOME, "https://consent.example/?back=81"])
def test_a_wall_a_challenge_and_the_front_page_are_not_the_article(name: str, answered: str) -> None:
    assert not is_the_article(read(name, answered), title=TITLE, asked=ASKED, answered=answered)


def test_the_article_is_the_article_wherever_it_moved() -> None:
    article = read("r_32_lazy_article")
    for answered in (ASKED, "https://www.news.example/baru/banjir-surut-81", f"{ASKED}?amp=1"):
        assert is_the_article(article, title=TITLE, asked=ASKED, answered=answered)


@pytest.mark.parametrize(
    ("title", "headline", "canonical", "answered", "verdict"),
    [
        (TITLE, "Warga pulang, banjir surut", "", ASKED, True),
        (TITLE, "BREAKING: Banjir di Sukamaju mulai surut sore ini kata petugas", "", ASKED, True),
        (TITLE, "Banjir besar merendam tiga kecamatan lain", "", ASKED, True),
        (TITLE, "Banjir besar merendam tiga kecamatan lain", HOME, ASKED, False),
        (TITLE, "Harga emas turun lagi", ASKED, ASKED, False),
        (TITLE, "Pilihan privasi untuk Anda", ASKED, ASKED, False),
        ("", TITLE, "", ASKED, True),
        ("", TITLE, ASKED, f"{ASKED}/", True),
        ("", TITLE, "", "https://news.example/masuk?kembali=81", False),
        ("", "Warta Contoh", HOME, ASKED, False),
        ("", "Warta Contoh", "", HOME, False),
        ("习近平会见外国客人", "习近平会见外国客人并讲话", "", ASKED, True),
        ("习近平会见外国客人", "今日天气", "", ASKED, False),
    ],
)
def test_headline_and_addresses_decide_together(
    title: str, headline: str, canonical: str, answered: str, verdict: bool
) -> None:
    article = replace(read("r_32_lazy_article"), title=headline, canonical=canonical)
    assert is_the_article(article, title=title, asked=ASKED, answered=answered) is verdict
