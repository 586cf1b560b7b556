"""The budget: one send rate shared by all processes, in one database row, by the database's clock.

Virtual scheduling (GCRA, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm): the row holds the next free time.
A process that wants to send n messages advances it by n intervals and sends one message at each of these n places.
Pushes stay below the rate by one message a second and at least 1.5 %: a sender exactly at the limit exceeds it in a
server that counts a sliding second. A `Window` in each process prevents a burst after a stall.

The rate adapts: a flood wait (HTTP 429) of the whole bot lowers it, time without one raises it up to the setting.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Double, and_, bindparam, case, select, update
from telegram.ext import BaseRateLimiter

from bot.delivery import lanes, pushes
from bot.delivery.turns import Turns
from bot.storage.engine import Database, Session, clock
from bot.storage.models import Budget

log = structlog.get_logger("kabar.budget")

ROW = 1
AHEAD = 0.1  # seconds; pushes reserve no further ahead, so an answer or a more urgent lane waits no longer than this
SENDING = frozenset(("sendMessage", "sendPhoto", "copyMessage", "forwardMessage", "sendMediaGroup", "sendDocument"))
BELOW = 0.985  # of the rate; 15 ms in a second, because network and server move messages closer together
HOLD_BACK = 0.5  # seconds that the row's next free time may be ahead of now before answers wait too
HOLD_BACK_BESIDE_A_PUSH = 0.1  # the same of the answers' own part while a push waits for its share
CHARGE_EVERY = 0.1  # seconds; answers sent within them are charged in one statement
LOWERED_TO = 0.75  # of the rate, after a flood wait of the whole bot
RAISED_BY = 0.05  # of the setting, after every QUIET_SECONDS without a flood wait
QUIET_SECONDS = 10.0
ANSWER_BURST = 5  # answers to one chat at once; Telegram allows short bursts above one a second
GROUP_A_MINUTE = 20  # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this


@dataclass(frozen=True, slots=True)
class Reservation:
    """`count` places from `delay` seconds after now, `gap` seconds apart. A full budget gives 0 places and a delay."""

    count: int
    delay: float
    gap: float


UNLIMITED_GAP = 0.0
NO_PLACES = Reservation(0, 0.0, 0.0)


async def prepare(session: Session, rate: float) -> None:
    """Create the row, or reset it when the setting has changed. `rate` is in messages a second; 0 is unlimited."""
    await session.execute(
        session.upsert(Budget).values(id=ROW, next_free=0.0, rate=rate, setting=rate).on_conflict_do_nothing()
    )
    await session.execute(
        update(Budget).where(Budget.id == ROW, Budget.setting != rate).values(rate=rate, setting=rate)
    )


def pace_of(rate: float) -> float:
    """How many messages a second pushes send under a rate; 0 is unlimited for both."""
    return max(min(rate - 1, rate * BELOW), rate * 0.5)


async def lock(session: Session) -> None:
    """Let nobody else reserve until this transaction ends: what it reads from now on is newer than all reservations."""
    await session.execute(_LOCK)


async def reserve(session: Session, wanted: int) -> Reservation:
    """Reserve up to `wanted` places, at most AHEAD seconds from now.

    Call it last in a short transaction: it locks the row that all processes share.
    """
    row = (await session.execute(_LOOK)).one()
    rate, lead = float(row[0]), float(row[1])
    if lead > AHEAD:
        return Reservation(0, lead - AHEAD, 0.0)
    if rate <= 0:
        return Reservation(wanted, max(0.0, lead), UNLIMITED_GAP)
    if row[2]:
        await session.execute(_LEARN)
    pace = pace_of(rate)
    count = min(wanted, int((AHEAD - max(0.0, lead)) * pace) + 1)  # the last place is within AHEAD
    moved = (await session.execute(_MOVE, {"seconds": count / pace})).scalar_one()
    return Reservation(count, max(0.0, float(moved) - count / pace), 1 / pace)


# Built once: a push runs these several times a second, and building a statement costs more than running it.
_STARTS = case((Budget.next_free > clock(), Budget.next_free), else_=clock())
_QUIET = and_(Budget.rate < Budget.setting, Budget.changed_at < clock() - QUIET_SECONDS)
_RAISED = Budget.rate + Budget.setting * RAISED_BY
_LOCK = select(Budget.id).where(Budget.id == ROW).with_for_update()
# How far ahead the next free time can be: some messages beside what answers may charge, or as long as Telegram said.
# Further ahead it is only if the database's clock was set back, see bot.timekeeping.
_CHARGED_AHEAD = case((Budget.rate > 0, 30.0 + 10.0 / Budget.rate), else_=30.0)
LONGEST_LEAD = case((Budget.halted_for > _CHARGED_AHEAD, Budget.halted_for), else_=_CHARGED_AHEAD)
_LOOK = select(Budget.rate, Budget.next_free - clock(), _QUIET).where(Budget.id == ROW)
_MOVE = (
    update(Budget)
    .where(Budget.id == ROW)
    .values(next_free=_STARTS + bindparam("seconds", type_=Double))
    .returning(Budget.next_free - clock())
    .execution_options(synchronize_session=False)
)
_LEARN = (
    update(Budget)
    .where(Budget.id == ROW, _QUIET)
    .values(rate=case((Budget.setting < _RAISED, Budget.setting), else_=_RAISED), changed_at=clock(), halted_for=0.0)
    .execution_options(synchronize_session=False)
)


@dataclass(frozen=True, slots=True)
class Charge:
    """After a charge: `lead` seconds of the whole rate are used up, and `answers_lead` of what answers may use.

    `share` of the rate is not theirs for now.
    """

    lead: float
    answers_lead: float
    share: float

    @property
    def wait(self) -> float:
        """Seconds that further answers should wait."""
        beside = self.answers_lead - HOLD_BACK_BESIDE_A_PUSH if self.share else 0.0
        return max(0.0, self.lead - HOLD_BACK, beside)


async def charge(session: Session, count: int) -> Charge:
    """Charge `count` answers to readers, so that pushes send less. While a push waits, answers leave it its share.

    Neither lead is ever more than it can legitimately be: answers wait for so long even if the row is mended meanwhile.
    """
    share = lanes.share(await pushes.best_lane(session))
    pace = case(
        (Budget.rate > 1 / (1 - BELOW), Budget.rate * BELOW),
        (Budget.rate > 2, Budget.rate - 1),
        (Budget.rate > 0, Budget.rate * 0.5),
        else_=1e9,
    )
    answers_start = case((Budget.answers_free > clock(), Budget.answers_free), else_=clock()) if share else clock()
    row = await session.execute(
        update(Budget)
        .where(Budget.id == ROW)
        .values(next_free=_STARTS + count / pace, answers_free=answers_start + count / (pace * (1 - share)))
        .returning(Budget.next_free - clock(), Budget.answers_free - clock(), LONGEST_LEAD)
        .execution_options(synchronize_session=False)
    )
    lead, answers_lead, longest = row.one_or_none() or (0.0, 0.0, 0.0)
    return Charge(float(min(lead, longest)), float(min(answers_lead, longest)), share)


async def halt(session: Session, seconds: float) -> float:
    """Telegram asked the whole bot to wait: stop all processes for `seconds` and lower the rate.

    Returns the new rate. Requests already in flight get the same flood wait; they don't lower the rate again.
    """
    until = clock() + seconds
    lowers = Budget.next_free < clock() + 0.5 * seconds
    await session.execute(
        update(Budget)
        .where(Budget.id == ROW)
        .values(
            rate=case((lowers, Budget.rate * LOWERED_TO), else_=Budget.rate),
            changed_at=case((lowers, until), else_=Budget.changed_at),
            next_free=case((Budget.next_free < until, until), else_=Budget.next_free),
            halted_for=case((Budget.next_free < until, seconds), else_=Budget.halted_for),
        )
    )
    return await session.scalar(select(Budget.rate).where(Budget.id == ROW)) or 0.0


class Window:
    """Sliding window of one second: pushes of this process wait rather than exceed the rate.

    The window is slightly longer than a second, because network delay can bring messages closer together.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._sent: deque[float] | None = deque(maxlen=max(1, int(rate))) if rate > 0 else None
        self._seconds = 1 + 0.6 * (rate / pace_of(rate) - 1) if rate > 0 else 0.0
        self._reserved: list[tuple[int, deque[float]]] = []  # each run's lane and its places that are not used yet

    @contextmanager
    def sharing(self, lane: int, places: deque[float]) -> Iterator[None]:
        """Within the block, worse lanes of this process let these places go first."""
        self._reserved.append(entry := (lane, places))
        try:
            yield
        finally:
            self._reserved = [other for other in self._reserved if other is not entry]

    def yields(self, lane: int) -> bool:
        """Whether a run in a better lane has places now."""
        return any(places for other, places in self._reserved if other < lane)

    def wait(self, now: float) -> float:
        """Seconds until a push may send; 0 records a send at `now`, in seconds of a monotonic clock."""
        sent = self._sent
        if sent is None:
            return 0.0
        if len(sent) == sent.maxlen and (wait := sent[0] + self._seconds - now) > 0:
            return wait
        sent.append(now)
        return 0.0

    async def turn(self) -> None:
        """Wait until a push may send, and record the send."""
        while True:
            wait = self.wait(time.monotonic())
            if not wait:
                return
            await asyncio.sleep(wait)

    def note(self, now: float) -> None:
        """Record an answer: it was sent without waiting, and counts against the pushes' window."""
        if self._sent is not None:
            self._sent.append(now)


