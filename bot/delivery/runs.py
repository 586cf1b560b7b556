"""Sends one claimed range: a pump task that sends at the reserved times, and checkpoints beside it."""

import asyncio
import time
from collections import deque

import structlog

from bot.delivery import budget, contents, corrections, pushes, ranges
from bot.delivery.budget import Window
from bot.delivery.courier import Courier
from bot.delivery.deliveries import Chat, Record
from bot.delivery.ledger import Ledger
from bot.delivery.outcomes import Mark
from bot.delivery.ranges import Claim
from bot.storage.engine import Session
from bot.storage.models import Push

log = structlog.get_logger("kabar.sender")

IN_FLIGHT = 100  # concurrent requests; Telegram limits bots with over a thousand
PAGE = 500  # chats read at a time
CHECKPOINT_SECONDS = 0.05  # between two checkpoints; twice as long below SLOW_RATE
SLOW_RATE = 100  # messages a second; below it, a checkpoint every 0.1 s still records only a few messages
LEAD_SECONDS = 0.04  # more places are reserved this long before the last one is used; a commit takes less
TOGETHER_SECONDS = 0.004  # places due within this time are sent together, to sleep once for several messages
LATE_SECONDS = 0.15  # a place missed by more than this is dropped, to avoid a burst
DRAIN_SECONDS = 8.5  # at a stop, sends still without an answer after this time are recorded as UNKNOWN
UNANSWERED_WAIT = 5.0


