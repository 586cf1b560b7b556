"""The row that all processes share: what is reserved, charged, halted and learnt, in figures."""

import pytest
from sqlalchemy import select

from bot.delivery import budget
from bot.delivery.budget import AHEAD, Reservation, pace_of
from bot.storage.engine import Database
from bot.storage.models import Budget
from tests.delivery.rows import add_budget, change, lead_of, moment

EARLY = 0.05  # seconds that may go by between two statements of a test


async def reserve(database: Database, wanted: int) -> Reservation:
    async with database.write() as session:
        return await budget.reserve(database, session, wanted)


async def charge(database: Database, count: int) -> float:
    async with database.write() as session:
        return await budget.charge(database, session, count)


async def halt(database: Database, seconds: float) -> float:
    async with database.write() as session:
        return await budget.halt(database, session, seconds)


async def row(database: Database) -> Budget:
    async with database.read() as session:
        return (await session.scalars(select(Budget))).one()


@pytest.mark.parametrize(
    ("rate", "wanted", "count"),
    [
        pytest.param(20, 100, 2, id="places of a tenth of a second"),
        pytest.param(200, 100, 20, id="more of them at a higher rate"),
        pytest.param(200, 7, 7, id="no more than wanted"),
        pytest.param(1, 100, 1, id="one at the slowest rate"),
        pytest.param(0, 100, 100, id="all without a limit"),
    ],
)
async def test_how_many_places_there_are_after_a_silence(
    database: Database, rate: float, wanted: int, count: int
) -> None:
    await add_budget(database, rate)
    place = await reserve(database, wanted)
    assert (place.count, place.delay) == (count, pytest.approx(0, abs=EARLY))
    assert place.gap == (pytest.approx(1 / pace_of(rate)) if rate else 0)
    if rate:
        assert await lead_of(database) == pytest.approx(count / pace_of(rate), abs=EARLY)


async def test_the_next_places_follow_the_last_and_not_before_it_is_near(database: Database) -> None:
    await add_budget(database, 2)  # one place a second
    await reserve(database, 1)
    full = await reserve(database, 1)
    assert (full.count, full.delay) == (0, pytest.approx(1 - AHEAD, abs=EARLY))
    now = await moment(database)
    await change(database, Budget, next_free=now + AHEAD / 2)
    place = await reserve(database, 5)
    assert (place.count, place.delay) == (1, pytest.approx(AHEAD / 2, abs=EARLY))


async def test_without_a_limit_a_halt_still_delays(database: Database) -> None:
    await add_budget(database, 0)
    await halt(database, 7)
    place = await reserve(database, 3)
    assert (place.count, place.delay, place.gap) == (3, pytest.approx(7, abs=EARLY), 0)


@pytest.mark.parametrize("rate", [1, 2, 2.5, 10, 30, 66, 67, 100, 1000])
async def test_an_answer_takes_as_much_of_the_budget_as_a_pushs_message(database: Database, rate: float) -> None:
    await add_budget(database, rate)
    assert await charge(database, 6) == pytest.approx(6 / pace_of(rate), abs=EARLY)
    assert await charge(database, 3) == pytest.approx(9 / pace_of(rate), abs=EARLY)


async def test_without_a_limit_an_answer_costs_nothing(database: Database) -> None:
    await add_budget(database, 0)
    assert await charge(database, 1000) == pytest.approx(0, abs=EARLY)


@pytest.mark.parametrize(
    ("waits", "lead", "rate"),
    [
        pytest.param([10], 10, 30, id="one wait"),
        pytest.param([10, 10, 9], 10, 30, id="the same wait, told by what was on the wire with it"),
        pytest.param([10, 4], 10, 30, id="a shorter one shortens nothing"),
        pytest.param([10, 15], 15, 30, id="a somewhat longer one is longer and lowers nothing"),
        pytest.param([10, 40], 40, 22.5, id="a much longer one lowers the rate again"),
    ],
)
async def test_a_flood_wait_stops_everything_for_as_long_as_asked_and_lowers_the_rate_once(
    database: Database, waits: list[float], lead: float, rate: float
) -> None:
    await add_budget(database, 40)
    for seconds in waits:
        told = await halt(database, seconds)
    assert told == rate
    assert await lead_of(database) == pytest.approx(lead, abs=EARLY)
    kept = await row(database)
    assert (kept.rate, kept.setting) == (rate, 40)
    assert kept.changed_at - await moment(database) == pytest.approx(lead if lead != 15 else 10, abs=EARLY)


@pytest.mark.parametrize(
    ("rate", "quiet", "then"),
    [
        pytest.param(20, 10.5, 22, id="it rises by a twentieth of the setting after ten quiet seconds"),
        pytest.param(20, 9.5, 20, id="not before"),
        pytest.param(39, 10.5, 40, id="never above the setting"),
        pytest.param(40, 10.5, 40, id="and not where it is the setting"),
    ],
)
async def test_quiet_raises_a_lowered_rate(database: Database, rate: float, quiet: float, then: float) -> None:
    await add_budget(database, 40)
    changed_at = await moment(database) - quiet
    await change(database, Budget, rate=rate, changed_at=changed_at)
    await reserve(database, 1)
    kept = await row(database)
    assert kept.rate == then
    assert (kept.changed_at > changed_at + 1) is (then != rate)


async def test_a_learnt_rate_outlives_a_restart_and_not_a_changed_setting(database: Database) -> None:
    await add_budget(database, 40)
    await halt(database, 5)
    await add_budget(database, 40)
    assert (await row(database)).rate == 30
    await add_budget(database, 20)
    assert ((await row(database)).rate, (await row(database)).setting) == (20, 20)
