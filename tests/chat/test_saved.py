"""☆ under a card, and the list of what was saved."""

from tests.databases import on_sqlite
from tests.wire import OLIVER, PATIENCE, SARI, Kabar, button, labels


async def test_a_story_is_saved_from_its_alert_opened_from_the_list_and_taken_out(kabar: Kabar) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Festival layang-layang dimulai")
        alert = await kabar.world.wait_for(SARI, "Festival", timeout=PATIENCE)
        star = button(alert, "☆ Simpan")["callback_data"]
        for _ in range(2):  # the data names the wanted state: a second press changes nothing
            answer = await kabar.world.press(SARI, SARI, alert["message_id"], star)
            assert answer is not None
            assert "Tersimpan" in answer["text"]
        await kabar.until(lambda: "★ Tersimpan" in labels(kabar.now(alert)))
        assert "Baca selengkapnya" in labels(kabar.now(alert))

        shelf = await kabar.ask(SARI, "/simpanan", "Tersimpan (1)")
        await kabar.press_button(SARI, shelf, "1")
        card = await kabar.world.wait_for(SARI, lambda message: "★ Tersimpan" in labels(message) and message != alert)
        assert "Festival" in card["text"]
        await kabar.press_button(SARI, shelf, "Keluarkan")
        await kabar.until(lambda: "✕ 1" in labels(kabar.now(shelf)))
        await kabar.press_button(SARI, shelf, "✕ 1")
        await kabar.until(lambda: "Belum ada yang Anda simpan" in kabar.now(shelf)["text"])


@on_sqlite
async def test_in_a_group_the_star_leads_to_the_readers_own_chat(kabar: Kabar) -> None:
    group = kabar.world.add_group("Warung Kopi", members=[OLIVER], admins=[SARI])
    kabar.press.publish("dunia", 10001, "Jembatan baru dibuka")
    async with kabar.running():
        await kabar.primed()
        card = await kabar.ask(OLIVER, "/start story_1", "Jembatan", chat=group)
        answer = await kabar.press_button(OLIVER, card, "☆")
        assert answer is not None
        assert answer["url"].endswith("?start=story_1")
        note = await kabar.ask(OLIVER, "/saved", chat=group)
        assert button(note, "Buka")["url"].endswith("?start=saved")