class ChatPace:
    """When this process may next send to a chat: one message a second, to a group twenty a minute.

    Answers may burst: ANSWER_BURST at once, then one a second. Keeps only the chats of the last minute. Processes don't
    share it: if two send to one chat at once, Telegram answers with a wait for that chat, and it is tried again later.
    """

    def __init__(self) -> None:
        self._sent: dict[int, deque[float]] = {}
        self._burst_free: dict[int, float] = {}  # when a chat's burst of answers is whole again
        self._swept = 0.0

    def wait(self, chat_id: int, now: float) -> float:
        """Seconds until a push may send to the chat; 0 records a send at `now`, in seconds of a monotonic clock."""
        times = self._times(chat_id, now)
        if times and now - times[-1] < 1:
            return times[-1] + 1 - now
        if _full_until(times) > now:
            return _full_until(times) - now
        times.append(now)
        return 0.0

    def turn(self, chat_id: int, now: float) -> float:
        """Seconds until the next answer to the chat, which is recorded as sent then."""
        times = self._times(chat_id, now)
        free = max(self._burst_free.get(chat_id, 0.0), now)
        at = max(now, free + 1 - ANSWER_BURST, _full_until(times))
        self._burst_free[chat_id] = max(free, at) + 1
        times.append(at)
        return at - now

    def _times(self, chat_id: int, now: float) -> deque[float]:
        """The latest sends to the chat, as many as are needed to judge the next."""
        if now - self._swept > 60:
            self._swept = now
            self._sent = {chat: times for chat, times in self._sent.items() if now - times[-1] < 60}
            self._burst_free = {chat: free for chat, free in self._burst_free.items() if free > now}
        return self._sent.setdefault(chat_id, deque(maxlen=GROUP_A_MINUTE if chat_id < 0 else 1))


