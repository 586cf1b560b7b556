"""A chat's admins are asked of Telegram, and remembered for a minute."""

from telegram.ext import ExtBot

from bot.admins import Admins
from bot.delivery.telegram import AiohttpRequest
from bot.sandbox.server import Server
from bot.sandbox.world import World

SARI, OLIVER = 1001, 1003


async def test_the_admins_are_remembered_for_a_minute_and_then_asked_again() -> None:
    world = World()
    for number, name in ((SARI, "Sari"), (OLIVER, "Oliver")):
        world.add_user(name, id=number)
    channel = world.add_channel("Kabar Kampung", SARI)
    now = 1000.0
    async with Server(world) as server:
        address = f"{server.url}/bot"
        requests = AiohttpRequest(), AiohttpRequest()
        bot: ExtBot[None] = ExtBot(world.token, address, request=requests[0], get_updates_request=requests[1])
        async with bot:
            admins = Admins(bot, lambda: now)
            assert await admins.of(channel) == {SARI}
            world.chats[channel].members[OLIVER] = "administrator"
            now += 59
            assert await admins.of(channel) == {SARI}
            now += 1
            assert await admins.of(channel) == {SARI, OLIVER}
            assert await admins.of(-404) is None
    assert len(world.calls("getChatAdministrators", channel)) == 2
