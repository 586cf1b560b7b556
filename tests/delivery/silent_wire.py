"""A fake transport that withholds answers until the test gives them, to test a push with requests in flight."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from yarl import URL

from bot.delivery.budget import ChatPace, Window
from bot.delivery.courier import Courier
from bot.delivery.desk import Desk
from bot.delivery.ledger import Ledger
from bot.delivery.opened import OpenedCards
from bot.delivery.outcomes import Outcome, Sent
from bot.delivery.photos import Photos
from bot.delivery.retries import Retries
from bot.delivery.sender import Sender
from bot.delivery.telegram import AiohttpRequest
from bot.storage.engine import Database
from tests.delivery.rows import NOW
from tests.wire import newsroom


class SilentWire(AiohttpRequest):
    """Takes every message and answers at once, but to the chats in `silent` only by `answer`."""

    def __init__(self, *silent: int) -> None:
        super().__init__()
        self.taken: list[int] = []  # chat ids in the order that their messages came
        self.bodies: list[dict[str, Any]] = []
        self.methods: list[str] = []
        self.uploads: list[bytes] = []  # files that went with a message
        self.before: Callable[[int], Awaitable[None]] | None = None  # told of each chat id, before it is taken
        self._silent = {chat: asyncio.Event() for chat in silent}
        self._outcomes: dict[int, list[Outcome]] = {}

    async def send(self, url: URL, body: bytes) -> tuple[Outcome, bytes]:
        params = orjson.loads(body)
        chat = params["chat_id"]
        if self.before is not None:
            await self.before(chat)
        self.taken.append(chat)
        self.bodies.append(params)
        self.methods.append(url.name)
        number = len(self.taken)
        if chat in self._silent:
            await self._silent[chat].wait()
        outcomes = self._outcomes.get(chat)
        outcome = outcomes.pop(0) if outcomes else Sent(number)
        photo = [{"file_id": "foto-kecil"}, {"file_id": "foto-besar"}] if {"photo", "media"} & set(params) else None
        return outcome, orjson.dumps({"ok": True, "result": {"message_id": number, "photo": photo}})

    async def upload(self, url: URL, body: bytes, jpeg: bytes) -> tuple[Outcome, bytes]:
        self.uploads.append(jpeg)
        return await self.send(url, body)

    def answer(self, *chats: int) -> None:
        for chat in chats or self._silent:
            self._silent[chat].set()

    def fail(self, chat: int, *outcomes: Outcome) -> None:
        """The next messages to the chat end like this."""
        self._outcomes[chat] = list(outcomes)


@asynccontextmanager
async def at_work(work: Coroutine[Any, Any, object], wire: SilentWire) -> AsyncIterator[asyncio.Task[object]]:
    """`work` goes on beside the block; at the block's end every answer comes, and the work is waited for."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        try:
            yield task
        finally:
            wire.answer()


@dataclass
class Senders:
    """What a process with the role `deliver` sends with."""

    sender: Sender
    retries: Retries
    desk: Desk
    cards: OpenedCards
    stopping: asyncio.Event
    wake: asyncio.Event


def senders_on(
    database: Database,
    wire: SilentWire,
    *,
    rate: float = 0,
    owner: str = "one",
    pace: ChatPace | None = None,
    window: Window | None = None,
    now: Callable[[], datetime] = lambda: NOW,
    photos: Photos | None = None,
) -> Senders:
    """The real senders of one process, on that wire."""
    stopping, wake = asyncio.Event(), asyncio.Event()
    ledger = Ledger(database, now, stopping)
    courier = Courier(ledger, wire, "http://wire.example/bot1:x", pace, photos)
    window, news = window or Window(rate), newsroom("http://wire.example")
    return Senders(
        Sender(ledger, courier, news, window, owner),
        Retries(ledger, courier, news, window),
        Desk(ledger, wake),
        OpenedCards(ledger, courier, news, window),
        stopping,
        wake,
    )
