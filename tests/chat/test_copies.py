"""Stories that were taken for copies: an owner sees them, and makes one news."""

from bot.sandbox.world import Message
from tests.databases import on_sqlite
from tests.delivery.steps import follow, shown
from tests.stories.hostile import item, rss
from tests.wire import EDITOR, OLIVER, SARI, Kabar, button, labels

AGENCY = "Warga membersihkan lumpur dari rumah setelah air yang menggenang kampung di tepi sungai akhirnya surut."


async def carried(kabar: Kabar, copies: int) -> None:
    """One site brings an agency's text, then a source brings it from so many others; they stand in the database."""
    kabar.press.publish("dunia", 1, "Warga membersihkan lumpur", summary=AGENCY)
    await kabar.world.wait_for(SARI, "Warga membersihkan lumpur")
    entries = [
        item(n, "Warga bersihkan lumpur", link=f"https://situs{n}.example/{n}/lumpur-{n}", description=AGENCY)
        for n in range(201, 201 + copies)
    ]
    kabar.press.raw["politik"] = (200, rss(*entries), "application/rss+xml")
    while f"Dianggap salinan ({copies})" not in labels(await kabar.ask(EDITOR, "/sumber")):
        await kabar.polled()


def from_site(kabar: Kabar, chat: int, host: str) -> list[Message]:
    """What the chat got that leads to this site."""
    return [each for each in kabar.world.from_bot(chat) if host in str(each.get("reply_markup"))]


async def test_an_owner_sees_what_was_taken_for_a_copy_and_makes_one_news(kabar: Kabar) -> None:
    async with kabar.running():
        await follow(kabar, SARI, OLIVER)
        await follow(kabar, SARI, target="section:politik")
        await kabar.primed()
        assert not labels(await kabar.ask(EDITOR, "/sumber"))
        await carried(kabar, 7)
        health = await kabar.ask(EDITOR, "/sumber", "Sumber berita")
        await kabar.press_button(EDITOR, health, "Dianggap salinan")
        listed = await kabar.world.wait_for(EDITOR, lambda each: "Jadikan 5 berita" in labels(each))
        first = shown(kabar, listed).split("\n\n")[2]
        assert "1. Warga bersihkan lumpur\npolitik · situs" in first and "WIB" in first
        assert "Salinan dari: Warga membersihkan lumpur (dunia · 127.0.0.1)" in first

        await kabar.press_button(EDITOR, listed, "Selengkapnya")
        await kabar.until(lambda: "Jadikan 7 berita" in labels(kabar.now(listed)))
        seventh = button(kabar.now(listed), "Jadikan 7 berita")["callback_data"]
        host = shown(kabar, listed).split("7. ")[1].split(" · ")[1]
        answer = await kabar.press_button(EDITOR, listed, "Jadikan 7 berita")
        assert answer is not None and "pemberitahuannya sedang dikirim" in answer["text"]
        await kabar.world.wait_for(SARI, lambda each: host in str(each.get("reply_markup")))
        await kabar.until(lambda: "✅ “Warga bersihkan lumpur”: Kini tampil di daftar" in shown(kabar, listed))
        assert "Jadikan 7 berita" not in labels(kabar.now(listed))

        again = await kabar.world.press(EDITOR, EDITOR, listed["message_id"], seventh)
        assert again is not None and "sudah bukan salinan" in again["text"]
        await kabar.press_button(EDITOR, listed, "Lebih baru")
        await kabar.until(lambda: "Jadikan 1 berita" in labels(kabar.now(listed)))
        await kabar.ask(EDITOR, "/sumber", lambda each: "Dianggap salinan (6)" in labels(each))
        latest = await kabar.ask(OLIVER, "/terbaru", "Terbaru")
        assert "Warga bersihkan lumpur" in latest["text"] and "Warga membersihkan lumpur" in latest["text"]
        kabar.press.publish("dunia", 2, "Jembatan dibuka")
        kabar.press.raw.pop("politik")
        kabar.press.publish("politik", 3, "Sidang dimulai")
        for title in ("Jembatan dibuka", "Sidang dimulai"):
            await kabar.world.wait_for(SARI, title)
    assert len(from_site(kabar, SARI, host)) == 1
    assert len([each for each in kabar.world.from_bot(SARI) if "lumpur" in str(each.get("text"))]) == 2


@on_sqlite
async def test_the_last_page_of_copies_that_becomes_empty_is_the_page_before(kabar: Kabar) -> None:
    async with kabar.running():
        await follow(kabar, SARI)
        await kabar.primed()
        await carried(kabar, 6)
        health = await kabar.ask(EDITOR, "/sumber", "Sumber berita")
        await kabar.press_button(EDITOR, health, "Dianggap salinan")
        listed = await kabar.world.wait_for(EDITOR, lambda each: "Jadikan 5 berita" in labels(each))
        await kabar.press_button(EDITOR, listed, "Selengkapnya")
        await kabar.until(lambda: "Jadikan 6 berita" in labels(kabar.now(listed)))
        await kabar.press_button(EDITOR, listed, "Jadikan 6 berita")
        await kabar.until(lambda: "Jadikan 5 berita" in labels(kabar.now(listed)))
        assert "Selengkapnya ›" not in labels(kabar.now(listed))


async def test_when_the_original_is_withdrawn_a_copy_is_listed_and_nobody_gets_it(kabar: Kabar) -> None:
    async with kabar.running():
        await follow(kabar, SARI)
        await follow(kabar, SARI, target="section:politik")
        await kabar.primed()
        await carried(kabar, 1)
        listed = await kabar.ask(EDITOR, "/terbaru", "Warga membersihkan lumpur")
        await kabar.press_button(EDITOR, listed, "1")
        card = await kabar.world.wait_for(EDITOR, lambda each: "Tarik berita ini…" in labels(each))
        await kabar.press_button(EDITOR, card, "Tarik berita ini")
        question = await kabar.world.wait_for(EDITOR, lambda each: "Tarik saja" in labels(each))
        await kabar.press_button(EDITOR, question, "Tarik saja")
        await kabar.until(lambda: "ditarik dari semua obrolan" in shown(kabar, question))
        latest = (await kabar.ask(SARI, "/terbaru", "Terbaru"))["text"]
        assert "Warga bersihkan lumpur" in latest and "Warga membersihkan lumpur" not in latest
        assert not labels(await kabar.ask(EDITOR, "/sumber", "Sumber berita"))
        kabar.press.raw.pop("politik")
        kabar.press.publish("politik", 3, "Sidang dimulai")
        await kabar.world.wait_for(SARI, "Sidang dimulai")
    assert not from_site(kabar, SARI, "situs201.example")
