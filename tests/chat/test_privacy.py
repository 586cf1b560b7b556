"""What is kept of a chat: shown in words, sent as a file, deleted for good."""

from typing import Any

import orjson

from bot.delivery import personal
from tests.databases import on_sqlite
from tests.delivery.test_personal import rows_with
from tests.wire import EDITOR, OLIVER, PATIENCE, SARI, Kabar, labels


def documents(kabar: Kabar, chat: int) -> list[dict[str, Any]]:
    return [message for message in kabar.world.from_bot(chat) if "document" in message]


def content(kabar: Kabar, message: dict[str, Any]) -> dict[str, Any]:
    held = kabar.world.photos.content(message["document"]["file_id"])
    assert held is not None
    read: dict[str, Any] = orjson.loads(held)
    return read


async def test_a_reader_gets_all_of_it_as_a_file_and_deletes_it_for_good(kabar: Kabar) -> None:
    async with kabar.running() as process:
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.ask(OLIVER, "/follow dunia")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Festival layang-layang dimulai")
        await kabar.world.wait_for(SARI, "Festival", timeout=PATIENCE)
        await kabar.ask(SARI, "/start story_1")
        about = await kabar.ask(SARI, "/privasi", "Privasi Anda")
        await kabar.press_button(SARI, about, "Kirimkan semuanya")
        await kabar.until(lambda: bool(documents(kabar, SARI)))
        exported = content(kabar, documents(kabar, SARI)[0])
        assert [row["target"] for row in exported["subscriptions"]] == ["section:dunia"]
        assert [row["title"] for row in exported["cards"]] == ["Festival layang-layang dimulai"]

        await kabar.press_button(SARI, about, "Hapus semuanya")
        await kabar.until(lambda: "Hapus semua tentang obrolan ini?" in kabar.now(about)["text"])
        await kabar.press_button(SARI, about, "Tidak, biarkan")
        await kabar.until(lambda: "Privasi Anda" in kabar.now(about)["text"])
        await kabar.press_button(SARI, about, "Hapus semuanya")
        await kabar.until(lambda: "Ya, hapus semuanya" in labels(kabar.now(about)))
        await kabar.press_button(SARI, about, "Ya, hapus semuanya")
        await kabar.until(lambda: "Selesai" in kabar.now(about)["text"])
        while await rows_with(process.database, SARI):  # of the press itself, until it is recorded as handled
            await kabar.ask(OLIVER, "/help")

        before = len(kabar.world.from_bot(SARI))
        kabar.press.publish("dunia", 10002, "Festival ditutup dengan meriah")
        await kabar.world.wait_for(OLIVER, "Festival ditutup", timeout=PATIENCE)
        await kabar.polled()
        assert len(kabar.world.from_bot(SARI)) == before
        following = await kabar.ask(SARI, "/langganan", "Langganan Anda")
        assert not [label for label in labels(following) if label.startswith("✓")]


@on_sqlite
async def test_in_a_group_only_its_admins_export_and_delete(kabar: Kabar) -> None:
    group = kabar.world.add_group("Warung Kopi", members=[OLIVER], admins=[SARI], bot_is_admin=True)
    async with kabar.running(roles=("chat",)) as process:
        await kabar.ask(SARI, "/ikuti dunia", chat=group)
        about = await kabar.ask(OLIVER, "/privasi", "Privasi Anda", chat=group)
        for data in ("privacy:export", "privacy:erase", "privacy:erase:yes"):
            answer = await kabar.world.press(OLIVER, group, about["message_id"], data)
            assert answer is not None
            assert "Hanya admin grup" in answer["text"]
        assert documents(kabar, group) == []
        async with process.database.read() as session:
            assert (await personal.export(session, group))["subscriptions"]
        await kabar.press_button(SARI, about, "Kirimkan semuanya")
        await kabar.until(lambda: bool(documents(kabar, group)))
        await kabar.world.press(SARI, group, about["message_id"], "privacy:erase:yes")
        await kabar.until(lambda: "Selesai" in kabar.now(about)["text"])
        async with process.database.read() as session:
            assert (await personal.export(session, group))["subscribers"] == []


@on_sqlite
async def test_of_a_channel_the_file_goes_to_its_admin_and_is_not_posted(kabar: Kabar) -> None:
    channel = kabar.world.add_channel("Kanal Berita", SARI)
    async with kabar.running(roles=("chat",)):
        about = await kabar.ask(SARI, "/privasi", "Privasi Anda", chat=channel)
        answer = await kabar.press_button(SARI, about, "Kirimkan semuanya")
        assert answer is not None
        assert "tekan Mulai" in answer["text"]
        await kabar.ask(SARI, "/start")
        await kabar.press_button(SARI, about, "Kirimkan semuanya")
        await kabar.until(lambda: bool(documents(kabar, SARI)))
    assert documents(kabar, channel) == []
    assert content(kabar, documents(kabar, SARI)[0])["chat_id"] == channel


@on_sqlite
async def test_an_owner_s_name_is_taken_out_of_what_they_sent(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",)) as process:
        await kabar.ask(EDITOR, "/siaran")
        about = await kabar.ask(EDITOR, "/privasi", "Privasi Anda")
        await kabar.world.press(EDITOR, EDITOR, about["message_id"], "privacy:erase:yes")
        await kabar.until(lambda: "Selesai" in kabar.now(about)["text"])
        while await rows_with(process.database, EDITOR):
            await kabar.ask(OLIVER, "/help")
