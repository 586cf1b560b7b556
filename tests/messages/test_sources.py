"""The message about the health of sources."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.config import Newsroom
from bot.i18n import load_language
from bot.messages.sources import Health, complaints, health
from bot.messages.text import TEXT_LIMIT, utf16_length
from bot.storage.models import Source

NOW = datetime(2026, 11, 30, 3, tzinfo=UTC)
NEWSROOM = Newsroom.model_validate({"newsroom": {"name": "Kabar", "url": "https://news.example"}})


def row(name: str, **more: Any) -> Source:
    return Source(id=name, url="https://news.example/rss", last_success_at=NOW, last_change_at=NOW, **more)


def shown(*rows: Source, language: str = "id") -> str:
    reports = [Health(each, 12_345, 3_000.0) for each in rows]
    return health(NEWSROOM, load_language(language), reports, NOW).text


def test_failing_sources_come_first_then_those_with_complaints() -> None:
    text = shown(row("a"), row("b", complaints={"entries": 3, "unusable": 2}), row("c", failing_since=NOW))
    assert [block.split(" ")[1] for block in text.split("\n\n")[1:]] == ["c", "b", "a"]
    assert "❗ 2 dari 3 entri tidak punya tautan yang dapat dibuka" in text


@pytest.mark.parametrize("language", ["id", "en"])
def test_when_everything_fails_the_message_still_fits_and_says_how_many_are_missing(language: str) -> None:
    since = NOW - timedelta(days=3)
    rows = [
        row(f"{number:032}", failing_since=since, last_error="😀" * 500, complaints={"failed": "x" * 500})
        for number in range(40)
    ]
    text = shown(*rows, language=language)
    assert utf16_length(text) <= TEXT_LIMIT
    missing = int("".join(filter(str.isdecimal, text.rsplit("\n\n", 1)[1])))
    assert missing + text.count("⚠️") == 40


def test_an_articles_page_that_took_too_long_is_told_for_a_day() -> None:
    overrun = {"url": "https://news.example/7", "error": "parsing it takes more than 1 s"}
    young, old = ({**overrun, "at": (NOW - timedelta(hours=hours)).isoformat()} for hours in (23, 25))
    text = shown(row("a"), row("b", page_overrun=young), row("c", page_overrun=old))
    assert "Halaman artikel tidak dapat dibaca: parsing it takes more than 1 s (https://news.example/7)" in text
    assert (text.count("❗"), text.index("b ·") < text.index("a ·")) == (1, True)


def test_a_complaint_is_worded_in_the_readers_language() -> None:
    said = {"entries": 1_200, "unusable": 1, "long_links": 2, "failed": "the sitemap x: HTTP 404"}
    assert complaints(load_language("en"), said) == [
        "It was read only in part: the sitemap x: HTTP 404",
        "1 of 1,200 entries has no usable link",
        "Links too long for a button, which go without: 2",
    ]
    assert complaints(load_language("id"), said)[1] == "1 dari 1.200 entri tidak punya tautan yang dapat dibuka"
    assert complaints(load_language("id"), {}) == []
