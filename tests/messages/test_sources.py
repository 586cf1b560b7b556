"""The message about the sources' health fits a message, whatever the sources say."""

from datetime import UTC, datetime

import pytest

from bot.config import Newsroom
from bot.i18n import load_language
from bot.messages.sources import Health, health
from bot.messages.text import TEXT_LIMIT, utf16_length
from bot.storage.models import Source

NOW = datetime(2026, 2, 22, 3, tzinfo=UTC)
NEWSROOM = Newsroom.model_validate({"newsroom": {"name": "Kabar Contoh", "url": "https://news.example"}})


def failing(number: int) -> Health:
    source = Source(id=f"s{number:03}".ljust(32, "-"), url="https://news.example/rss")
    source.failing_since = source.last_success_at = source.last_change_at = NOW
    source.last_error, source.moved_to = "😀" * 500, "https://news.example/" + "a" * 2000
    return Health(source=source, stories=10**6, again_in=3600)


@pytest.mark.parametrize("count", [1, 4, 25, 200])
def test_the_sources_that_do_not_fit_are_counted(count: int) -> None:
    message = health(NEWSROOM, load_language("en"), [failing(number) for number in range(count)], NOW)
    assert utf16_length(message.text) <= TEXT_LIMIT
    shown = message.text.count("⚠️")
    assert shown >= 1
    assert message.text.endswith(f"… and {count - shown} more.") or shown == count
