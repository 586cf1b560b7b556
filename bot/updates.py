"""Updates: taken from Telegram, handled in order in each chat, acknowledged when handled.

PTB's own queue is lost on stop; here the offset of getUpdates stops at the oldest update that is not yet handled, and
a webhook is answered when `process_update` has returned.
"""

import asyncio
import time
from collections import OrderedDict
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram import Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.context import NewsBot
from bot.logs import OngoingFailure
from bot.storage import leases

log = structlog.get_logger("kabar.updates")

ALLOWED = ["message", "edited_message", "channel_post", "callback_query", "my_chat_member"]
POLL_SECONDS = 25
LEASE = "getUpdates"
LEASE_SECONDS = 6.0
HANDLING_SECONDS = 0.2  # how long new updates wait for those in hand before more are asked for
REMEMBERED = 1000  # ids of handled updates, since a webhook's first repeat comes at once
CHATS_AT_ONCE = 64


class Updates:
    """Hands updates to the application: concurrently across chats, in order within one."""

    def __init__(self, app: NewsBot, owner: str, stopping: asyncio.Event) -> None:
        self._app = app
        self._owner = owner
        self._stopping = stopping
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._chats: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()  # held by whoever waits
        self._room = asyncio.Semaphore(CHATS_AT_ONCE)
        self._done: OrderedDict[int, None] = OrderedDict()
        self._next = 0
        self._telegram_away = OngoingFailure(log, "telegram_away")
        self._database_away = OngoingFailure(log, "database_away")
        self.last_taken = time.monotonic()  # of a poll that was answered, for /readyz
        self.holds_lease = False

    async def handle(self, update: Update) -> None:
        """Handle one update after the earlier ones of its chat; a repeat of a handled one is dropped."""
        if update.update_id in self._done:
            return
        chat = update.effective_chat
        lock = self._chats.setdefault(chat.id if chat else 0, asyncio.Lock())
        async with lock, self._room:
            await self._app.process_update(update)
        self._done[update.update_id] = None
        while len(self._done) > REMEMBERED:
            self._done.popitem(last=False)

    async def poll(self) -> None:
        """The loop over getUpdates, while this process holds the lease, until `stopping`."""
        held = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            keeper = group.create_task(self._keep_lease(held))
            asker: asyncio.Task[None] = group.create_task(self._ask(held, group))
            await self._stopping.wait()
            asker.cancel()
            await asyncio.wait([asker])
            if self._in_hand:
                await asyncio.wait(list(self._in_hand.values()), timeout=5)
            await self._acknowledge(held)
            for task in self._in_hand.values():
                task.cancel()
            keeper.cancel()
        async with self._app.database.write() as session:
            await leases.drop(session, LEASE, self._owner)

    async def _keep_lease(self, held: asyncio.Event) -> None:
        waiting = False
        while True:
            try:
                async with self._app.database.write() as session:
                    mine = await leases.hold(session, LEASE, self._owner, LEASE_SECONDS)
                self._database_away.clear()
            except (SQLAlchemyError, OSError) as error:
                self._database_away.note(error)
                mine = False
            self.holds_lease = mine
            if mine:
                held.set()
            else:
                held.clear()
                if not waiting:
                    log.info("waiting_for_lease", lease=LEASE)
            waiting = not mine
            await asyncio.sleep(LEASE_SECONDS / 4)

    async def _ask(self, held: asyncio.Event, group: asyncio.TaskGroup) -> None:
        while True:
            await held.wait()
            if self._in_hand:
                await asyncio.wait(
                    list(self._in_hand.values()), timeout=HANDLING_SECONDS, return_when=asyncio.ALL_COMPLETED
                )
            try:
                await self._take(group)
            except InvalidToken:
                log.error("token_refused")
                await asyncio.sleep(30)
            except Conflict as error:
                log.warning("updates_conflict", reason=str(error))
                await asyncio.sleep(3)
            except RetryAfter as error:
                await asyncio.sleep(float(error._retry_after.total_seconds()))
            except TelegramError as error:
                self._telegram_away.note(error)
                await asyncio.sleep(2)
            else:
                self._telegram_away.clear()

    async def _take(self, group: asyncio.TaskGroup) -> None:
        oldest = min(self._in_hand, default=self._next)
        updates = await self._app.bot.get_updates(
            offset=oldest or None,
            timeout=0 if self._in_hand else POLL_SECONDS,
            read_timeout=POLL_SECONDS + 10,
            allowed_updates=ALLOWED,
        )
        self.last_taken = time.monotonic()
        for update in updates:
            if update.update_id < self._next or update.update_id in self._in_hand:
                continue
            self._next = update.update_id + 1
            task = group.create_task(self._handle_safely(update))
            self._in_hand[update.update_id] = task

    async def _handle_safely(self, update: Update) -> None:
        try:
            await self.handle(update)
        except Exception:  # PTB's error handlers have seen all but bugs in themselves
            log.exception("update_lost", update=update.update_id)
        finally:
            self._in_hand.pop(update.update_id, None)

    async def _acknowledge(self, held: asyncio.Event) -> None:
        """Tell Telegram what was handled, so that it does not come again after a restart."""
        oldest = min(self._in_hand, default=self._next)
        if not oldest or not held.is_set():
            return
        try:
            async with asyncio.timeout(2):
                await self._app.bot.get_updates(offset=oldest, timeout=0, limit=1, allowed_updates=ALLOWED)
        except (TimeoutError, TelegramError) as error:
            log.warning("updates_unacknowledged", reason=str(error))
