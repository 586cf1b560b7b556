"""What an owner sees that readers don't: withdrawing a story, how the sources are doing."""

import asyncio

from bot.config import Newsroom
from bot.sandbox.world import Message
from bot.stories import sources
from tests.delivery.steps import follow, shown
from tests.stories.hostile import item, rss
from tests.wire import EDITOR, SARI, Kabar, labels, newsroom


async def test_an_owner_withdraws_a_story_from_every_chat(kabar: Kabar) -> None:
    async with kabar.running():
        await follow(kabar, SARI)
        await kabar.primed()
        kabar.press.publish("dunia", 1, "Kabar yang keliru")
        alert = await kabar.world.wait_for(SARI, "Kabar yang keliru")
        listed = await kabar.ask(EDITOR, "/terbaru", "Kabar yang keliru")
        await kabar.press_button(EDITOR, listed, "1")
        card = await kabar.world.wait_for(EDITOR, lambda each: "Tarik berita ini…" in labels(each))
        await kabar.press_button(EDITOR, card, "Tarik berita ini")
        question = await kabar.world.wait_for(EDITOR, "Tarik “Kabar yang keliru”")
        await kabar.press_button(EDITOR, question, "Jangan")
        await kabar.until(lambda: "tetap ada" in shown(kabar, question))
        await kabar.press_button(EDITOR, card, "Tarik berita ini")
        question = await kabar.world.wait_for(EDITOR, lambda each: "Tarik saja" in labels(each))
        await kabar.press_button(EDITOR, question, "Tarik saja")
        await kabar.until(lambda: is_withdrawn(kabar, alert))
        assert "Kabar yang keliru" not in (await kabar.ask(SARI, "/terbaru"))["text"]


async def test_a_reader_cannot_withdraw_anything(kabar: Kabar) -> None:
    async with kabar.running():
        await follow(kabar, SARI)
        await kabar.primed()
        kabar.press.publish("dunia", 1, "Kabar biasa")
        await kabar.world.wait_for(SARI, "Kabar biasa")
        listed = await kabar.ask(SARI, "/terbaru", "Kabar biasa")
        await kabar.press_button(SARI, listed, "1")
        card = await kabar.world.wait_for(SARI, lambda each: "Baca selengkapnya" in labels(each))
        assert labels(card) == ["Baca selengkapnya", "☆ Simpan"]
        await kabar.world.press(SARI, SARI, card["message_id"], "withdraw:1:yes")
        assert "Kabar biasa" in (await kabar.ask(SARI, "/terbaru", "Terbaru"))["text"]
        await kabar.ask(SARI, "/sumber", "tidak dikenal")


async def test_a_story_whose_page_is_gone_for_good_is_withdrawn_and_one_only_unlisted_is_not(kabar: Kabar) -> None:
    press = kabar.press
    page = "<html><body><h1>Kabar {0}</h1><p>Isi kabar {0}.</p></body></html>"

    def show(*names: str) -> None:
        links = "".join(
            f'<li><a href="/news/{name}.xml">Kabar {name}</a> <time>{name[-1]} jam lalu</time></li>' for name in names
        )
        press.raw["depan"] = (200, f"<ul>{links}</ul>".encode(), "text/html")

    for name in ("satu-1", "dua-2", "tiga-3"):
        press.raw[name] = (200, page.format(name).encode(), "text/html")
    show("tiga-3")
    async with kabar.running(newsroom=front_page(kabar.url)):
        await follow(kabar, SARI)
        await kabar.primed()
        await kabar.ask(EDITOR, "/start")
        show("satu-1", "dua-2", "tiga-3")
        for name in ("satu-1", "dua-2"):
            await kabar.world.wait_for(SARI, f"Kabar {name}")
        press.raw["satu-1"] = (410, b"", "text/html")
        press.raw["dua-2"] = (404, b"", "text/html")
        show("tiga-3")
        gone = next(each for each in kabar.world.from_bot(SARI) if "satu-1" in str(each.get("text")))
        await kabar.until(lambda: is_withdrawn(kabar, gone))
        await kabar.world.wait_for(EDITOR, "sudah tidak ada di situsnya")
        latest = (await kabar.ask(SARI, "/terbaru"))["text"]
        assert "dua-2" in latest and "satu-1" not in latest


def is_withdrawn(kabar: Kabar, message: Message) -> bool:
    return "telah menarik berita ini" in shown(kabar, message)


def front_page(url: str) -> Newsroom:
    source = {"id": "depan", "kind": "page", "url": f"{url}/news/depan.xml", "section": "dunia", "every": "1s"}
    return newsroom(url, sources=[source | {"select": {"item": "li", "title": "a", "link": "a", "time": "time"}}])


async def test_an_owner_sees_how_the_sources_are_doing(kabar: Kabar) -> None:
    kabar.press.raw["politik"] = (404, b"", "text/html")
    kabar.press.publish("dunia", 1, "Kabar dunia")
    useless = "<item><title>Tanpa tautan</title><link>N/A</link><guid isPermaLink='false'>N/A</guid></item>"
    kabar.press.raw["update"] = (200, rss(useless, item(5)), "application/rss+xml")
    async with kabar.running():
        while not {"dunia", "politik", "update"} <= await asked(kabar):
            await asyncio.sleep(0.05)
        text = (await kabar.ask(EDITOR, "/sources", "Sumber berita"))["text"]
    politik, update, *others = text.split("\n\n")[1:]
    assert "⚠️ politik" in politik and "HTTP 404: the address is not there" in politik and "Gagal sejak" in politik
    assert (
        update.startswith("✅ update · 1 berita") and "❗ 1 dari 2 entri tidak punya tautan yang dapat dibuka" in update
    )
    assert others[0].startswith("✅ dunia · 1 berita") and "Terakhir dibaca" in others[0] and "Dibaca lagi" in others[0]


async def asked(kabar: Kabar) -> set[str]:
    """The sources that were polled, well or not."""
    assert kabar.process is not None
    async with kabar.process.database.read() as session:
        return {each.id for each in await sources.everything(session) if each.primed or each.failures}
