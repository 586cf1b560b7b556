"""A push that Telegram does not answer pauses itself, probes, and goes on by itself."""

import asyncio
from collections.abc import Iterator

import pytest

from bot.delivery import notices, pushes
from bot.delivery.brake import FAILURES_AT_LEAST, Brake
from bot.delivery.outcomes import Mark, Outcome, Unknown
from bot.storage.engine import Database
from bot.storage.models import Delivery, Push
from tests.delivery.rows import add_budget, add_chats, add_delivery, add_push, change, deliveries_of, push_now, until
from tests.delivery.silent_wire import Senders, SilentWire, senders_on

CHATS = 60


class Outage(SilentWire):
    """A proxy that answers 502 in Telegram's place while `away`."""

    away = True

    async def send(self, url: object, body: bytes) -> tuple[Outcome, bytes]:
        outcome, answer = await super().send(url, body)  # type: ignore[arg-type]  # a URL
        return (Unknown("HTTP 502"), b"") if self.away else (outcome, answer)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pushes, "PROBE_SECONDS", (0.05, 0.1, 0.1))
    monkeypatch.setattr("bot.delivery.desk.DESK_SECONDS", 0.05)
    monkeypatch.setattr("bot.delivery.courier.UNKNOWN_BACKOFF", 0.05)
    yield


async def kinds_told(database: Database) -> list[str]:
    async with database.read() as session:
        return [notice.kind for notice in await notices.unsaid(session)]


async def test_a_push_goes_on_by_itself_after_an_outage_and_reaches_everybody(database: Database) -> None:
    await add_budget(database)
    await add_chats(database, *range(1, CHATS + 1))
    push = await add_push(database, ranges=[(0, CHATS)], ceiling=CHATS, total=CHATS)
    wire = Outage()
    working = senders_on(database, wire)

    async def probed_thrice() -> bool:
        return (await push_now(database, push.id)).probes >= 3

    async def finished() -> bool:
        return (await push_now(database, push.id)).state == pushes.FINISHED

    async with asyncio.TaskGroup() as group:
        for loop in loops_of(working):
            group.create_task(loop)
        await until(probed_thrice)
        tries = len(wire.taken)
        await until(probed_thrice)
        wire.away = False
        await until(finished)
        working.stopping.set()
    assert tries <= CHATS * 2 + 10  # a probe is one message, not one to each chat
    rows = await deliveries_of(database, push.id)
    assert {row.outcome for row in rows.values()} == {Mark.SENT}
    assert len(rows) == CHATS
    assert await kinds_told(database) == ["push_braked", "pushes_go_on"]
    assert (await push_now(database, push.id)).probes == 0


def loops_of(working: Senders) -> list[object]:
    return [working.sender.run(working.wake), working.retries.run(working.wake), working.desk.run()]


async def braked(database: Database, lane: int, **fields: object) -> Push:
    return await add_push(
        database, lane=lane, state="paused", reason="unknown", probes=1, not_before=1.0, ranges=[(0, 9)], **fields
    )


async def woken(database: Database) -> int | None:
    async with database.write() as session:
        return await pushes.wake_for_probe(session)


async def test_an_update_probes_first_and_alone(database: Database) -> None:
    await braked(database, 3)
    update = await braked(database, 1)
    assert await woken(database) == update.id
    assert await woken(database) is None  # as long as that one is not answered


async def test_an_answer_lets_all_go_on_that_waited_for_it_and_no_others(database: Database) -> None:
    waiting = [await braked(database, lane) for lane in (1, 3)]
    refused = await add_push(database, state="paused", reason="refused", ranges=[(0, 9)])
    by_hand = await add_push(database, state="paused", ranges=[(0, 9)])
    async with database.write() as session:
        assert sorted(await pushes.answered(session)) == [push.id for push in waiting]
    assert [(await push_now(database, push.id)).state for push in (*waiting, refused, by_hand)] == [
        *("running", "running"),
        *("paused", "paused"),
    ]


async def test_probes_come_ever_more_slowly(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushes, "PROBE_SECONDS", (2.0, 5.0, 300.0))
    push = await add_push(database, ranges=[(0, 9)])
    waits = []
    for probes in range(5):
        await change(database, Push, state="running")
        async with database.write() as session:
            assert await pushes.pause_unanswered(session, push.id, "unknown", probes)
            waits.append(round((await session.get_one(Push, push.id)).not_before - await session.moment()))
    assert waits == [2, 5, 300, 300, 300]


async def test_whoever_pauses_a_push_that_probes_pauses_it_for_good(database: Database) -> None:
    push = await braked(database, 1)
    async with database.write() as session:
        assert await pushes.pause(session, push.id)
        assert not await pushes.pause(session, push.id)
    assert await woken(database) is None


async def test_a_probe_among_retries_is_one_message(database: Database) -> None:
    await add_budget(database)
    await add_chats(database, *range(1, 11))
    push = await add_push(database, probes=1, ceiling=10, total=10)
    for number in range(1, 11):
        await add_delivery(database, push.id, number, outcome=Mark.UNKNOWN, message_id=None, not_before=1.0)
    wire = Outage()
    assert await senders_on(database, wire).retries.step()
    assert len(wire.taken) == 1
    assert (await push_now(database, push.id)).state == pushes.PAUSED
    wire.away = False
    await change(database, Push, not_before=1.0)
    await change(database, Delivery, not_before=1.0)
    assert await woken(database) == push.id
    working = senders_on(database, wire)
    assert await working.retries.step()
    assert await working.retries.step()
    assert len(wire.taken) == 1 + 10
    assert (await push_now(database, push.id)).state == pushes.FINISHED


def test_a_brake_knows_whether_anything_was_answered_since_it_was_asked() -> None:
    brake = Brake()
    assert brake.answered() is None
    brake.note(Mark.WAITING)
    assert brake.answered() is None
    for _ in range(FAILURES_AT_LEAST):
        brake.note(Mark.UNKNOWN, again=True)
    assert brake.answered() is False
    brake.note(Mark.UNKNOWN)
    brake.note(Mark.GONE)
    brake.note(Mark.LOST)
    assert brake.answered() is True
    assert brake.answered() is None


async def test_a_stop_while_a_retry_hangs_keeps_what_the_others_came_to(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.retries.DRAIN_SECONDS", 0.2)
    await add_budget(database)
    await add_chats(database, 101, 102)
    push = await add_push(database, ceiling=2, total=2)
    for number in (1, 2):
        await add_delivery(database, push.id, number, outcome=Mark.WAITING, message_id=None, not_before=1.0)
    wire = SilentWire(102)
    working = senders_on(database, wire)
    async with asyncio.TaskGroup() as group:
        group.create_task(working.retries.step())
        while len(wire.taken) < 2:
            await asyncio.sleep(0.01)
        working.stopping.set()
    rows = await deliveries_of(database, push.id)
    assert (rows[1].outcome, rows[2].outcome) == (Mark.SENT, Mark.UNKNOWN)


async def test_a_retry_that_waits_long_for_its_place_stays_claimed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.deliveries.CLAIMED_SECONDS", 0.6)
    await add_budget(database)
    await add_chats(database, 101)
    push = await add_push(database, ceiling=1, total=1)
    await add_delivery(database, push.id, 1, outcome=Mark.WAITING, message_id=None, not_before=1.0)
    wire, other = SilentWire(101), SilentWire()
    async with asyncio.TaskGroup() as group:
        group.create_task(senders_on(database, wire).retries.step())
        while not wire.taken:
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.5)  # the claim would have ended long ago
        assert not await senders_on(database, other, owner="other").retries.step()
        wire.answer()
    assert other.taken == []
