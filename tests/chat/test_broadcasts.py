import asyncio

from bot.sandbox.world import Message
from tests.wire import EDITOR, OLIVER, PATIENCE, SARI, Kabar, button, labels


async def write(kabar: Kabar, text: str = "Pengumuman: kantor pindah", **how: object) -> Message:
    """Write a broadcast up to the choice of its audience."""
    await kabar.ask(EDITOR, "/broadcast", "Tulis pengumumannya")
    return await kabar.ask(EDITOR, text, "Siapa yang menerima ini?", **how)


async def preview(kabar: Kabar, audience: Message) -> Message:
    await kabar.press_button(EDITOR, audience, "Lanjut")
    return await kabar.world.wait_for(EDITOR, "Beginilah pembaca akan melihatnya")


async def test_a_broadcast_goes_from_writing_to_its_report(kabar: Kabar) -> None:
    async with kabar.running():
        for user in (SARI, OLIVER, EDITOR):
            await kabar.ask(user, "/start")
        audience = await write(kabar)
        assert labels(audience)[0] == "✓ Semua"
        question = await preview(kabar, audience)
        shown = kabar.world.from_bot(EDITOR)[-2]
        assert shown["text"] == "Pengumuman: kantor pindah"
        assert "Jangkauan: 3 obrolan" in question["text"]
        assert "Waktu: sekitar 1 detik" in question["text"]
        await kabar.press_button(EDITOR, question, "Kirim sekarang")
        await kabar.world.wait_for(SARI, "kantor pindah")
        await kabar.world.wait_for(OLIVER, "kantor pindah")
        await kabar.until(lambda: "✅ Terkirim" in kabar.now(question)["text"])
    assert "3 dari 3 terkirim" in kabar.now(question)["text"]
    assert labels(kabar.now(question)) == []