def _full_until(times: deque[float]) -> float:
    """Until when a group has had as many messages as it may in a minute; 0 if it has not, or is none."""
    return times[0] + 60 if times.maxlen == GROUP_A_MINUTE and len(times) == GROUP_A_MINUTE else 0.0


class AnswerLimiter(BaseRateLimiter[None]):
    """python-telegram-bot's rate limiter for answers: sends at once unless this process alone would exceed the rate.

    Then they wait in a fair order (turns.py).

    It charges answers to the shared row. Pushes bypass it, because they reserve their places beforehand.
    """

    def __init__(self, database: Database, rate: float, window: Window, pace: ChatPace | None) -> None:
        self._database = database
        self._rate = rate
        self._window = window
        self._pace = pace
        self._next = 0.0
        self._share = 0.0
        self._turns = Turns(self._pause)
        self._uncharged = 0
        self._due = asyncio.Event()

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, bool | dict[str, Any] | list[dict[str, Any]]]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,
    ) -> bool | dict[str, Any] | list[dict[str, Any]]:
        if endpoint in SENDING:
            chat = data.get("chat_id")
            if self._pace is not None and isinstance(chat, int):
                await asyncio.sleep(self._pace.turn(chat, time.monotonic()))
            if self._rate > 0:
                await self._turns.wait(chat)
                self._schedule_next()
            self._uncharged += 1
            self._due.set()
            self._window.note(time.monotonic())
        return await callback(*args, **kwargs)

    def _pause(self) -> float:
        """Seconds until the next answer; asked just before, so a lower share or a halt holds for all that wait."""
        return self._next - time.monotonic()

    def _schedule_next(self) -> None:
        """Local virtual scheduling with a burst of a quarter second: at most 10.25 × rate in any ten seconds."""
        gap = 1 / max(self._rate * 0.97 * (1 - self._share), 0.1)
        self._next = max(self._next, time.monotonic() - 0.25) + gap

    async def run(self) -> None:
        """The loop that charges answers to the shared row, several at a time."""
        while True:
            await self._due.wait()
            await asyncio.sleep(CHARGE_EVERY)
            self._due.clear()
            count, self._uncharged = self._uncharged, 0
            try:
                async with self._database.write() as session:
                    charged = await charge(session, count)
            except Exception as error:  # the answers are sent already: the rate is only less exact
                log.warning("charge_failed", count=count, error=str(error))
            else:  # the row is far ahead after a halt or many answers elsewhere: answers here wait too
                self._share = charged.share
                self._next = max(self._next, time.monotonic() + charged.wait)
