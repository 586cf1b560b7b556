"""The sender: one process's loops over ranges and retries, and what it does after each outcome."""

import asyncio
import itertools
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from yarl import URL

from bot import loops
from bot.audience import subscribers
from bot.config import Newsroom
from bot.delivery import budget, contents, corrections, notices, pushes, ranges
from bot.delivery.brake import WINDOW, Brake
from bot.delivery.budget import ChatPace, Window
from bot.delivery.outcomes import Gone, Mark, Missing, Moved, Outcome, Refused, Sent, Unknown, Wait
from bot.delivery.ranges import Chat, DueDelivery, Record
from bot.delivery.runs import IN_FLIGHT, RangeRun
from bot.delivery.telegram import AiohttpRequest
from bot.logs import OngoingFailure
from bot.storage.engine import Database, Session
from bot.storage.models import Push

log = structlog.get_logger("kabar.sender")
T = TypeVar("T")

DESK_SECONDS = 1.0  # between two rounds of the desk loop, see Sender.run_desk
IDLE_SECONDS = 0.5  # how long a sender without work sleeps when nothing wakes it
TRIES = 4  # further tries after one that got no answer
UNKNOWN_BACKOFF = 5.0  # seconds, tripled with every try
FLOOD_WINDOW = 2.0  # seconds; flood waits of two chats within them concern the whole bot
OTHER_WAYS = 2  # fallbacks tried in one chat after a refusal, such as text instead of a photo
CONNECTION_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between tries without a connection; the last repeats


