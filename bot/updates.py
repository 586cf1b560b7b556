"""Updates: received from Telegram, handled in order within each chat, and acknowledged only when handled.

python-telegram-bot's Updater acknowledges updates when it queues them, and the queue is lost at a stop. Here the offset
of getUpdates is the oldest update that is not yet handled, and a webhook is answered when its update is handled. While
the database is unreachable, no update is handled or acknowledged: one from getUpdates is retried here, and one from a
webhook is refused, so that Telegram sends it again.
"""

import asyncio
import time
from collections import OrderedDict
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError

from bot import loops
from bot.context import NewsBot
from bot.delivery.telegram import AiohttpRequest
from bot.incoming import FloodWait, RawUpdate, UnreadableUpdate, callback_id_of, read_update, updates_in
from bot.logs import OngoingFailure
from bot.storage import leases

log = structlog.get_logger("kabar.updates")

ALLOWED = ["message", "edited_message", "channel_post", "callback_query", "my_chat_member"]
POLL_SECONDS = 25
LEASE = "getUpdates"
LEASE_SECONDS = 6.0
HANDLING_SECONDS = 0.2  # how long the next getUpdates waits for the updates in progress
REMEMBERED = 1000  # ids of handled updates, to drop repeats: a webhook's first retry comes immediately
CHATS_AT_ONCE = 64
DATABASE_AGAIN_SECONDS = 1.0


class Updates:
    """Hands updates to the application: concurrently for different chats, in order within a chat.

    `request` and `url` are used to call getUpdates; `owner` identifies this process in leases.
    """

    def __init__(self, app: NewsBot, owner: str, stopping: asyncio.Event, request: AiohttpRequest, url: str) -> None:
        self._app = app
        self._request = request
        self._url = url
        self._owner = owner
        self._stopping = stopping
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._chats: WeakValueDictionary[int, asyncio.Lock] = (
            WeakValueDictionary()
        )  # dropped when no update of the chat is in progress
        self._room = asyncio.Semaphore(CHATS_AT_ONCE)
        self._done: OrderedDict[int, None] = OrderedDict()
        self._next = 0
        self._telegram_away = OngoingFailure(log, "telegram_away")
        self._database_away = OngoingFailure(log, "database_away")
        self.last_taken = time.monotonic()  # when getUpdates was last answered, for /readyz
        self.holds_lease = False
        self.skipped = 0  # number of updates that could not be parsed

    async def handle(self, raw: RawUpdate) -> bool:
        """Handle one update after the earlier ones of its chat; drop it if it was handled already.

        Returns False if the database is unreachable, so that nothing was done. An update that cannot be parsed is
        logged and counts as handled.
        """
        if raw["update_id"] in self._done:
            return True
        try:
            update = read_update(raw, self._app.bot)
        except UnreadableUpdate as error:
            await self._skip(raw, error)
            return True
        chat = update.effective_chat
        lock = self._chats.setdefault(chat.id if chat else 0, asyncio.Lock())
        async with lock, self._room:
            handled = await self._process(update)
        if handled:
            self._remember(update.update_id)
        return handled

    async def _process(self, update: Update) -> bool:
        """Hand the update to the handlers; False if one of them failed because the database is unreachable."""
        self._app.undone.discard(update.update_id)
        await self._app.process_update(update)
        handled = update.update_id not in self._app.undone
        self._app.undone.discard(update.update_id)
        return handled

    async def _skip(self, raw: RawUpdate, error: UnreadableUpdate) -> None:
        """Count and log an update that cannot be parsed. A pressed button is answered, so that it stops loading."""
        self.skipped += 1
        log.warning("update_unreadable", update=error.update_id, kind=error.kind, reason=error.reason)
        if callback_id := callback_id_of(raw):
            try:
                await self._app.bot.answer_callback_query(callback_id)
            except TelegramError as refusal:
                log.debug("callback_unanswered", reason=str(refusal))
        self._remember(error.update_id)

    def _remember(self, update_id: int) -> None:
        self._done[update_id] = None
        while len(self._done) > REMEMBERED:
            self._done.popitem(last=False)

    async def poll(self) -> None:
        """Call getUpdates while this process holds the lease, until `stopping` is set."""
        held = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            keeper = group.create_task(self._keep_lease(held))
            receiver: asyncio.Task[None] = group.create_task(self._receive(held, group))
            await self._stopping.wait()
            receiver.cancel()
            await asyncio.wait([receiver])
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

    async def _receive(self, held: asyncio.Event, group: asyncio.TaskGroup) -> None:
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
            except FloodWait as error:
                log.warning("updates_flood", seconds=error.seconds)
                await asyncio.sleep(error.seconds)
            except TelegramError as error:
                self._telegram_away.note(error)
                await asyncio.sleep(2)
            else:
                self._telegram_away.clear()

    async def _take(self, group: asyncio.TaskGroup) -> None:
        oldest = min(self._in_hand, default=self._next)
        updates = await self._get_updates(offset=oldest, timeout=0 if self._in_hand else POLL_SECONDS)
        self.last_taken = time.monotonic()
        for raw in updates:
            number = raw["update_id"]
            if number < self._next or number in self._in_hand:
                continue
            self._next = number + 1
            self._in_hand[number] = group.create_task(self._handle_safely(raw))

    async def _get_updates(self, *, offset: int, timeout: int, limit: int = 100) -> list[RawUpdate]:
        """Call getUpdates from `offset` on, which acknowledges earlier ones. Raises the errors of `updates_in`."""
        params = {"timeout": timeout, "limit": limit, "allowed_updates": ALLOWED}
        if offset:
            params["offset"] = offset
        return updates_in(*await self._request.call(self._url, params, POLL_SECONDS + 10))

    async def _handle_safely(self, raw: RawUpdate) -> None:
        """Handle an update, and retry while the database is unreachable; it is not acknowledged before."""
        number = raw["update_id"]
        try:
            while not await self.handle(raw):
                await loops.wait(self._stopping, DATABASE_AGAIN_SECONDS)
                if self._stopping.is_set():
                    await (
                        asyncio.Event().wait()
                    )  # until cancelled: as long as it is in `_in_hand` it is not acknowledged
        except Exception:  # PTB's error handlers catch everything except their own bugs
            log.exception("update_lost", update=number)
        self._in_hand.pop(number, None)

    async def _acknowledge(self, held: asyncio.Event) -> None:
        """Acknowledge the handled updates, so that Telegram does not send them again after a restart."""
        oldest = min(self._in_hand, default=self._next)
        if not oldest or not held.is_set():
            return
        try:
            async with asyncio.timeout(2):
                await self._get_updates(offset=oldest, timeout=0, limit=1)
        except (TimeoutError, TelegramError) as error:
            log.warning("updates_unacknowledged", reason=str(error))
