"""The budget: one shared rate for all processes, kept in one row and ruled by the database's clock.

Virtual scheduling (GCRA): the row holds the next free moment; whoever wants to send n messages moves it on by n
places and sends at the places' times. Pushes keep one message a second, and at least 1.5 %, below the rate, because a
pacer exactly at the limit meets a server that counts in a sliding second at its edge; and a `Window` in each process
keeps what a stall has delayed from going out in a burst.

The rate is learnt: a flood wait of the whole bot lowers it, quiet raises it again, never above the setting.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Double, and_, bindparam, case, select, update
from telegram.ext import BaseRateLimiter

from bot.storage.engine import Database, Session, clock
from bot.storage.models import Budget

log = structlog.get_logger("kabar.budget")

ROW = 1
AHEAD = 0.1  # seconds; pushes reserve no further, so that an answer or a better lane waits no longer
SENDING = frozenset(("sendMessage", "sendPhoto", "copyMessage", "forwardMessage", "sendMediaGroup", "sendDocument"))
BELOW = 0.985  # of the rate: 15 ms in a second, for a network and a server that bunch what was sent apart
HOLD_BACK = 0.5  # seconds that the row may stand ahead of now before answers wait too
CHARGE_EVERY = 0.1  # seconds; answers are charged to the row together
LOWERED_TO = 0.75  # of the rate, by a flood wait of the bot
RAISED_BY = 0.05  # of the setting, by every QUIET_SECONDS without one
QUIET_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reservation:
    """`count` places from `delay` seconds after now, `gap` seconds apart. A full budget gives 0 places and a delay."""

    count: int
    delay: float
    gap: float


UNLIMITED_GAP = 0.0


async def prepare(session: Session, rate: float) -> None:
    """Make the row, or bring it to a changed setting. `rate` is in messages a second; 0 is unlimited."""
    await session.execute(
        session.upsert(Budget).values(id=ROW, next_free=0.0, rate=rate, setting=rate).on_conflict_do_nothing()
    )
    await session.execute(
        update(Budget).where(Budget.id == ROW, Budget.setting != rate).values(rate=rate, setting=rate)
    )


def pace_of(rate: float) -> float:
    """How many messages a second pushes send under a rate; 0 is unlimited for both."""
    return max(min(rate - 1, rate * BELOW), rate * 0.5)


async def reserve(session: Session, wanted: int) -> Reservation:
    """Take up to `wanted` places, no further than AHEAD. Part of the caller's short transaction, its last statement."""
    row = (await session.execute(_LOOK)).one()
    rate, lead = float(row[0]), float(row[1])
    if rate <= 0:
        return Reservation(wanted, max(0.0, lead), UNLIMITED_GAP)
    if row[2]:
        await session.execute(_LEARN)
    pace = pace_of(rate)
    if lead > AHEAD:
        return Reservation(0, lead - AHEAD, 0.0)
    count = min(wanted, int((AHEAD - max(0.0, lead)) * pace) + 1)  # the last of them begins within AHEAD
    moved = (await session.execute(_MOVE, {"seconds": count / pace})).scalar_one()
    return Reservation(count, max(0.0, float(moved) - count / pace), 1 / pace)


# Built once, since a push asks all the time: building a statement costs more than running it.
_STARTS = case((Budget.next_free > clock(), Budget.next_free), else_=clock())
_QUIET = and_(Budget.rate < Budget.setting, Budget.changed_at < clock() - QUIET_SECONDS)
_RAISED = Budget.rate + Budget.setting * RAISED_BY
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
    .values(rate=case((Budget.setting < _RAISED, Budget.setting), else_=_RAISED), changed_at=clock())
    .execution_options(synchronize_session=False)
)


async def charge(session: Session, count: int) -> float:
    """Answers to readers were sent: pushes make room for them. Returns how far ahead of now the row stands, in s."""
    pace = case(
        (Budget.rate > 1 / (1 - BELOW), Budget.rate * BELOW),
        (Budget.rate > 2, Budget.rate - 1),
        (Budget.rate > 0, Budget.rate * 0.5),
        else_=1e9,
    )
    lead = await session.scalar(
        update(Budget)
        .where(Budget.id == ROW)
        .values(next_free=_STARTS + count / pace)
        .returning(Budget.next_free - clock())
    )
    return float(lead or 0.0)


