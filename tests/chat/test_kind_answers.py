"""Answers to what was mistyped, is no words, or is gone."""

from tests.databases import on_sqlite
from tests.wire import EDITOR, SARI, Kabar, labels

pytestmark = on_sqlite


async def test_plain_words_do_what_they_say_and_mistyped_ones_are_recognised(kabar: Kabar) -> None:
    kabar.press.publish("politik", 20001, "Sidang dibuka kembali")
    async with kabar.running():
        await kabar.primed()
        assert "1. Sidang dibuka" in (await kabar.ask(SARI, "politik"))["text"]
        assert "Hentikan semua" in (await kabar.ask(SARI, "Stop"))["text"]
        assert "Langganan Anda" in (await kabar.ask(SARI, "langganan"))["text"]
        assert "bisa Anda lakukan" in (await kabar.ask(SARI, "bantuan"))["text"]
        assert "Anda mengikuti Dunia" in (await kabar.ask(SARI, "ikuti dunia"))["text"]
        assert "Pencarian: ikuti sidang" in (await kabar.ask(SARI, "ikuti sidang"))["text"]
        assert "Mungkin maksud Anda /terbaru?" in (await kabar.ask(SARI, "/tebraru"))["text"]
        assert "Politik" in labels(await kabar.ask(SARI, "/ikuti poltik"))


async def test_an_owners_command_is_suggested_to_owners_only_and_else_answered_like_any_unknown_one(
    kabar: Kabar,
) -> None:
    async with kabar.running(roles=("chat",)):
        assert "/pushes?" in (await kabar.ask(EDITOR, "/pushse"))["text"]
        unknown = (await kabar.ask(SARI, "/zzzzzzzz"))["text"]
        for command in ("/broadcast", "/siaran", "/pushes", "/kiriman", "/sources", "/pushse", "/broadcst"):
            assert (await kabar.ask(SARI, command))["text"] == unknown


async def test_a_picture_and_a_vanished_button_get_an_answer(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",)):
        for user in (SARI, EDITOR):
            answer = await kabar.ask(user, "", "kata-kata tertulis", photo=b"\x89PNG\r\n\x1a\n".ljust(100))
            assert "📰 Terbaru" in labels(answer)
        for data in ("gone:1", "pushes", "story:4711"):  # of no version, an owner's, of no story
            before = len(kabar.world.from_bot(SARI))
            pressed = await kabar.world.press(SARI, SARI, kabar.world.from_bot(SARI)[0]["message_id"], data)
            assert pressed is not None
            await kabar.until(lambda before=before: len(kabar.world.from_bot(SARI)) > before)
            last = kabar.world.from_bot(SARI)[-1]
            assert "sudah tidak berlaku" in last["text"]
            assert "📰 Terbaru" in labels(last)
