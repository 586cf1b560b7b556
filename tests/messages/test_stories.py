"""Stories as readers see them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.config import Newsroom
from bot.i18n import load_language
from bot.messages import buttons
from bot.messages.stories import Page, card, listing
from bot.messages.text import Message
from bot.storage.models import Story

NEWSROOM = Newsroom.model_validate({"newsroom": {"name": "Kabar", "url": "https://news.example"}})
WHEN = datetime(2026, 11, 26, tzinfo=UTC)


def story(url: str) -> Story:
    kept = Story(
        source_id="satu", title="Banjir surut", url=url, published_at=WHEN, first_seen_at=WHEN, updated_at=WHEN
    )
    kept.id = 7
    return kept


def addresses(message: Message) -> set[str | None]:
    linked = {entity.url for entity in message.entities if entity.url}
    return linked | {button.url for row in message.rows for button in row if button.url}


def told(title: str, when: datetime = WHEN, **fields: Any) -> Story:
    kept = story("https://news.example/1")
    kept.title, kept.published_at = title, when
    for name, value in fields.items():
        setattr(kept, name, value)
    return kept


def listed(*stories: Story) -> str:
    return listing(NEWSROOM, load_language("en"), "Latest", Page(stories, 9), "").text


def test_a_list_names_each_day_once_and_has_no_blank_lines() -> None:
    stories = [told("Satu", WHEN), told("Dua", WHEN - timedelta(hours=2)), told("Tiga", WHEN - timedelta(days=1))]
    assert listed(*stories).splitlines() == [
        "Latest",
        "Kamis, 26 November 2026",
        "9. Satu · 07:00 WIB",
        "10. Dua · 05:00 WIB",
        "Rabu, 25 November 2026",
        "11. Tiga · 07:00 WIB",
    ]


def test_where_the_days_are_mixed_each_story_has_its_own() -> None:
    lines = listed(told("Satu"), told("Dua", WHEN - timedelta(days=1)), told("Tiga")).splitlines()
    assert lines[1:3] == [
        "9. Satu · Kamis, 26 November 2026 | 07:00 WIB",
        "10. Dua · Rabu, 25 November 2026 | 07:00 WIB",
    ]


def test_a_story_with_a_date_alone_has_no_hour() -> None:
    assert listed(told("Satu", WHEN - timedelta(hours=7))).splitlines()[1:] == ["Kamis, 26 November 2026", "9. Satu"]


def test_a_title_takes_two_lines_of_a_phone_at_most() -> None:
    title = listed(told("banjir " * 30)).splitlines()[2].removeprefix("9. ").partition(" · ")[0]
    assert len(title) <= 72
    assert title.endswith("banjir…")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"section": "dunia", "summary": "Air turun.", "author": "Wulan"},
            "dunia\nBanjir\nAir turun.\n\nKamis, 26 November 2026 | 07:00 WIB · By Wulan",
        ),
        ({"section": "dunia", "is_update": True}, "🔴 UPDATE · dunia\nBanjir\n\nKamis, 26 November 2026 | 07:00 WIB"),
        ({}, "Banjir\n\nKamis, 26 November 2026 | 07:00 WIB"),
    ],
)
def test_a_card_leads_with_why_it_came_the_title_and_the_summary(fields: dict[str, Any], text: str) -> None:
    assert card(NEWSROOM, told("Banjir", **fields), load_language("en")).text == text


@pytest.mark.parametrize(("saved", "label", "wanted"), [(False, "☆ Save", True), (True, "★ Saved", False)])
def test_the_star_names_the_state_that_it_sets(saved: bool, label: str, wanted: bool) -> None:
    row = card(NEWSROOM, told("Banjir"), load_language("en"), saved=saved).rows[0]
    assert (row[-1].text, row[-1].callback_data) == (label, buttons.SaveStory(wanted, 7).data)


@pytest.mark.parametrize(("length", "shown"), [(2_048, True), (2_049, False), (8_000, False)])
def test_a_link_that_telegram_does_not_take_has_no_button(length: int, shown: bool) -> None:
    url = "https://news.example/".ljust(length, "x")
    english = load_language("en")
    alone, listed = card(NEWSROOM, story(url), english), listing(NEWSROOM, english, "Latest", Page([story(url)]), "")
    for message in (alone, listed):
        assert (url in addresses(message)) is shown
        assert "Banjir surut" in message.text
