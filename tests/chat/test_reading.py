import pytest

from tests.wire import OLIVER, SARI, Kabar, button, labels


async def test_start_greets_and_offers_update_and_every_section(kabar: Kabar) -> None:
    async with kabar.running():
        greeting = await kabar.ask(SARI, "/start")
    assert "Selamat datang di Kabar Contoh" in greeting["text"]
    assert {"UPDATE: kabar terkini", "Politik", "Dunia"} <= set(labels(greeting))


@pytest.mark.parametrize(
    ("command", "alias", "answer"),
    [
        ("/help", "/bantuan", "Yang bisa Anda lakukan di sini"),
        ("/sections", "/rubrik", "Rubrik"),
        ("/latest", "/terbaru", "Terbaru"),
        ("/popular", "/populer", "Populer"),
        ("/search pasar", "/cari pasar", "Pencarian: pasar"),
        ("/following", "/langganan", "Langganan Anda"),
        ("/follow dunia", "/ikuti Dunia", "Anda mengikuti Dunia"),
        ("/unfollow dunia", "/berhenti Dunia", "Anda tidak lagi mengikuti Dunia"),
        ("/unfollow", "/stop", "Hentikan semua pemberitahuan?"),
        ("/settings", "/pengaturan", "Pengaturan"),
        ("/language", "/bahasa", "Pilih bahasa"),
        ("/saved", "/simpanan", "Belum ada yang Anda simpan"),
        ("/privacy", "/privasi", "Privasi Anda"),
    ],
)
async def test_every_command_answers_by_both_names_even_before_start(
    kabar: Kabar, command: str, alias: str, answer: str
) -> None:
    kabar.press.publish("dunia", 10001, "Pasar terapung kembali ramai")
    async with kabar.running():
        await kabar.primed()
        for name in (command, alias):
            assert answer in (await kabar.ask(SARI, name))["text"]


async def test_a_list_carries_titles_times_and_links_and_opens_cards(kabar: Kabar) -> None:
    kabar.press.publish(
        "dunia",
        10001,
        "Kapal riset tiba di pelabuhan",
        summary="Kapal itu membawa dua puluh peneliti.",
        time="Sun, 22 Feb 2026 09:40 WIB",
        author="redaksi@news.example (Wulan Prameswari)",
        photo=f"{kabar.url}/news/kapal.png",
    )
    async with kabar.running():
        await kabar.primed()
        listing = await kabar.ask(SARI, "/terbaru")
        assert listing["text"] == (
            "Terbaru\nMinggu, 22 Februari 2026\n1. Kapal riset tiba di pelabuhan · 09:40 WIB · Dunia"
        )
        assert any(each.get("url", "").endswith("/10001/kabar") for each in listing["entities"])
        await kabar.press_button(SARI, listing, "1")
        card = await kabar.world.wait_for(SARI, lambda message: "photo" in message)
    assert card["caption"] == (
        "Dunia\nKapal riset tiba di pelabuhan\nKapal itu membawa dua puluh peneliti.\n\n"
        "Minggu, 22 Februari 2026 | 09:40 WIB · Oleh Wulan Prameswari"
    )
    assert button(card, "Baca selengkapnya")["url"].endswith("/10001/kabar")


async def test_latest_shows_ten_and_pages_in_place(kabar: Kabar) -> None:
    for number in range(25):
        kabar.press.publish("dunia", 10_000 + number, f"Berita nomor {number}")
    async with kabar.running():
        await kabar.primed()
        listing = await kabar.ask(SARI, "/latest")
        assert listing["text"].count("Berita nomor") == 10
        first_page = listing["text"]
        await kabar.press_button(SARI, listing, "Selengkapnya")
        await kabar.until(lambda: "11. " in kabar.now(listing)["text"])
        await kabar.press_button(SARI, listing, "Selengkapnya")
        await kabar.until(lambda: "21. " in kabar.now(listing)["text"])
        assert kabar.now(listing)["text"].count("Berita nomor") == 5
        assert "Selengkapnya ›" not in labels(kabar.now(listing))
        await kabar.press_button(SARI, listing, "Lebih baru")
        await kabar.until(lambda: "11. " in kabar.now(listing)["text"])
        await kabar.press_button(SARI, listing, "Lebih baru")
        await kabar.until(lambda: kabar.now(listing)["text"] == first_page)


async def test_pages_do_not_shift_when_a_story_arrives_between(kabar: Kabar) -> None:
    for number in range(12):
        kabar.press.publish("dunia", 10_000 + number, f"Berita nomor {number}")
    async with kabar.running():
        await kabar.primed()
        listing = await kabar.ask(SARI, "/latest")
        kabar.press.publish("dunia", 10_099, "Berita yang baru saja datang")
        await kabar.ask(SARI, "/ikuti dunia")
        while "baru saja datang" not in (await kabar.ask(SARI, "/latest"))["text"]:
            pass
        await kabar.press_button(SARI, listing, "Selengkapnya")
        await kabar.until(lambda: "11. " in kabar.now(listing)["text"])
    assert kabar.now(listing)["text"].count("Berita nomor") == 2


async def test_a_section_shows_its_own_stories_with_a_follow_button_that_names_its_state(kabar: Kabar) -> None:
    kabar.press.publish("dunia", 10001, "Dari jauh")
    kabar.press.publish("politik", 20001, "Dari dekat")
    async with kabar.running():
        await kabar.primed()
        sections = await kabar.ask(SARI, "/rubrik")
        await kabar.press_button(SARI, sections, "Dunia")
        listing = await kabar.world.wait_for(SARI, "Dari jauh")
        assert "Dari dekat" not in listing["text"]
        follow = button(listing, "Ikuti Dunia")
        for _ in range(2):
            answer = await kabar.world.press(SARI, SARI, listing["message_id"], follow["callback_data"])
            assert answer is not None
            assert "Anda mengikuti Dunia" in answer["text"]
        await kabar.until(lambda: "✓ Mengikuti Dunia" in labels(kabar.now(listing)))
        following = await kabar.ask(SARI, "/langganan")
    assert "✓ Dunia" in labels(following)
    assert "Politik" in labels(following)


