"""Queues of updates, one for each chat: handled in order within a chat, and no chat waits for another.

A chat that sends faster than it is answered gets its surplus merged or dropped, with one word to say so. Of a person's
inline queries, one for each letter that is typed, only the newest waits, apart from the private chat.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from telegram import Update
from telegram.error import TelegramError

from bot import loops
from bot.context import NewsBot, Surplus
from bot.incoming import RawUpdate, UnreadableUpdate, callback_id_of, read_update

log = structlog.get_logger("kabar.updates")

WAITING_AT_MOST = 20  # updates of one chat; at a message a second, the last of them is answered 20 s later
HANDLED_AT_ONCE = 500  # chats; most of them wait for Telegram's answer
DATABASE_AGAIN_SECONDS = 1.0

Key = int | str


class ChatQueues:
    """`finish` is called with the id of each update that needs nothing more. `stopping` ends the retries."""

    def __init__(
        self, app: NewsBot, finish: Callable[[int], None], stopping: asyncio.Event, tasks: asyncio.TaskGroup
    ) -> None:
        self._app = app
        self._finish = finish
        self._stopping = stopping
        self._tasks = tasks
        self._queues: dict[Key, deque[Update | Surplus]] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(HANDLED_AT_ONCE)
        self.skipped = 0  # number of updates that could not be parsed
        self.dropped = 0  # number of updates that were surplus
        self.waiting = 0  # number of updates that are not handled yet
        self._handled = asyncio.Condition()

    def add(self, raw: RawUpdate) -> None:
        """Queue an update behind the earlier ones of its chat."""
        try:
            update = read_update(raw, self._app.bot)
        except UnreadableUpdate as error:
            self._skip(raw, error)
            return
        key = _key(update)
        queue = self._queues.get(key)
        if queue is None:
            self._put(self._queues.setdefault(key, deque()), update)
            self._start(self._work(key))
        elif update.inline_query is not None:
            self._replace(queue, update)
        elif update.my_chat_member is not None or (len(queue) < WAITING_AT_MOST and not _repeats(queue, update)):
            self._put(queue, update)
        else:
            self._drop(queue, update)

    async def until_fewer_than(self, count: int) -> None:
        """Wait until fewer than `count` updates wait."""
        async with self._handled:
            await self._handled.wait_for(lambda: self.waiting < count)

    async def drain(self, seconds: float) -> None:
        """Wait until everything is handled, at most so long; then end what still works."""
        if self._working:
            await asyncio.wait(self._working, timeout=seconds)
        for task in self._working:
            task.cancel()

    def _put(self, queue: deque[Update | Surplus], update: Update | Surplus) -> None:
        queue.append(update)
        self.waiting += 1

    def _replace(self, queue: deque[Update | Surplus], update: Update) -> None:
        """Put the update in the place of those that wait: only the last words that were typed are to be answered."""
        while len(queue) > 1:
            old = queue.pop()
            self.waiting -= 1
            self.dropped += 1
            self._finish(old.update_id)
        self._put(queue, update)

    def _drop(self, queue: deque[Update | Surplus], update: Update) -> None:
        """Do nothing for an update, but end a button's loading. The chat is told once, behind what it waits for."""
        self.dropped += 1
        self._finish(update.update_id)
        if update.callback_query is not None:
            self._start(self._answer(update.callback_query.id))
        repeated = _repeats(queue, update)
        if not repeated and not any(isinstance(waiting, Surplus) for waiting in queue):
            log.info("chat_floods", chat=_key(update), waiting=len(queue))
            self._put(queue, Surplus(update))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _work(self, key: Key) -> None:
        """Handle the chat's updates until none waits."""
        queue = self._queues[key]
        while queue:
            async with self._room:
                await self._handle(queue[0])
            queue.popleft()
            self.waiting -= 1
            async with self._handled:
                self._handled.notify_all()
        del self._queues[key]

    async def _handle(self, update: Update | Surplus) -> None:
        """Hand an update to the handlers, again and again while the database is unreachable."""
        number = update.update_id
        try:
            while True:
                self._app.undone.discard(number)
                await self._app.process_update(update)
                if number not in self._app.undone:
                    break
                await loops.wait(self._stopping, DATABASE_AGAIN_SECONDS)
                if self._stopping.is_set():
                    await asyncio.Event().wait()  # until cancelled: it stays in the inbox for the next process
        except Exception:  # PTB's error handlers catch everything except their own bugs
            log.exception("update_lost", update=number)
        self._app.undone.discard(number)
        if isinstance(update, Update):
            self._finish(number)

    def _skip(self, raw: RawUpdate, error: UnreadableUpdate) -> None:
        """Count and log an update that cannot be parsed. A pressed button is answered, so that it stops loading."""
        self.skipped += 1
        log.warning("update_unreadable", update=error.update_id, kind=error.kind, reason=error.reason)
        self._finish(error.update_id)
        if callback_id := callback_id_of(raw):
            self._start(self._answer(callback_id))

    async def _answer(self, callback_id: str) -> None:
        try:
            await self._app.bot.answer_callback_query(callback_id)
        except TelegramError as refusal:
            log.debug("callback_unanswered", reason=str(refusal))


def _key(update: Update) -> Key:
    """Updates with the same key are handled in order: those of a chat, or of a person where there is no chat."""
    if update.inline_query is not None:
        return f"inline {update.inline_query.from_user.id}"
    chat, user = update.effective_chat, update.effective_user
    return chat.id if chat else user.id if user else 0


def _repeats(queue: deque[Update | Surplus], update: Update) -> bool:
    """Whether the update asks again for what the last one that waits will be answered with."""
    last = queue[-1] if len(queue) > 1 else None  # the first is being handled
    return isinstance(last, Update) and _asked(update) is not None and _asked(last) == _asked(update)


def _asked(update: Update) -> tuple[str, int] | None:
    """A command's words and its topic; None for all else, such as a pressed button, which must get its own answer."""
    if update.message is not None and (update.message.text or "").startswith("/"):
        return update.message.text or "", update.message.message_thread_id or 0
    return None
