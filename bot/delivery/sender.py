"""The sender: reserve budget, send, record, checkpoint; it drains on stop, and gives way to a better lane."""

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
from bot.delivery.ranges import Chat, Due, Record
from bot.delivery.runs import IN_FLIGHT, RangeRun
from bot.delivery.telegram import AiohttpRequest
from bot.logs import OngoingFailure
from bot.storage.engine import Database, Session
from bot.storage.models import Push

log = structlog.get_logger("kabar.sender")
T = TypeVar("T")

DESK_SECONDS = 1.0
IDLE_SECONDS = 0.5  # how long a sender without work sleeps when nothing wakes it
TRIES = 4  # after a try that may have arrived
UNKNOWN_BACKOFF = 5.0  # seconds, tripled with every try
FLOOD_WINDOW = 2.0  # seconds in which two chats' flood waits are the bot's
OTHER_WAYS = 2  # to say the same to a chat, after a refusal that leaves one
CONNECTION_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


class Sender:
    """One process's share of all pushes. `owner` is unique to the process; `stopping` ends both loops gently."""

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
        """The loop of what can wait a second, until `stopping`: corrections that are due, audiences to be counted."""
        await self._repeat("desk", self.step_desk, DESK_SECONDS)

    async def _repeat(
        self, name: str, step: Callable[[], Awaitable[bool]], idle_seconds: float, wake: asyncio.Event | None = None
    ) -> None:
        await loops.repeat(name, step, stopping=self.stopping, idle_seconds=idle_seconds, wake=wake)

    async def persist(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Do `work` in a transaction, again and again while the database is away: what was sent must be recorded."""
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
        """Claim one range and work on it until it is done, taken, stopped or overtaken. False: there was none."""
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
            async with self.database.read() as session:  # which holds up no checkpoint
                total = await pushes.count(session, push)
            async with self.database.write() as session:
                await pushes.set_total(session, push.id, total)
        return bool(queued or uncounted)

    async def step_waiting(self) -> bool:
        """Try again the deliveries that are due. False: there were none."""
        async with self.database.write() as session:
            size = max(1, min(IN_FLIGHT, int(self.rate or 1000)))
            due = await ranges.claim_waiting(session, size)
            if not due:
                return False
            found = {each.push_id: await session.get_one(Push, each.push_id) for each in due}
            loaded = {
                each.id: await contents.load(session, self._newsroom, each, self._public_url) for each in found.values()
            }
        records: dict[int, list[Record]] = {push_id: [] for push_id in found}

        async def try_again(each: Due) -> None:
            record = await self.deliver(loaded[each.push_id], each.chat)
            records[each.push_id].append(record)
            self.brakes[each.push_id].note(record.mark, again=each.chat.doubt)

        for each in due:
            if not each.reachable:
                records[each.push_id].append(Record(each.chat, Mark.GONE))
        async with asyncio.TaskGroup() as sends:
            reachable = deque(each for each in due if each.reachable)
            async for _ in self._places(len(reachable)):
                sends.create_task(try_again(reachable.popleft()))

        async def once(session: Session) -> None:
            for push_id, batch in records.items():
                await ranges.record(session, push_id, batch, self.now())
                await corrections.hand_over_late_copies(session, found[push_id], batch)

        await self.persist(once)
        for push in found.values():
            await self.brake(push)
            await self.finish(push.id)
        return True

    async def _places(self, count: int) -> AsyncIterator[None]:
        """Yield at the time of each of `count` places in the budget; fewer when we are to stop."""
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
        """Pause the push and call a person, if most of its sends fail for a reason that is not the chats' own."""
        mark = self.brakes[push.id].reason(push.total if push.total > 0 else WINDOW)
        if mark is None:
            return
        reason = mark.name.lower()
        async with self.database.write() as session:
            if await pushes.pause(session, push.id, reason):
                await notices.add(session, "push_braked", {"push": push.id, "reason": reason}, self.now())
        log.error("push_braked", push=push.id, reason=reason)

    async def deliver(self, content: contents.Content, chat: Chat) -> Record:
        """Send to one chat, whatever it takes within this try; what to record of it."""
        if self.pace is not None and (wait := self.pace.wait(chat.chat_id, time.monotonic())):
            return Record(chat, Mark.UNKNOWN if chat.doubt else Mark.WAITING, wait=wait, tried=False)
        try:
            outcome = await self._post(content, chat)
            if isinstance(outcome, Sent):
                return content.record(chat, outcome.message_id)
            return await self._otherwise(content, chat, outcome)
        except Exception:  # one chat's surprise is not the others'
            log.exception("delivery_failed", chat=chat.chat_id)
            return self._unanswered(chat, "a mistake of ours")

    async def _otherwise(self, content: contents.Content, chat: Chat, outcome: Outcome) -> Record:
        """What else there is to do for a chat whose first try did not go well."""
        if isinstance(outcome, Moved):
            new, old = outcome.chat_id, chat.chat_id
            await self.persist(lambda session: subscribers.move(session, old, new, self.now()))
            chat = chat._replace(chat_id=new)
            outcome = await self._post(content, chat)
        for _ in range(OTHER_WAYS):
            if not isinstance(outcome, Refused) or (other := content.other_way(chat, outcome)) is None:
                break
            log.info("sent_another_way", chat=chat.chat_id, story=content.story_id, reason=outcome.reason)
            chat = other
            outcome = await self._post(content, chat)
        return await self._settle(content, chat, outcome)

    async def _post(self, content: contents.Content, chat: Chat) -> Outcome:
        """One message to the wire. Without a connection nothing is sent, so it waits here, and with it the push."""
        for attempt in itertools.count():
            method, body = content.body(chat)
            outcome, answer = await self._request.send(self._url(method), body)
            if isinstance(outcome, Sent) and content.has_new_photo and (photo := content.learn_photo(answer)):
                await self.persist(partial(contents.keep_photo, story_id=content.story_id or 0, file_id=photo))
            if not isinstance(outcome, Wait) or outcome.flood:
                self._telegram_away.clear()
                return outcome
            if self.stopping.is_set():
                return outcome
            self._telegram_away.note(outcome.reason)
            await loops.wait(self.stopping, CONNECTION_WAITS[min(attempt, len(CONNECTION_WAITS) - 1)])
        raise AssertionError("itertools.count() does not end")

    def _url(self, method: str) -> URL:
        """The method's address, parsed once."""
        url = self._urls.get(method)
        if url is None:
            url = self._urls[method] = URL(f"{self._base_url}/{method}")
        return url

    async def _settle(self, content: contents.Content, chat: Chat, outcome: Outcome) -> Record:
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
        """One chat's flood wait is its own; two different chats' within two seconds are the bot's."""
        now = time.monotonic()
        self._floods = {other: at for other, at in self._floods.items() if now - at < FLOOD_WINDOW}
        self._floods[chat.chat_id] = now
        log.warning("flood", chat=chat.chat_id, seconds=seconds, whole_bot=len(self._floods) > 1, reason=reason)
        if len(self._floods) > 1:
            async with self.database.write() as session:
                rate = await budget.halt(session, seconds)
            log.warning("rate_lowered", rate=round(rate, 1), setting=self.rate)