async def halt(session: Session, seconds: float) -> float:
    """Telegram asked the whole bot to wait: every process stops sending for so long, and is slower then.

    Returns the rate that holds from now. What was on the wire meets the same wait: that lowers it no further.
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
        )
    )
    return await session.scalar(select(Budget.rate).where(Budget.id == ROW)) or 0.0


class Window:
    """What this process sent in the last second: pushes wait rather than exceed the rate in any second.

    The second is a little longer, by part of what the pace leaves free: the way to the server shortens it.
    """

    def __init__(self, rate: float) -> None:
        self._sent: deque[float] | None = deque(maxlen=max(1, int(rate))) if rate > 0 else None
        self._seconds = 1 + 0.6 * (rate / pace_of(rate) - 1) if rate > 0 else 0.0

    def wait(self, now: float) -> float:
        """Seconds until a push may send; 0 takes the place. `now` is of a monotonic clock."""
        sent = self._sent
        if sent is None:
            return 0.0
        if len(sent) == sent.maxlen and (wait := sent[0] + self._seconds - now) > 0:
            return wait
        sent.append(now)
        return 0.0

    async def turn(self) -> None:
        """Wait for a place, and take it."""
        while True:
            wait = self.wait(time.monotonic())
            if not wait:
                return
            await asyncio.sleep(wait)

    def note(self, now: float) -> None:
        """An answer was sent: it waits for nobody, and pushes count it."""
        if self._sent is not None:
            self._sent.append(now)


class ChatPace:
    """When this process may next send to a chat: one message a second, to a group twenty a minute.

    Holds only chats of the last minute. Processes don't share it: two that meet in one chat are answered with a wait
    for that chat, which is a row and no loss.
    """

    def __init__(self) -> None:
        self._sent: dict[int, deque[float]] = {}
        self._swept = 0.0

    def wait(self, chat_id: int, now: float) -> float:
        """Seconds until a push may send to the chat; 0 takes the place. `now` is of a monotonic clock."""
        if now - self._swept > 60:
            self._swept = now
            self._sent = {chat: times for chat, times in self._sent.items() if now - times[-1] < 60}
        times = self._sent.setdefault(chat_id, deque(maxlen=20 if chat_id < 0 else 1))
        if times and now - times[-1] < 1:
            return times[-1] + 1 - now
        if chat_id < 0 and len(times) == 20 and now - times[0] < 60:
            return times[0] + 60 - now
        times.append(now)
        return 0.0

    def note(self, chat_id: int, now: float) -> None:
        """An answer went to the chat: pushes count it."""
        self._sent.setdefault(chat_id, deque(maxlen=20 if chat_id < 0 else 1)).append(now)


class AnswerLimiter(BaseRateLimiter[None]):
    """PTB's rate limiter: an answer goes at once, unless this process alone would break the rate; the row is charged.

    The pushes' own way to the wire does not pass here: they have reserved their places.
    """

    def __init__(self, database: Database, rate: float, window: Window, pace: ChatPace | None) -> None:
        self._database = database
        self._rate = rate
        self._window = window
        self._pace = pace
        self._next = 0.0
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
            await self._wait_turn()
            self._uncharged += 1
            self._due.set()
            now = time.monotonic()
            self._window.note(now)
            chat = data.get("chat_id")
            if self._pace is not None and isinstance(chat, int):
                self._pace.note(chat, now)
        return await callback(*args, **kwargs)

    async def _wait_turn(self) -> None:
        """Local virtual scheduling with a burst of a quarter second: at most 10.25 × rate in any ten seconds."""
        if self._rate <= 0:
            return
        gap = 1 / max(self._rate * 0.97, 0.1)
        now = time.monotonic()
        turn = max(self._next, now - 0.25)
        self._next = turn + gap
        if turn > now:
            await asyncio.sleep(turn - now)

    async def run(self) -> None:
        """The loop that charges answers to the shared row, several at a time."""
        while True:
            await self._due.wait()
            await asyncio.sleep(CHARGE_EVERY)
            self._due.clear()
            count, self._uncharged = self._uncharged, 0
            try:
                async with self._database.write() as session:
                    lead = await charge(session, count)
            except Exception as error:  # the answers are sent; a charge that fails costs precision, not a message
                log.warning("charge_failed", count=count, error=str(error))
            else:  # other processes answer too, or Telegram halted the bot: then this one holds back as well
                self._next = max(self._next, time.monotonic() + lead - HOLD_BACK)