class RangeRun:
    """The work of one process on one range, from claim to release."""

    def __init__(
        self,
        ledger: Ledger,
        courier: Courier,
        window: Window,
        claimed: Claim,
        push: Push,
        content: contents.Content,
    ) -> None:
        self._ledger = ledger
        self._courier = courier
        self._window = window
        self._claim = claimed
        self._push = push
        self._content = content
        self._alert = pushes.as_alert(push)
        self._batch = max(1, round((window.rate or 5000) * budget.AHEAD))
        self._queue: deque[Chat] = deque()  # chats read and not sent; the first len(_places) have a place
        self._places: deque[float] = deque()  # monotonic times to send at
        self._gap = 0.0
        self._pause = CHECKPOINT_SECONDS * (2 if 0 < window.rate < SLOW_RATE else 1)
        self._read_to = claimed.cursor
        self._owned = True  # until another process has taken the range over
        self._exhausted = False
        self._cursor = claimed.cursor
        self._last_sent = claimed.cursor
        self._in_flight: dict[int, asyncio.Task[None]] = {}  # in order of id
        self._records: list[Record] = []
        self._recorded_at = 0.0
        self._ask_again_at = 0.0  # when a full budget has places again
        self._activity = asyncio.Event()  # set when a send ended or places were added; wakes the pump
        self._knew_text_only = push.text_only

    async def work(self) -> None:
        log.debug("range_claimed", push=self._claim.push_id, range=self._claim.range_id, cursor=self._claim.cursor)
        # Not in a task group, which would wrap database errors in an ExceptionGroup.
        pump = asyncio.get_running_loop().create_task(self._pump())
        sent = False
        try:
            with self._window.sharing(self._claim.lane, self._places):
                await self._send_range(pump)
            sent = self._exhausted and not self._queue
        finally:  # whatever happened, what was sent is recorded
            pump.cancel()
            self._places.clear()
            await self._drain()
            await self._finish(sent and self._owned)

    async def _send_range(self, pump: asyncio.Task[None]) -> None:
        """Read, checkpoint and wait in turn until the range is sent or must be left."""
        while True:
            if pump.done():  # only by a bug: raise it, rather than keep the lease of a range without sending
                pump.result()
            await self._read_page()
            if self._exhausted and not self._queue and not self._in_flight:
                return
            if not await self._checkpoint(self._wanted()) or self._ledger.stopping.is_set():
                return
            await self._ledger.brake(self._push)
            await self._wait()

    def _wanted(self) -> int:
        """How many more places to reserve now."""
        # The first photo goes alone, as the other messages reuse its file_id; a probe goes alone too.
        if self._content.has_new_photo or self._push.probes:
            return 0 if self._in_flight or self._places or not self._queue else 1
        unplaced = len(self._queue) - len(self._places)
        return max(0, min(self._batch - len(self._places), unplaced))

    async def _read_page(self) -> None:
        if self._exhausted or len(self._queue) >= self._batch * 2:
            return
        size = max(PAGE, self._batch)
        async with self._ledger.database.read() as session:
            chats, self._read_to, self._exhausted = await ranges.page(
                session, self._claim, self._push.audience, self._read_to, size, self._alert
            )
        self._queue.extend(chats)

    async def _pump(self) -> None:
        """The pump: starts the send to each chat at the time of its place; drops places missed by over LATE_SECONDS."""
        loop = asyncio.get_running_loop()
        while True:
            if not self._places or len(self._in_flight) >= IN_FLIGHT:
                self._activity.clear()
                await self._activity.wait()
                continue
            now = time.monotonic()
            early = self._places[0] - now
            if early > TOGETHER_SECONDS:
                await asyncio.sleep(early)
                continue
            if early < -LATE_SECONDS and self._gap:
                self._places.popleft()
                continue
            if self._window.yields(self._claim.lane):
                await asyncio.sleep(TOGETHER_SECONDS)
                continue
            if wait := self._window.wait(now):
                await asyncio.sleep(wait)
                continue
            self._places.popleft()
            chat = self._queue.popleft()
            self._last_sent = chat.subscriber_id
            self._in_flight[chat.subscriber_id] = loop.create_task(self._deliver(chat))

    async def _deliver(self, chat: Chat) -> None:
        record = Record(chat, Mark.UNKNOWN, wait=UNANSWERED_WAIT)  # the record if the drain cancels this send
        try:
            record = await self._courier.deliver(self._content, chat)
        finally:
            self._records.append(record)
            del self._in_flight[chat.subscriber_id]
            self._ledger.note(self._push.id, record)
            self._activity.set()

    async def _wait(self) -> None:
        """Sleep until the next checkpoint: when places run out, or records have waited for the usual time."""
        until = self._recorded_at + self._pause
        if self._gap or not self._places:
            next_free = self._places[-1] + self._gap if self._places else None
            until = min(until, self._ask_again_at if next_free is None else next_free - LEAD_SECONDS)
        await asyncio.sleep(max(0.002, until - time.monotonic()))

    def _settled_to(self) -> int:
        """The highest id up to which every chat has a record: where the cursor may move to."""
        if self._in_flight:
            return max(self._cursor, next(iter(self._in_flight)) - 1)
        if self._exhausted and not self._queue:
            return self._claim.end
        return max(self._cursor, self._last_sent)

    async def _checkpoint(self, wanted: int) -> bool:
        """Record what came back and reserve `wanted` places. False: the range must be left."""

        async def once(session: Session) -> tuple[ranges.CheckpointResult | None, budget.Reservation | None]:
            result = await self._store(session, records, cursor, issued)
            if result is None or not result.go_on:
                return result, None
            if wanted:  # locked before looking at the other lanes: who begins after that reserves later places
                await budget.lock(session)
            if await pushes.better_waits(session, self._claim.lane):
                return result, None
            return result, await budget.reserve(session, wanted) if wanted else budget.NO_PLACES

        records, self._records = self._records, []
        cursor, issued = self._settled_to(), self._issued_to(wanted)
        result, reserved = await self._ledger.persist(once)
        self._cursor, self._recorded_at = cursor, time.monotonic()
        if result is None:
            log.warning("range_fenced_out", push=self._claim.push_id, range=self._claim.range_id)
            self._owned = False
        if reserved is None:
            return False
        self._ask_again_at = self._recorded_at + (reserved.delay or self._pause)
        if reserved.count:
            start = self._recorded_at + reserved.delay
            self._gap = reserved.gap
            self._places.extend(start + number * reserved.gap for number in range(reserved.count))
            self._activity.set()
        return True

    def _issued_to(self, wanted: int) -> int:
        """The highest id that may be on the wire before the next checkpoint."""
        last = len(self._places) + wanted
        return self._queue[last - 1].subscriber_id if last else self._last_sent

    async def _store(
        self, session: Session, records: list[Record], cursor: int, issued: int
    ) -> ranges.CheckpointResult | None:
        result = await ranges.checkpoint(
            session,
            self._claim,
            cursor=cursor,
            issued=issued,
            unsent=not self._exhausted or len(self._queue) > len(self._places),
            records=records,
            push=self._push,
            now=self._ledger.now(),
        )
        if result is None or result.overtaken:
            await corrections.hand_over_late_copies(session, self._push, records)
        if self._content.text_only and not self._knew_text_only:
            await pushes.go_text_only(session, self._push.id)
            self._knew_text_only = True
        return result

    async def _drain(self) -> None:
        """Wait for sends in flight and record them; when stopping, cancel those unanswered after DRAIN_SECONDS."""
        stopped_at: float | None = None
        while self._in_flight:
            if self._ledger.stopping.is_set():
                stopped_at = stopped_at or time.monotonic()
                if time.monotonic() - stopped_at > DRAIN_SECONDS:
                    cut = list(self._in_flight.values())
                    for task in cut:
                        task.cancel()
                    await asyncio.wait(cut)
                    return
            await asyncio.sleep(CHECKPOINT_SECONDS)
            await self._checkpoint(0)

    async def _finish(self, done: bool) -> None:
        """The last checkpoint and the release in one transaction, so that a change of the audience is not missed."""

        async def once(session: Session) -> None:
            result = await self._store(session, self._records, self._settled_to(), self._last_sent)
            changed = result is not None and not result.same_audience
            await ranges.release(session, self._claim, done=done and not changed, rewind=changed)

        await self._ledger.persist(once)
        await self._ledger.brake(self._push)
        if done:
            await self._ledger.finish(self._push.id)
