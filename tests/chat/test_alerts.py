from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from bot.sandbox.world import Message
from tests.wire import EDITOR, OLIVER, PATIENCE, SARI, Kabar, button


def alerts(kabar: Kabar, chat: int, words: str) -> list[Message]:
    """The cards about a story that the chat got."""
    return [
        message for message in kabar.world.from_bot(chat) if words in str(message.get("text") or message.get("caption"))
    ]


async def quiet(kabar: Kabar) -> None:
    """Wait until sources were polled again and nothing is left to send."""
    from bot.delivery import figures

    assert kabar.process is not None
    polls = kabar.press.polls
    while kabar.press.polls < polls + 8:
        await kabar.ask(EDITOR, "/bantuan")
    while True:
        async with kabar.process.database.read() as session:
            if not await figures.current(session):
                return
        await kabar.ask(EDITOR, "/bantuan")


async def test_the_first_poll_of_a_source_pushes_nothing(kabar: Kabar) -> None:
    kabar.press.publish("dunia", 10001, "Sudah lama di sini")
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/ikuti dunia")
    async with kabar.running():
        await kabar.primed()
        await quiet(kabar)
    assert alerts(kabar, SARI, "Sudah lama") == []


async def test_an_update_reaches_all_who_follow_update_and_nobody_else(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti update")
        await kabar.ask(OLIVER, "/ikuti dunia")
        await kabar.primed()
        kabar.press.publish("update", 10001, "Gempa kecil terasa di pesisir", summary="Tidak ada korban.")
        card = await kabar.world.wait_for(SARI, "Gempa kecil")
        await quiet(kabar)
    assert card["text"].startswith("🔴 UPDATE\nGempa kecil terasa di pesisir")
    assert alerts(kabar, OLIVER, "Gempa kecil") == []


async def test_a_section_alert_begins_with_the_section_and_goes_to_its_followers(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.ask(OLIVER, "/follow World")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Festival layang-layang dimulai")
        await kabar.world.wait_for(OLIVER, "Festival")
        card = await kabar.world.wait_for(SARI, "Festival")
    assert card["text"].startswith("Dunia\n")
    assert alerts(kabar, OLIVER, "Festival")[0]["text"].startswith("World\n")


async def test_a_story_in_two_sources_is_one_message(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.ask(SARI, "/ikuti update")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Waduk kembali penuh")
        kabar.press.publish("update", 10001, "Waduk kembali penuh", slug="lain", guid="https://news.example/?p=10001")
        await kabar.world.wait_for(SARI, "Waduk")
        await quiet(kabar)
    assert len(alerts(kabar, SARI, "Waduk")) == 1


async def test_a_story_that_becomes_an_update_reaches_those_without_it_and_copies_say_so(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.ask(OLIVER, "/follow update")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Waduk kembali penuh")
        await kabar.world.wait_for(SARI, "Waduk")
        await quiet(kabar)
        kabar.press.publish("update", 10001, "Waduk kembali penuh")
        card = await kabar.world.wait_for(OLIVER, "Waduk")
        await kabar.until(lambda: "UPDATE" in alerts(kabar, SARI, "Waduk")[0]["text"])
        await quiet(kabar)
    assert "UPDATE" in card["text"]
    (copy,) = alerts(kabar, SARI, "Waduk")
    assert "Dikoreksi" not in copy["text"], "nothing in it was wrong"


async def test_a_changed_slug_and_guid_push_nothing_again(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Pasar ikan pindah")
        await kabar.world.wait_for(SARI, "Pasar ikan")
        kabar.press.feeds["dunia"] = []
        kabar.press.publish("dunia", 10001, "Pasar ikan pindah malam ini", slug="baru", guid="lain")
        while "malam ini" not in (await kabar.ask(OLIVER, "/latest"))["text"]:
            pass
        await quiet(kabar)
    assert len(alerts(kabar, SARI, "Pasar ikan")) == 1


async def test_an_old_story_is_shown_and_never_pushed(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.primed()
        old = format_datetime(datetime.now(UTC) - timedelta(hours=7))
        kabar.press.publish("dunia", 10001, "Kabar kemarin", time=old)
        while "Kabar kemarin" not in (await kabar.ask(OLIVER, "/latest"))["text"]:
            pass
        await quiet(kabar)
    assert alerts(kabar, SARI, "Kabar kemarin") == []


async def test_an_unknown_entry_of_a_popular_list_is_shown_and_never_pushed(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti update")
        await kabar.primed()
        kabar.press.publish("populer", 10001, "UPDATE Hanya di daftar populer")
        while "Hanya di daftar" not in (await kabar.ask(OLIVER, "/popular"))["text"]:
            pass
        await quiet(kabar)
    assert alerts(kabar, SARI, "Hanya di daftar") == []


async def test_what_a_popular_list_named_first_is_news_when_its_own_source_brings_it(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.primed()
        kabar.press.publish("populer", 10001, "Di daftar: kapal tua")
        while "Di daftar" not in (await kabar.ask(OLIVER, "/popular"))["text"]:
            pass
        kabar.press.publish("dunia", 10001, "Kapal tua berlayar lagi")
        await kabar.world.wait_for(SARI, "Kapal tua berlayar lagi")
        await kabar.polled()
    assert len(alerts(kabar, SARI, "apal tua")) == 1


async def test_who_left_a_moment_ago_gets_nothing_and_who_came_later_neither(kabar: Kabar) -> None:
    async with kabar.running():
        for user in (SARI, OLIVER):
            await kabar.ask(user, "/follow dunia")
        await kabar.primed()
        await kabar.ask(SARI, "/berhenti dunia")
        kabar.press.publish("dunia", 10001, "Kereta malam berangkat lagi")
        await kabar.world.wait_for(OLIVER, "Kereta malam")
        await kabar.ask(EDITOR, "/ikuti dunia")
        await quiet(kabar)
    assert alerts(kabar, SARI, "Kereta malam") == alerts(kabar, EDITOR, "Kereta malam") == []


async def test_the_first_photo_goes_alone_and_the_rest_reuse_it(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(5)]
    async with kabar.running():
        for reader in readers:
            await kabar.ask(reader, "/ikuti dunia")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Bunga langka mekar", photo=f"{kabar.url}/news/bunga.png")
        for reader in readers:
            await kabar.world.wait_for(reader, "Bunga langka")
    photos = [call["params"]["photo"] for call in kabar.world.calls("sendPhoto")]
    assert photos[0].endswith("/news/bunga.png")
    assert set(photos[1:]) == {kabar.world.calls("sendPhoto")[0]["outcome"]["photo"][-1]["file_id"]}
    assert kabar.world.photos.fetches == 1


async def test_a_refused_photo_falls_back_to_text_for_the_rest_of_the_push(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(5)]
    async with kabar.running():
        for reader in readers:
            await kabar.ask(reader, "/ikuti dunia")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Bunga langka mekar", photo=f"{kabar.url}/news/dunia.xml")
        for reader in readers:
            card = await kabar.world.wait_for(reader, "Bunga langka")
            assert "photo" not in card
        await quiet(kabar)
        opened = await kabar.ask(readers[0], "/start story_1")
    assert len(kabar.world.calls("sendPhoto")) == 1  # of the push; for the card it is known
    assert "photo" not in opened


async def test_a_blocked_reader_costs_one_try_and_is_served_again_when_back(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.ask(OLIVER, "/follow dunia")
        await kabar.primed()
        kabar.world.allowed.remove("my_chat_member")  # the news of it does not arrive
        kabar.world.block(SARI)
        for number in (10001, 10002):
            kabar.press.publish("dunia", number, f"Kabar {number}")
            await kabar.world.wait_for(OLIVER, f"Kabar {number}")
        await quiet(kabar)
        assert len(kabar.world.calls("sendMessage", SARI)) == 2  # its answer, and one try
        kabar.world.allowed.append("my_chat_member")
        kabar.world.unblock(SARI)
        await quiet(kabar)
        kabar.press.publish("dunia", 10003, "Kabar 10003")
        await kabar.world.wait_for(SARI, "Kabar 10003")


async def test_a_block_that_telegram_tells_of_costs_no_try(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.ask(OLIVER, "/follow dunia")
        await kabar.primed()
        kabar.world.block(SARI)
        await quiet(kabar)
        kabar.press.publish("dunia", 10001, "Kabar pagi")
        await kabar.world.wait_for(OLIVER, "Kabar pagi")
    assert len(kabar.world.calls("sendMessage", SARI)) == 1


async def test_an_upgraded_group_gets_the_alert_under_its_new_id(kabar: Kabar) -> None:
    group = kabar.world.add_group("Warung Kopi", members=[OLIVER], admins=[SARI], supergroup=False)
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia", chat=group)
        await kabar.primed()
        kabar.world.allowed.remove("message")
        new = kabar.world.upgrade_group(group)
        kabar.world.allowed.append("message")
        kabar.press.publish("dunia", 10001, "Kabar pagi")
        await kabar.world.wait_for(new, "Kabar pagi")


async def test_a_title_full_of_everything_is_never_refused(kabar: Kabar) -> None:
    titles = [
        "a < b & c > d <b>tebal</b> &amp; &lt;i&gt;",
        "😀👩‍👩‍👧‍👦🇮🇩 emoji 𝒯ext",
        "\u202e\u200bterbalik\u2066 dan مرحبا بالعالم\u200f",
        "panjang " * 1250,
        "x" * 10_000,
        "_*[]()~`>#+-=|{}.!",
    ]
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.primed()
        for number, title in enumerate(titles, 10_001):
            kabar.press.publish("dunia", number, title, summary=title * 3, author=title, slug="a")
        await kabar.until(lambda: len(kabar.world.from_bot(SARI)) >= 1 + len(titles), timeout=30)
        kabar.press.publish("dunia", 10_100, "")
        kabar.press.publish("dunia", 10_101, "", summary="Hanya ringkasan")
        await kabar.world.wait_for(SARI, "Hanya ringkasan", timeout=PATIENCE)
        listing = await kabar.ask(SARI, "/latest")
        for number in range(1, 7):
            await kabar.press_button(SARI, listing, str(number))
        await quiet(kabar)
    refused = [call for call in kabar.world.calls() if isinstance(call["outcome"], str)]
    assert refused == []
    shown = "".join(str(message) for message in kabar.world.from_bot(SARI))
    assert "\u202e" not in shown
    assert "\u2066" not in shown


async def test_a_broken_feed_leaves_the_bot_working_and_is_logged_once(
    kabar: Kabar, capfd: object, caplog: object
) -> None:
    broken = {
        "dunia": (200, b"<html><body>Sedang dirawat</body></html>", "text/html"),
        "politik": (200, b"", "application/rss+xml"),
        "populer": (404, b"", "text/plain"),
    }
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti update")
        await kabar.primed()
        kabar.press.raw |= broken
        await quiet(kabar)
        kabar.press.publish("update", 10001, "Tetap jalan")
        await kabar.world.wait_for(SARI, "Tetap jalan")
        kabar.press.raw.clear()
        kabar.press.publish("dunia", 10002, "Sudah pulih")
        async with kabar.process.database.write() as session:  # type: ignore[union-attr]  # it runs
            from sqlalchemy import update

            from bot.storage.models import Source

            await session.execute(update(Source).values(next_poll_at=0.0))
        while "Sudah pulih" not in (await kabar.ask(OLIVER, "/latest"))["text"]:
            pass
    assert button(await _latest(kabar), "1")


async def _latest(kabar: Kabar) -> Message:
    return kabar.world.from_bot(OLIVER)[-1]
