"""What a person may write into `newsroom.toml` and the environment, and what is refused before anything starts."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.config import Newsroom, Settings
from bot.stories.reading.fetcher import place_of


def newsroom(**source: Any) -> Newsroom:
    given = {"id": "dunia", "url": "https://news.example/rss"} | source
    return Newsroom.model_validate({"newsroom": {"name": "K", "url": "https://news.example"}, "sources": [given]})


@pytest.mark.parametrize("url", ["https://news.example/rss/", "https://news.example/rss?u=/"])
def test_a_sources_address_stays_as_it_is_written(url: str) -> None:
    assert newsroom(url=url).sources[0].url == url


@pytest.mark.parametrize(
    "source",
    [
        {"url": "https://news.example:99999/rss"},
        {"url": "https://news.example:0/rss"},
        {"url": "https://[news.example/rss"},
        {"url": "ftp://news.example/rss"},
        {"url": "news.example/rss"},
        {"id": "api"},
    ],
)
def test_a_source_that_could_not_be_read_is_refused_at_the_start(source: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        newsroom(**source)


def test_a_base_address_needs_no_slash_at_its_end() -> None:
    assert Settings.load(None, public_url="https://bot.news.example/").public_url == "https://bot.news.example"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://[::1]:8787/feed", "[::1]:8787"),
        ("https://news.example/rss", "news.example:443"),
        ("http://news.example/rss", "news.example:80"),
    ],
)
def test_places_that_may_be_private_are_named_as_they_are_asked(url: str, place: str) -> None:
    assert place_of(url) == place
    allowed = Settings.load(None, allow_private_sources=place).allow_private_sources
    assert allowed == frozenset({place})
