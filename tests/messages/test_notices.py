"""What the admins are told of clocks, menus and the webhook."""

import pytest

from bot.i18n import load_language
from bot.messages.notices import notice
from tests.wire import newsroom

NEWSROOM = newsroom("https://news.example")


@pytest.mark.parametrize(
    ("kind", "data", "code", "text"),
    [
        (
            "clock_set_back",
            {"seconds": 7190},
            "en",
            "🕰 The database's clock was set back by about 2 hours. Pushes and polls would have waited for so long; "
            "they go on.",
        ),
        (
            "clock_off",
            {"name": "satu", "seconds": 600},
            "en",
            "🕰 The clock of the machine satu is 10 minutes ahead of Telegram's. Please set it right.",
        ),
        (
            "clock_off",
            {"name": "database", "seconds": -240},
            "id",
            "🕰 Jam basis data lebih lambat 4 menit daripada jam Telegram. Harap disetel ulang.",
        ),
        (
            "registration_refused",
            {"name": "setWebhook", "reason": "Bad Request: bad webhook"},
            "id",
            "⚠️ Telegram menolak sebagian penyiapan bot, setWebhook: Bad Request: bad webhook",
        ),
        (
            "webhook_failing",
            {"name": "webhook", "reason": "Connection timed out", "count": 1},
            "en",
            "🔌 Telegram cannot hand over updates, so the bot does not answer: Connection timed out. 1 update waits.",
        ),
        ("webhook_recovered", {"name": "webhook"}, "en", "✅ Telegram hands over updates again."),
        ("clock_right", {"name": "satu", "seconds": 0}, "id", "✅ Jam mesin satu sudah tepat kembali."),
    ],
)
def test_words_for_the_admins(kind: str, data: dict[str, object], code: str, text: str) -> None:
    assert notice(NEWSROOM, load_language(code), kind, data).text == text