class Sender:
    """One process's share of all pushes. `owner` is unique to the process; `stopping` ends its loops."""

    def __init__(
        self,
        *,
        database: Database,
        request: AiohttpRequest,
        base_url: str,
        newsroom: Newsroom,
        rate: float,
        window: Window,
        pace: ChatPace | None,
        owner: str,
        now: Callable[[], datetime],
        stopping: asyncio.Event,
        wake: asyncio.Event,
        public_url: str = "",
    ) -> None:
        self.database = database
        self.now = now
        self.window = window
        self.pace = pace
        self.stopping = stopping
        self.wake = wake
        self._request = request
        self._base_url = base_url
        self._newsroom = newsroom
        self._public_url = public_url
        self.rate = rate
        self._owner = owner
        self._urls: dict[str, URL] = {}
        self._floods: dict[int, float] = {}
        self._database_away = OngoingFailure(log, "database_away")
        self._telegram_away = OngoingFailure(log, "telegram_away")
        self.brakes: defaultdict[int, Brake] = defaultdict(Brake)

    async def run_ranges(self) -> None:
        """The loop over ranges, until `stopping`."""
        await self._repeat("sending", self.step, IDLE_SECONDS, self.wake)

    async def run_waiting(self) -> None:
        """The loop over deliveries to be tried again, until `stopping`."""
        await self._repeat("retries", self.step_waiting, IDLE_SECONDS, self.wake)

    async def run_desk(self) -> None:
        """The desk, a loop of background work until `stopping`: queue due corrections, count audiences."""
        await self._repeat("desk", self.step_desk, DESK_SECONDS)

    async def _repeat(
        self, name: str, step: Callable[[], Awaitable[bool]], idle_seconds: float, wake: asyncio.Event | None = None
    ) -> None:
        await loops.repeat(name, step, stopping=self.stopping, idle_seconds=idle_seconds, wake=wake)

    async def persist(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Run `work` in a transaction, retrying while the database is away, because sent messages must be recorded.

        Raises the database's error when stopping.
        """
        while True:
            try:
                async with self.database.write() as session:
                    done = await work(session)
            except (SQLAlchemyError, OSError) as error:
                self._database_away.note(error)
                if self.stopping.is_set():
                    raise
                await loops.wait(self.stopping, 1.0)
            else:
                self._database_away.clear()
                return done

    async def step(self) -> bool:
        """Claim a range and send it until it is done, taken over or stopped, or a better lane waits. False: none."""
        async with self.database.write() as session:
            claimed = await ranges.claim(session, self._owner)
            if claimed is None:
                return False
            push = await session.get_one(Push, claimed.push_id)
            content = await contents.load(session, self._newsroom, push, self._public_url)
        await RangeRun(self, claimed, push, content).work()
        return True

    async def step_desk(self) -> bool:
        """Queue corrections that have settled, end alerts that are too old, count pushes. False: there were none."""
        async with self.database.write() as session:
            queued = await corrections.queue_due(session, self.now())
            if expired := await pushes.expire(session, self.now()):
                data = {"count": len(expired), "title": expired[-1]}
                await notices.add(session, "alerts_expired", data, self.now())
        if queued:
            self.wake.set()
        async with self.database.read() as session:
            uncounted = await pushes.uncounted(session)
        for push in uncounted:
            async with self.database.read() as session:  # a read, so that the slow count does not block checkpoints
                total = await pushes.count(session, push)
            async with self.database.write() as session:
                await pushes.set_total(session, push.id, total)
        return bool(queued or uncounted)

    async def step_waiting(self) -> bool:
        """Try the deliveries that are due again. False: there were none."""
        async with self.database.write() as session:
            size = max(1, min(IN_FLIGHT, int(self.rate or 1000)))
            due = await ranges.claim_waiting(session, size)
            if not due:
                return False
            pushes_by_id = {row.push_id: await session.get_one(Push, row.push_id) for row in due}
            contents_by_id = {
                push.id: await contents.load(session, self._newsroom, push, self._public_url)
                for push in pushes_by_id.values()
            }
        records: dict[int, list[Record]] = {push_id: [] for push_id in pushes_by_id}

        async def try_again(delivery: DueDelivery) -> None:
            record = await self.deliver(contents_by_id[delivery.push_id], delivery.chat)
            records[delivery.push_id].append(record)
            self.brakes[delivery.push_id].note(record.mark, again=delivery.chat.doubt)

        for delivery in due:
            if not delivery.reachable:
                records[delivery.push_id].append(Record(delivery.chat, Mark.GONE))
        async with asyncio.TaskGroup() as sends:
            reachable = deque(delivery for delivery in due if delivery.reachable)
            async for _ in self._places(len(reachable)):
                sends.create_task(try_again(reachable.popleft()))

        async def once(session: Session) -> None:
            for push_id, batch in records.items():
                await ranges.record(session, push_id, batch, self.now())
                await corrections.hand_over_late_copies(session, pushes_by_id[push_id], batch)

        await self.persist(once)
        for push in pushes_by_id.values():
            await self.brake(push)
            await self.finish(push.id)
        return True

    async def _places(self, count: int) -> AsyncIterator[None]:
        """Reserve `count` places in the budget and yield at the time of each; fewer when stopping."""
        while count and not self.stopping.is_set():
            async with self.database.write() as session:
                place = await budget.reserve(session, count)
            await asyncio.sleep(place.delay)
            for _ in range(place.count):
                await self.window.turn()
                yield
                await asyncio.sleep(place.gap)
            count -= place.count

    async def finish(self, push_id: int) -> None:
        """Mark the push finished if nothing of it is left."""
        async with self.database.write() as session:
            if await pushes.finish_if_done(session, push_id, self.now()):
                log.info("push_finished", push=push_id)
                self.brakes.pop(push_id, None)

    async def brake(self, push: Push) -> None:
        """Pause the push and notify the admins if most recent sends fail for one reason (bot.delivery.brake)."""
        mark = self.brakes[push.id].reason(push.total if push.total > 0 else WINDOW)
        if mark is None:
            return
        reason = mark.name.lower()
        async with self.database.write() as session:
            if await pushes.pause(session, push.id, reason):
                await notices.add(session, "push_braked", {"push": push.id, "reason": reason}, self.now())
        log.error("push_braked", push=push.id, reason=reason)

    async def deliver(self, content: contents.Content, chat: Chat) -> Record:
        """Make one try to deliver to a chat, including its move and fallbacks; returns the record."""
        if self.pace is not None and (wait := self.pace.wait(chat.chat_id, time.monotonic())):
            return Record(chat, Mark.UNKNOWN if chat.doubt else Mark.WAITING, wait=wait, tried=False)
        try:
            outcome = await self._post(content, chat)
            if isinstance(outcome, Sent):
                return content.record(chat, outcome.message_id)
            return await self._handle_failure(content, chat, outcome)
        except Exception:  # a bug that one chat triggers must not stop the push
            log.exception("delivery_failed", chat=chat.chat_id)
            return self._unanswered(chat, "internal error")

    async def _handle_failure(self, content: contents.Content, chat: Chat, outcome: Outcome) -> Record:
        """Follow a moved chat, and try fallbacks after a refusal; returns the record."""
        if isinstance(outcome, Moved):
            new, old = outcome.chat_id, chat.chat_id
            await self.persist(lambda session: subscribers.move(session, old, new, self.now()))
            chat = chat._replace(chat_id=new)
            outcome = await self._post(content, chat)
        for _ in range(OTHER_WAYS):
            if not isinstance(outcome, Refused) or (other := content.fallback(chat, outcome)) is None:
                break
            log.info("sent_another_way", chat=chat.chat_id, story=content.story_id, reason=outcome.reason)
            chat = other
            outcome = await self._post(content, chat)
        return await self._record_of(content, chat, outcome)

    async def _post(self, content: contents.Content, chat: Chat) -> Outcome:
        """Send one message. While there is no connection, nothing is sent: wait here and try again."""
        for attempt in itertools.count():
            method, body = content.body(chat)
            outcome, answer = await self._request.send(self._url(method), body)
            if isinstance(outcome, Sent) and content.has_new_photo and (photo := content.learn_photo(answer)):
                keep = partial(contents.keep_photo, story_id=content.story_id or 0, image_url=content.image_url)
                await self.persist(partial(keep, file_id=photo))
            if not isinstance(outcome, Wait) or outcome.flood:
                self._telegram_away.clear()
                return outcome
            if self.stopping.is_set():
                return outcome
            self._telegram_away.note(outcome.reason)
            await loops.wait(self.stopping, CONNECTION_WAITS[min(attempt, len(CONNECTION_WAITS) - 1)])
        raise AssertionError("itertools.count() does not end")

    def _url(self, method: str) -> URL:
        """The method's URL, parsed once."""
        url = self._urls.get(method)
        if url is None:
            url = self._urls[method] = URL(f"{self._base_url}/{method}")
        return url

    async def _record_of(self, content: contents.Content, chat: Chat, outcome: Outcome) -> Record:
        match outcome:
            case Sent(message_id):
                return content.record(chat, message_id)
            case Wait(seconds, reason, flood):
                if flood:
                    await self._note_flood(chat, seconds, reason)
                return Record(chat, Mark.UNKNOWN if chat.doubt else Mark.WAITING, wait=seconds)
            case Gone():
                return Record(chat, Mark.GONE, gone=outcome)
            case Missing():
                return Record(chat, Mark.GONE)
            case Unknown(reason):
                return self._unanswered(chat, reason)
            case Refused(reason) | Moved(reason):
                log.warning("send_refused", chat=chat.chat_id, reason=reason)
                return Record(chat, Mark.REFUSED)

    def _unanswered(self, chat: Chat, reason: str) -> Record:
        log.warning("send_unanswered", chat=chat.chat_id, tries=chat.tries + 1, reason=reason)
        if chat.tries >= TRIES:
            return Record(chat, Mark.LOST)
        return Record(chat, Mark.UNKNOWN, wait=UNKNOWN_BACKOFF * 3**chat.tries)

    async def _note_flood(self, chat: Chat, seconds: float, reason: str) -> None:
        """A flood wait of one chat concerns it alone; of two chats within FLOOD_WINDOW, the bot: lower its rate."""
        now = time.monotonic()
        self._floods = {other: at for other, at in self._floods.items() if now - at < FLOOD_WINDOW}
        self._floods[chat.chat_id] = now
        log.warning("flood", chat=chat.chat_id, seconds=seconds, whole_bot=len(self._floods) > 1, reason=reason)
        if len(self._floods) > 1:
            async with self.database.write() as session:
                rate = await budget.halt(session, seconds)
            log.warning("rate_lowered", rate=round(rate, 1), setting=self.rate)
