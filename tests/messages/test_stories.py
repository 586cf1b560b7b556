"""Stories as readers see them."""

from datetime import UTC, datetime

import pytest

from bot.config import Newsroom
from bot.i18n import load_language
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


@pytest.mark.parametrize(("length", "shown"), [(2_048, True), (2_049, False), (8_000, False)])
def test_a_link_that_telegram_does_not_take_has_no_button(length: int, shown: bool) -> None:
    url = "https://news.example/".ljust(length, "x")
    english = load_language("en")
    alone, listed = card(NEWSROOM, story(url), english), listing(NEWSROOM, english, "Latest", Page([story(url)]), "")
    for message in (alone, listed):
        assert (url in addresses(message)) is shown
        assert "Banjir surut" in message.text
