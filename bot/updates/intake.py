"""Updates: taken from Telegram, stored, acknowledged, and handed to their chats' queues.

python-telegram-bot's Updater acknowledges updates when it queues them, and the queue is lost at a stop. Here an update
is stored before it is acknowledged, and kept until it is handled. While the database is unreachable, nothing is
acknowledged: getUpdates is called with the same offset again, and a webhook is refused, so that Telegram repeats it.
"""

import asyncio
import time
from contextlib import suppress

import structlog
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.context import NewsBot
from bot.delivery.telegram import AiohttpRequest
from bot.incoming import FloodWait, RawUpdate, updates_in
from bot.logs import OngoingFailure
from bot.storage import leases
from bot.storage.engine import DATABASE_ERRORS
from bot.updates.inbox import LEASE_SECONDS, Inbox
from bot.updates.queues import ChatQueues

log = structlog.get_logger("kabar.updates")

ALLOWED = ["message", "edited_message", "channel_post", "callback_query", "inline_query", "my_chat_member"]
POLL_SECONDS = 25
LEASE = "getUpdates"
DATABASE_AGAIN_SECONDS = 1.0
DRAIN_SECONDS = 4.0  # at a stop, how long updates in hand may take; the rest is left to the next process
OPENING_SECONDS = 10.0  # Telegram waits longer for a webhook's answer
WAITING_AT_MOST = 10_000  # updates in memory; beyond, none are taken until some are handled


class Updates:
    """`request` and `url` are used to call getUpdates; `owner` identifies this process in leases. With `polls` unset
    updates only come by webhook."""

    def __init__(
        self, app: NewsBot, owner: str, stopping: asyncio.Event, request: AiohttpRequest, url: str, *, polls: bool
    ) -> None:
        self._app = app
        self._request = request
        self._url = url
        self._owner = owner
        self._stopping = stopping
        self._polls = polls
        self._inbox = Inbox(app.database, owner)
        self._queues: ChatQueues | None = None  # while updates are taken
        self._opened = asyncio.Event()  # the start is over: updates are taken, or were
        self._next = 0
        self._telegram_away = OngoingFailure(log, "telegram_away")
        self._database_away = OngoingFailure(log, "database_away")
        self.last_taken = time.monotonic()  # when getUpdates was last answered, for /readyz
        self.holds_lease = False

    async def receive(self, raw: RawUpdate) -> bool:
        """Store an update of a webhook and queue it. False: it was not stored, and has to be sent again.

        One that comes while the bot starts waits for it, OPENING_SECONDS at most.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(OPENING_SECONDS):
                await self._opened.wait()
        queues = self._queues
        if queues is None or queues.waiting >= WAITING_AT_MOST:
            return False
        try:
            new = await self._inbox.store([raw])
        except DATABASE_ERRORS:
            return False
        for update in new:
            queues.add(update)
        return True

    async def run(self) -> None:
        """Take and handle updates until `stopping` is set."""
        held = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            queues = ChatQueues(self._app, self._inbox.finish, self._stopping, group)
            writer = group.create_task(self._inbox.run())
            keeper = group.create_task(self._keep_leases(held, queues))
            receiver = group.create_task(self._receive(held, queues)) if self._polls else None
            await self._stopping.wait()
            keeper.cancel()  # it would open the queues again; the leases hold for longer than the drain takes
            await asyncio.wait([keeper])
            self._queues = None
            if receiver is not None:
                receiver.cancel()
                await asyncio.wait([receiver])
                await self._acknowledge(held)
            await queues.drain(DRAIN_SECONDS)
            await self._inbox.close()
            await asyncio.wait([writer])
        async with self._app.database.write() as session:
            await leases.drop(session, LEASE, self._owner)

    async def _keep_leases(self, held: asyncio.Event, queues: ChatQueues) -> None:
        """Renew this process's leases, and take over what ended processes have left."""
        waiting = False
        while True:
            try:
                for raw in await self._inbox.take_over():
                    queues.add(raw)
                self._queues = queues  # a webhook's updates come after those that were left
                self._opened.set()
                mine = self._polls and await self._hold()
                self._database_away.clear()
            except DATABASE_ERRORS as error:
                self._database_away.note(error)
                mine = False
            self.holds_lease = mine
            if mine:
                held.set()
            else:
                held.clear()
                if self._polls and not waiting:
                    log.info("waiting_for_lease", lease=LEASE)
            waiting = not mine
            await asyncio.sleep(LEASE_SECONDS / 4)

    async def _hold(self) -> bool:
        async with self._app.database.write() as session:
            return await leases.hold(session, LEASE, self._owner, LEASE_SECONDS)

    async def _receive(self, held: asyncio.Event, queues: ChatQueues) -> None:
        while True:
            await held.wait()
            try:
                await queues.until_fewer_than(WAITING_AT_MOST)
                await self._take(queues)
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
            except DATABASE_ERRORS:  # logged by the inbox
                await asyncio.sleep(DATABASE_AGAIN_SECONDS)
            else:
                self._telegram_away.clear()

    async def _take(self, queues: ChatQueues) -> None:
        updates = await self._get_updates(offset=self._next, timeout=POLL_SECONDS)
        self.last_taken = time.monotonic()
        if not updates:
            return
        for raw in await self._inbox.store(updates):
            queues.add(raw)
        self._next = updates[-1]["update_id"] + 1

    async def _get_updates(self, *, offset: int, timeout: int, limit: int = 100) -> list[RawUpdate]:
        """Call getUpdates from `offset` on, which acknowledges earlier ones. Raises the errors of `updates_in`."""
        params = {"timeout": timeout, "limit": limit, "allowed_updates": ALLOWED}
        if offset:
            params["offset"] = offset
        return updates_in(*await self._request.call(self._url, params, POLL_SECONDS + 10))

    async def _acknowledge(self, held: asyncio.Event) -> None:
        """Acknowledge what is stored, so that Telegram does not send them again after a restart."""
        if not self._next or not held.is_set():
            return
        try:
            async with asyncio.timeout(2):
                await self._get_updates(offset=self._next, timeout=0, limit=1)
        except (TimeoutError, TelegramError) as error:
            log.warning("updates_unacknowledged", reason=str(error))