async def test_popular_counts_what_readers_open_until_the_publisher_ranks(kabar: Kabar) -> None:
    for number in range(9):
        kabar.press.publish("dunia", 10_000 + number, f"Berita nomor {number}")
    async with kabar.running():
        await kabar.primed()
        listing = await kabar.ask(SARI, "/latest")
        await kabar.press_button(SARI, listing, "4")
        card = await kabar.world.wait_for(SARI, "Dunia\nBerita nomor 5")
        assert card["text"].startswith("Dunia")
        while "1. Berita nomor 5" not in (opened := await kabar.ask(OLIVER, "/popular"))["text"]:
            pass
        assert opened["text"].count("Berita nomor") == 7
        kabar.press.publish("populer", 10_002, "Berita nomor 2")
        while "1. Berita nomor 2" not in (ranked := (await kabar.ask(OLIVER, "/popular"))["text"]):
            pass
    assert "2. Berita nomor 5" in ranked


async def test_search_finds_words_written_plainly_and_pages(kabar: Kabar) -> None:
    for number in range(13):
        kabar.press.publish("dunia", 10_000 + number, f"Panén raya kopi {number}")
    kabar.press.publish("dunia", 10_500, "Hujan di pegunungan", summary="Tidak ada hubungannya.")
    async with kabar.running():
        await kabar.primed()
        found = await kabar.ask(SARI, "PANEN kopi")
        assert found["text"].count("Panén raya") == 10
        assert "Hujan" not in found["text"]
        await kabar.press_button(SARI, found, "Selengkapnya")
        await kabar.until(lambda: "13. " in kabar.now(found)["text"])
        nothing = await kabar.ask(SARI, "/cari 100%_'\";--")
    assert "Tidak ditemukan" in nothing["text"]


async def test_deep_links_open_a_story_and_a_section(kabar: Kabar) -> None:
    kabar.press.publish("dunia", 10001, "Jembatan baru dibuka")
    async with kabar.running():
        await kabar.primed()
        assert (await kabar.ask(SARI, "/start story_1"))["text"].startswith("Dunia\nJembatan baru dibuka")
        assert "\n1. Jembatan" in (await kabar.ask(SARI, "/start section_dunia"))["text"]
        assert "Selamat datang" in (await kabar.ask(SARI, "/start story_99999999999999999999"))["text"]


async def test_the_language_follows_the_reader_and_can_be_chosen(kabar: Kabar) -> None:
    kabar.press.publish("dunia", 10001, "Jembatan baru dibuka", time="Sun, 22 Feb 2026 09:40 WIB")
    async with kabar.running():
        await kabar.primed()
        latest = await kabar.ask(OLIVER, "/latest")
        assert "Latest" in latest["text"]
        assert "Minggu, 22 Februari 2026\n1. Jembatan baru dibuka · 09:40 WIB · World" in latest["text"]
        languages = await kabar.ask(OLIVER, "/language")
        await kabar.press_button(OLIVER, languages, "Indonesia")
        assert "Terbaru" in (await kabar.ask(OLIVER, "/latest"))["text"]
        assert "language is now English" in (await kabar.ask(OLIVER, "/bahasa en"))["text"]


async def test_an_unknown_command_is_answered_in_private_and_ignored_in_groups(kabar: Kabar) -> None:
    group = kabar.world.add_group("Warung Kopi", members=[SARI], bot_is_admin=True)
    async with kabar.running():
        assert "Perintah itu tidak dikenal" in (await kabar.ask(SARI, "/entah"))["text"]
        kabar.world.say(SARI, "/entah", chat=group)
        kabar.world.say(SARI, "apa kabar semua", chat=group)
        await kabar.ask(SARI, "/latest", chat=group)
    assert len(kabar.world.from_bot(group)) == 1


async def test_an_edited_command_is_not_a_new_one(kabar: Kabar) -> None:
    async with kabar.running():
        first = await kabar.ask(SARI, "/latest")
        kabar.world.edit(SARI, SARI, first["message_id"] - 1, "/popular")
        await kabar.ask(SARI, "/help")
    assert len(kabar.world.from_bot(SARI)) == 2


async def test_in_a_group_only_its_admins_change_what_it_follows(kabar: Kabar) -> None:
    group = kabar.world.add_group("Warung Kopi", members=[OLIVER], admins=[SARI])
    async with kabar.running():
        refused = await kabar.ask(OLIVER, "/ikuti dunia", chat=group)
        assert "Hanya admin grup" in refused["text"]
        listing = await kabar.ask(OLIVER, "/langganan", chat=group)
        answer = await kabar.press_button(OLIVER, listing, "Dunia")
        assert answer is not None
        assert "Hanya admin grup" in answer["text"]
        assert "✓ Dunia" not in labels(await kabar.ask(OLIVER, "/langganan", chat=group))
        await kabar.ask(SARI, "/ikuti dunia", chat=group)
        assert "✓ Dunia" in labels(await kabar.ask(OLIVER, "/langganan", chat=group))


async def test_an_unknown_section_is_named_with_those_there_are(kabar: Kabar) -> None:
    async with kabar.running():
        answer = await kabar.ask(SARI, "/ikuti <b>olahraga</b>")
    assert "“<b>olahraga</b>”" in answer["text"]
    assert "Politik, Dunia, dan update" in answer["text"]
