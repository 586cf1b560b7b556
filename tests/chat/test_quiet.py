"""Left in peace: stopping and starting again, loud and silent, quiet hours with their recap, an alert's own options."""

from datetime import UTC, datetime
from typing import Any

from bot.audience import subscribers
from bot.storage.models import Subscriber
from tests.databases import on_sqlite
from tests.delivery.rows import change, moment, until
from tests.wire import OLIVER, SARI, Kabar, labels


async def test_stopping_keeps_every_choice_and_starting_restores_them(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti update")
        await kabar.ask(SARI, "/ikuti dunia")
        question = await kabar.ask(SARI, "/berhenti")
        await kabar.press_button(SARI, question, "Ya, hentikan")
        await kabar.until(lambda: "Selesai" in kabar.now(question)["text"])
        listing = await kabar.ask(SARI, "/langganan")
        assert "✓ Dunia" in labels(listing)
        assert "dihentikan" in listing["text"]
        assert "dihentikan" in (await kabar.ask(SARI, "/ikuti politik"))["text"]
        await kabar.primed()
        kabar.press.publish("update", 10001, "Gempa kecil terasa di pesisir")
        while "Gempa kecil" not in (await kabar.ask(OLIVER, "/latest"))["text"]:
            pass
        greeting = await kabar.ask(SARI, "/start")
        assert "menyala lagi" in greeting["text"]
        await kabar.ask(OLIVER, "/follow dunia")
        kabar.press.publish("dunia", 10002, "Festival layang-layang dimulai")
        await kabar.world.wait_for(SARI, "Festival")
        assert not [each for each in kabar.world.from_bot(SARI) if "Gempa kecil" in str(each.get("text"))]


@on_sqlite
async def test_the_button_begins_alerts_again_too(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/ikuti dunia")
        question = await kabar.ask(SARI, "/stop")
        await kabar.press_button(SARI, question, "Ya, hentikan")
        await kabar.until(lambda: "Selesai" in kabar.now(question)["text"])
        await kabar.press_button(SARI, question, "Nyalakan lagi")
        await kabar.until(lambda: "✓ Dunia" in labels(kabar.now(question)))
        assert "dihentikan" not in (await kabar.ask(SARI, "/langganan"))["text"]


@on_sqlite
async def test_what_is_followed_can_be_made_loud_and_silent(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/ikuti update")
        settings = await kabar.ask(SARI, "/pengaturan")
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.press_button(SARI, settings, "Berbunyi atau senyap")
        await kabar.until(lambda: "🔔 UPDATE" in labels(kabar.now(settings)))
        assert "🔕 Dunia" in labels(kabar.now(settings))
        await kabar.press_button(SARI, settings, "🔕 Dunia")
        await kabar.until(lambda: "🔔 Dunia" in labels(kabar.now(settings)))


async def asleep(kabar: Kabar, **hold: Any) -> None:
    await change(kabar.process.database, Subscriber, Subscriber.chat_id == SARI, **hold)  # type: ignore[union-attr]


async def test_what_quiet_hours_hold_comes_once_in_one_message(kabar: Kabar) -> None:
    async with kabar.running() as process:
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.ask(OLIVER, "/follow dunia")
        await kabar.ask(OLIVER, "/follow update")
        await kabar.ask(SARI, "/ikuti update")
        begin, end = ((datetime.now(UTC).hour + 8 + hours) % 24 for hours in (8, 14))  # in WITA, and not now
        menu = await kabar.ask(SARI, f"/tenang {begin}-{end}:00")
        assert f"{begin:02}:00" in menu["text"]
        await kabar.press_button(SARI, menu, "WITA")
        await kabar.until(lambda: "✓ WITA" in labels(kabar.now(menu)))
        now = await moment(process.database)
        await asleep(kabar, hold_from=now - 60, hold_until=now + 3600, recap_at=now + 3660)
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Waduk kembali penuh")
        kabar.press.publish("update", 10002, "Gempa kecil terasa")
        await kabar.world.wait_for(OLIVER, "Waduk")
        await kabar.world.wait_for(OLIVER, "Gempa")
        assert not [each for each in kabar.world.from_bot(SARI) if "Waduk" in str(each.get("text"))]
        now = await moment(process.database)
        await asleep(kabar, hold_until=now, recap_at=now)
        recap = await kabar.world.wait_for(SARI, "Waduk")
        assert "2 berita" in recap["text"]
        assert recap["text"].index("Gempa") < recap["text"].index("Waduk"), "an UPDATE comes first"
        await kabar.press_button(SARI, recap, "2")
        card = await kabar.world.wait_for(SARI, lambda each: each["message_id"] > recap["message_id"])
        assert "Waduk" in card["text"]

        async def next_night_is_set() -> bool:
            async with process.database.read() as session:
                sari = await subscribers.find(session, SARI)
            return sari is not None and sari.hold_from is not None and sari.hold_from > now

        await until(next_night_is_set)
        kabar.press.publish("dunia", 10003, "Festival dimulai")
        await kabar.world.wait_for(SARI, "Festival")
    about = [each for each in kabar.world.from_bot(SARI) if "Waduk" in str(each.get("text"))]
    assert len(about) == 2, "the recap, and the card that was opened from it"


async def test_an_alert_opens_its_options_in_place(kabar: Kabar) -> None:
    async with kabar.running() as process:
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Waduk kembali penuh")
        card = await kabar.world.wait_for(SARI, "Waduk")
        before = labels(card)
        await kabar.press_button(SARI, card, "⚙")
        await kabar.until(lambda: len(labels(kabar.now(card))) > len(before))
        assert labels(kabar.now(card))[0] == before[0], "the link stays"
        answer = await kabar.press_button(SARI, card, "Mengapa")
        assert answer is not None and "Dunia" in answer["text"]
        await kabar.press_button(SARI, card, "Dunia: berbunyi")
        await kabar.until(lambda: any("Dunia: senyap" in label for label in labels(kabar.now(card))))
        await kabar.press_button(SARI, card, "1 jam")
        await kabar.until(lambda: labels(kabar.now(card)) == before)
        async with process.database.read() as session:
            sari = await subscribers.find(session, SARI)
        assert sari is not None and sari.hold_until is not None and sari.hold_from is not None
        assert 3590 < sari.hold_until - sari.hold_from < 3610
