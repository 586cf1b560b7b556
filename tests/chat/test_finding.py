"""Finding stories: /update, search in the chat, and inline queries in any chat."""

from tests.wire import OLIVER, SARI, Kabar, labels


async def test_update_shows_the_newest_updates_and_pages_in_place(kabar: Kabar) -> None:
    for number in range(12):
        kabar.press.publish("update", 10_000 + number, f"Kabar penting {number}")
    kabar.press.publish("dunia", 20_000, "Kabar biasa")
    async with kabar.running():
        await kabar.primed()
        greeting = await kabar.ask(SARI, "/start")
        await kabar.press_button(SARI, greeting, "🔴 UPDATE")
        listing = await kabar.world.wait_for(SARI, "Kabar penting 11")
        assert listing["text"].count("Kabar penting") == 10
        assert "Kabar biasa" not in listing["text"]
        await kabar.press_button(SARI, listing, "Selengkapnya")
        await kabar.until(lambda: "12. " in kabar.now(listing)["text"])
        assert "Kabar penting 11" in (await kabar.ask(OLIVER, "/update https://news.example/"))["text"]


async def test_search_says_what_it_did_when_not_all_was_found(kabar: Kabar) -> None:
    kabar.press.publish("dunia", 10_001, "Buaya memakan ternak")
    kabar.press.publish("dunia", 10_002, "Banjir surut")
    async with kabar.running():
        await kabar.primed()
        assert "Buaya memakan ternak" in (await kabar.ask(SARI, "makanan"))["text"]
        assert "Yang ditampilkan: banjir" in (await kabar.ask(SARI, "banjr"))["text"]
        assert "Tidak ada berita dengan semua kata itu" in (await kabar.ask(SARI, "banjir bandang"))["text"]
        nothing = await kabar.ask(SARI, "/cari zzzzzz")
    assert "Tidak ditemukan" in nothing["text"]
    assert {"📰 Terbaru", "🗂 Rubrik"} <= set(labels(nothing))


async def test_an_inline_query_is_answered_with_cards_to_share(kabar: Kabar) -> None:
    for number in range(25):
        kabar.press.publish("dunia", 10_000 + number, f"Berita nomor {number}")
    kabar.press.publish("politik", 20_000, "Jembatan dibangun", photo=f"{kabar.url}/news/jembatan.png")
    async with kabar.running():
        await kabar.primed()
        latest = await kabar.world.type_inline(OLIVER)
        assert latest is not None
        assert len(latest["results"]) == 20
        more = await kabar.world.type_inline(OLIVER, "", latest["next_offset"])
        assert more is not None
        assert len({result["id"] for result in latest["results"] + more["results"]}) == 26
        assert not more.get("next_offset")
        found = await kabar.world.type_inline(OLIVER, "pembangunan jembatan")
        assert found is not None
        (shared,) = found["results"]
        assert shared["title"] == "Jembatan dibangun"
        assert shared["input_message_content"]["message_text"].startswith("Politics\n\nJembatan dibangun")
        assert shared["reply_markup"]["inline_keyboard"][0][0]["url"].endswith("/20000/kabar")
        nothing = await kabar.world.type_inline(SARI, "zzzzzz")
    assert nothing is not None
    assert nothing["results"] == []
    assert nothing["button"]["start_parameter"] == "latest"
