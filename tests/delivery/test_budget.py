"""The budget: what all processes together may send, and what they learn from a flood wait."""

import time

from sqlalchemy import select, update

from bot.delivery import budget
from bot.storage.engine import Database
from bot.storage.models import Budget


async def rate(database: Database) -> float:
    async with database.read() as session:
        return (await session.scalars(select(Budget.rate))).one()


async def reserve(database: Database, wanted: int = 1) -> budget.Reservation:
    async with database.write() as session:
        return await budget.reserve(session, wanted)


async def pass_time(database: Database, seconds: float) -> None:
    """As if `seconds` had gone by."""
    async with database.write() as session:
        await session.execute(
            update(Budget).values(changed_at=Budget.changed_at - seconds, next_free=Budget.next_free - seconds)
        )


async def test_a_flood_wait_lowers_the_rate_once_and_quiet_raises_it_to_the_setting(database: Database) -> None:
    async with database.write() as session:
        await budget.prepare(session, 40)
    for _ in range(3):  # three that were on the wire together
        async with database.write() as session:
            await budget.halt(session, 5)
    assert await rate(database) == 30
    await pass_time(database, 5 + budget.QUIET_SECONDS / 2)
    await reserve(database)
    assert await rate(database) == 30  # not quiet for long enough
    await pass_time(database, budget.QUIET_SECONDS)
    await reserve(database)
    assert await rate(database) == 32
    await reserve(database)
    assert await rate(database) == 32
    for _ in range(9):
        await pass_time(database, budget.QUIET_SECONDS + 1)
        await reserve(database)
    assert await rate(database) == 40


async def test_a_lowered_rate_is_the_pace_of_the_pushes(database: Database) -> None:
    async with database.write() as session:
        await budget.prepare(session, 40)
        await budget.halt(session, 1)
    await pass_time(database, 2)
    place = await reserve(database, 100)
    assert place.gap == 1 / 29


async def test_the_budget_hands_out_no_more_than_the_rate_and_saves_none_up(database: Database) -> None:
    async with database.write() as session:
        await budget.prepare(session, 30)
    await pass_time(database, 600)  # nobody sent anything
    taken, start = 0, time.monotonic()
    while time.monotonic() - start < 1:
        place = await reserve(database, 10)
        assert place.gap == 1 / 29 or not place.count
        taken += place.count
    assert 5 < taken <= 29 * (time.monotonic() - start + budget.AHEAD) + 2


async def test_a_halt_stops_every_push(database: Database) -> None:
    async with database.write() as session:
        await budget.prepare(session, 30)
        await budget.halt(session, 3600)
    place = await reserve(database, 10)
    assert place.count == 0
    assert place.delay > 1800


async def test_answers_are_charged_to_the_same_row(database: Database) -> None:
    async with database.write() as session:
        await budget.prepare(session, 30)
        assert (await budget.charge(session, 290)).lead > 9
        assert (await budget.reserve(session, 1)).count == 0


async def test_a_changed_rate_takes_effect_and_an_unlimited_one_never_waits(database: Database) -> None:
    for rate in (30, 0):
        async with database.write() as session:
            await budget.prepare(session, rate)
    async with database.write() as session:
        assert (await budget.reserve(session, 500)).count == 500


def test_no_second_holds_more_than_the_rate_whatever_was_delayed() -> None:
    window = budget.Window(30)
    sent: list[float] = []
    now = 0.0
    for number in range(300):
        due = number / 29
        now = max(now, due + (0.4 if 100 < number < 110 else 0))  # a stall
        while wait := window.wait(now):
            now += wait
        sent.append(now)
    assert all(later - earlier > 1 for earlier, later in zip(sent, sent[30:], strict=False))
    assert sent[-1] < 299 / 29 + 0.5


def test_pushes_wait_for_what_answers_have_taken() -> None:
    window = budget.Window(10)
    for _ in range(10):
        window.note(5.0)
    assert window.wait(5.5) > 0.5
    assert window.wait(6.2) == 0
