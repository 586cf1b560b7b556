"""Steps that tests of deliveries share: create subscribers without messages, queue a push, wait for its end."""

import asyncio

from bot.audience import subscribers, subscriptions
from bot.clock import utcnow
from bot.delivery import drafts, pushes
from bot.sandbox.world import Message
from bot.storage.models import Push
from tests.wire import Kabar


async def announce(kabar: Kabar, text: str = "Kabar uji", **more: object) -> int:
    """Queue a broadcast to everyone, as the confirmed end of a conversation would; the push's id."""
    assert kabar.process is not None
    async with kabar.process.database.write() as session:
        content = {"method": "sendMessage", "params": {"text": text, **more}}
        push = await drafts.new(session, 1, content, utcnow())
        await drafts.confirm(session, push.id, utcnow(), 0)
    kabar.process.wake.set()
    return push.id


async def register(kabar: Kabar, *chats: int, thread: int = 0) -> None:
    """Create subscribers directly, without messages, so that no answer delays the push."""
    assert kabar.process is not None
    async with kabar.process.database.write() as session:
        for chat in chats:
            place = kabar.world.chats[chat]
            place.bot = "member"
            await subscribers.greet(session, chat, thread_id=thread, kind=place.type, language="id", now=utcnow())


async def finished(kabar: Kabar, push_id: int) -> Push:
    assert kabar.process is not None
    while True:
        async with kabar.process.database.read() as session:
            push = await session.get_one(Push, push_id)
        if push.state in (pushes.FINISHED, pushes.PAUSED):
            return push
        await asyncio.sleep(0.05)


async def state_of(kabar: Kabar, chat: int, thread: int = 0) -> str:
    assert kabar.process is not None
    async with kabar.process.database.read() as session:
        found = await subscribers.find(session, chat, thread)
    assert found is not None
    return found.state


def got(kabar: Kabar, chat: int) -> int:
    return sum("Kabar uji" in str(message.get("text")) for message in kabar.world.from_bot(chat))


async def follow(kabar: Kabar, *chats: int, target: str = "section:dunia") -> None:
    assert kabar.process is not None
    async with kabar.process.database.write() as session:
        for chat in chats:
            place = kabar.world.chats[chat]
            place.bot = "member"
            found = await subscribers.greet(session, chat, kind=place.type, language="id", now=utcnow())
            await subscriptions.follow(session, found.id, target)


def shown(kabar: Kabar, message: Message) -> str:
    now = kabar.now(message)
    return str(now.get("text") or now.get("caption"))
