"""A group or a channel that the bot comes to gets to know it; nobody else is written to."""

from bot.sandbox.world import Message
from tests.databases import on_sqlite
from tests.wire import EDITOR, OLIVER, SARI, Kabar, labels

WARUNG = "Warung Kopi"


def group_without_the_bot(kabar: Kabar) -> int:
    group = kabar.world.add_group(WARUNG, members=[OLIVER], admins=[SARI])
    kabar.world.chats[group].bot = "left"
    return group


async def introduction(kabar: Kabar, chat: int) -> Message:
    return await kabar.world.wait_for(chat, "Admin grup memilih")


async def test_a_group_is_greeted_with_its_choices_which_only_its_admins_change(kabar: Kabar) -> None:
    group = group_without_the_bot(kabar)
    async with kabar.running(roles=("chat",)):
        kabar.world.add_bot(group)
        greeting = await introduction(kabar, group)
        assert "Dunia" in labels(greeting)
        await kabar.press_button(OLIVER, greeting, "Dunia")
        await kabar.press_button(SARI, greeting, "Politik")
        await kabar.until(lambda: "✓ Politik" in labels(kabar.now(greeting)))
    assert "Dunia" in labels(kabar.now(greeting))
    assert "Admin grup memilih" in kabar.now(greeting)["text"]
    assert len(kabar.world.from_bot(group)) == 1


@on_sqlite
async def test_a_group_that_takes_the_bot_back_sees_what_it_follows(kabar: Kabar) -> None:
    group = group_without_the_bot(kabar)
    async with kabar.running(roles=("chat",)):
        kabar.world.add_bot(group)
        await kabar.press_button(SARI, await introduction(kabar, group), "Politik")
        kabar.world.add_bot(group, "administrator")  # it was there already
        kabar.world.kick(group)
        kabar.world.add_bot(group)
        await kabar.until(lambda: len(kabar.world.from_bot(group)) == 2)
    assert "✓ Politik" in labels(kabar.world.from_bot(group)[-1])


@on_sqlite
async def test_a_channels_admin_is_told_in_private_and_nothing_is_posted(kabar: Kabar) -> None:
    channels = [kabar.world.add_channel(title, owner) for title, owner in (("Kanal Berita", SARI), ("Sepi", EDITOR))]
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/start")
        for channel in channels:
            kabar.world.chats[channel].bot = "left"
            kabar.world.add_bot(channel, "administrator")
        note = await kabar.world.wait_for(SARI, "Kanal Berita")
        await kabar.ask(SARI, "/bantuan", "bisa Anda lakukan")
        await kabar.until(
            lambda: any(call["params"].get("chat_id") == EDITOR for call in kabar.world.calls("sendMessage"))
        )
    assert "/langganan" in note["text"]
    assert not any(kabar.world.from_bot(channel) for channel in channels)