async def test_the_audience_is_the_followers_of_the_ticked_targets(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti politik")
        await kabar.ask(OLIVER, "/follow dunia")
        audience = await write(kabar)
        await kabar.press_button(EDITOR, audience, "Politik")
        await kabar.until(lambda: "✓ Politik" in labels(kabar.now(audience)))
        question = await preview(kabar, audience)
        assert "Kepada: Politik" in question["text"]
        assert "Jangkauan: 1 obrolan" in question["text"]
        await kabar.press_button(EDITOR, question, "Kirim sekarang")
        await kabar.until(lambda: "✅ Terkirim" in kabar.now(question)["text"])
    assert len([m for m in kabar.world.from_bot(SARI) if "kantor pindah" in m["text"]]) == 1
    assert [m for m in kabar.world.from_bot(OLIVER) if "kantor pindah" in m["text"]] == []


async def test_a_photo_with_its_caption_and_a_formatted_text_arrive_as_written(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/start")
        bold = [{"type": "bold", "offset": 2, "length": 7}]
        for how in ({"photo": b"\x89PNG\r\n\x1a\n" + bytes(99)}, {"entities": bold}):
            question = await preview(kabar, await write(kabar, "😀penting <b>sekali</b>", **how))
            await kabar.press_button(EDITOR, question, "Kirim sekarang")
            await kabar.until(lambda question=question: "✅ Terkirim" in kabar.now(question)["text"])
    photo, text = kabar.world.from_bot(SARI)[-2:]
    assert photo["caption"] == "😀penting <b>sekali</b>"
    assert photo["photo"]
    assert text["text"] == "😀penting <b>sekali</b>"
    assert text["entities"] == bold


async def test_two_taps_send_once(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/start")
        question = await preview(kabar, await write(kabar))
        data = button(question, "Kirim sekarang")["callback_data"]
        answers = await asyncio.gather(
            *(kabar.world.press(EDITOR, EDITOR, question["message_id"], data) for _ in range(3))
        )
        await kabar.until(lambda: "✅ Terkirim" in kabar.now(question)["text"])
    assert sum("tidak bisa" in (answer or {}).get("text", "") for answer in answers) == 2
    assert len([m for m in kabar.world.from_bot(SARI) if "kantor pindah" in m["text"]]) == 1


async def test_a_confirmed_broadcast_can_be_taken_back_before_its_first_message(kabar: Kabar) -> None:
    async with kabar.running(undo_seconds=60):
        await kabar.ask(SARI, "/start")
        question = await preview(kabar, await write(kabar))
        await kabar.press_button(EDITOR, question, "Kirim sekarang")
        await kabar.until(lambda: "Tarik kembali" in labels(kabar.now(question)))
        await kabar.press_button(EDITOR, question, "Tarik kembali")
        await kabar.until(lambda: "Dibatalkan" in kabar.now(question)["text"])
        await kabar.ask(SARI, "/bantuan")
    assert [m for m in kabar.world.from_bot(SARI) if "kantor pindah" in m["text"]] == []


async def test_a_broadcast_pauses_resumes_and_reaches_everybody_once(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(40)]
    async with kabar.running(send_rate=20):
        for reader in readers:
            await kabar.ask(reader, "/start")
        question = await preview(kabar, await write(kabar))
        await kabar.press_button(EDITOR, question, "Kirim sekarang")
        await kabar.world.wait_for(readers[2], "kantor pindah")
        listed = await kabar.ask(EDITOR, "/pushes", "Sedang dikirim")
        await kabar.press_button(EDITOR, listed, "Jeda")
        await kabar.until(lambda: "Dijeda" in kabar.now(listed)["text"])
        await asyncio.sleep(0.5)
        reached = sum("kantor pindah" in str(kabar.world.from_bot(reader)) for reader in readers)
        await asyncio.sleep(0.5)
        assert reached == sum("kantor pindah" in str(kabar.world.from_bot(reader)) for reader in readers)
        assert reached < len(readers)
        await kabar.press_button(EDITOR, listed, "Lanjutkan")
        await kabar.until(lambda: "✅ Terkirim" in kabar.now(question)["text"], timeout=PATIENCE)
    for reader in readers:
        assert len([m for m in kabar.world.from_bot(reader) if "kantor pindah" in m["text"]]) == 1


async def test_a_refused_broadcast_stops_itself_and_says_why(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(12)]
    async with kabar.running():
        for reader in readers:
            await kabar.ask(reader, "/start")
        question = await preview(kabar, await write(kabar))
        for reader in readers:
            kabar.world.fail("sendMessage", reader, kind="refuse", description="Bad Request: ENTITY_BOUNDS_INVALID")
        await kabar.press_button(EDITOR, question, "Kirim sekarang")
        await kabar.until(lambda: "⏸ Dijeda" in kabar.now(question)["text"])
        notice = await kabar.world.wait_for(EDITOR, "dijeda otomatis", timeout=PATIENCE)
    assert "Telegram menolak pesan ini" in kabar.now(question)["text"]
    assert "Telegram menolak pesan ini" in notice["text"]


async def test_an_admin_command_from_anybody_else_is_like_an_unknown_one(kabar: Kabar) -> None:
    async with kabar.running():
        unknown = (await kabar.ask(SARI, "/entahlah"))["text"]
        for command in ("/broadcast", "/pushes"):
            assert (await kabar.ask(SARI, command))["text"] == unknown
        question = await preview(kabar, await write(kabar))
        data = button(question, "Kirim sekarang")["callback_data"]
        place = await kabar.ask(SARI, "/help")
        answer = await kabar.world.press(SARI, SARI, place["message_id"], data)
        assert answer == {"text": "", "show_alert": False}
        await kabar.ask(SARI, "/help")
    assert [m for m in kabar.world.from_bot(SARI) if "kantor pindah" in m["text"]] == []


async def test_a_source_that_floods_is_held_until_an_admin_says(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(EDITOR, "/start")
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.primed()
        for number in range(60):
            kabar.press.publish("dunia", 10_000 + number, f"Banjir berita {number}")
        notice = await kabar.world.wait_for(EDITOR, "60 pemberitahuan ditahan", timeout=PATIENCE)
        await kabar.ask(SARI, "/bantuan")
        assert "Banjir berita" not in str(kabar.world.from_bot(SARI))
        await kabar.press_button(EDITOR, notice, "Batalkan semuanya")
        await kabar.until(lambda: "60 pemberitahuan dibatalkan" in kabar.now(notice)["text"])
        kabar.press.publish("dunia", 10_100, "Kabar biasa")
        await kabar.world.wait_for(SARI, "Kabar biasa")
    assert "Banjir berita" not in str(kabar.world.from_bot(SARI))
