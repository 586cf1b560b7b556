"""The row that all processes share: what is reserved, charged, halted and learnt, in figures."""

import pytest
from sqlalchemy import select

from bot.delivery import budget
from bot.delivery.budget import AHEAD, Reservation, pace_of
from bot.storage.engine import Database
from bot.storage.models import Budget
from tests.databases import on_sqlite
from tests.delivery.rows import add_budget, change, moment

TINY = 0.002  # seconds: by so much a clock in Julian days is rounded
LATE = 20.0  # seconds that may go by between two statements on a busy machine


async def reserve(database: Database, wanted: int) -> Reservation:
    async with database.write() as session:
        return await budget.reserve(session, wanted)


async def charge(database: Database, count: int) -> float:
    async with database.write() as session:
        return (await budget.charge(session, count)).lead


async def halt(database: Database, seconds: float) -> float:
    async with database.write() as session:
        return await budget.halt(session, seconds)


async def row(database: Database) -> Budget:
    async with database.read() as session:
        return (await session.scalars(select(Budget))).one()


@on_sqlite
@pytest.mark.parametrize(
    ("rate", "wanted", "count"),
    [
        pytest.param(20, 100, 2, id="places of a tenth of a second"),
        pytest.param(200, 100, 20, id="more of them at a higher rate"),
        pytest.param(200, 7, 7, id="no more than wanted"),
        pytest.param(1, 100, 1, id="one at the slowest rate"),
    ],
)
async def test_how_many_places_there_are_after_a_silence(
    database: Database, rate: float, wanted: int, count: int
) -> None:
    await add_budget(database, rate)
    before = await moment(database)
    place = await reserve(database, wanted)
    after = await moment(database)
    assert (place.count, place.gap) == (count, pytest.approx(1 / pace_of(rate)))
    assert place.delay == pytest.approx(0, abs=TINY)
    taken = (await row(database)).next_free - count / pace_of(rate)
    assert before - TINY <= taken <= after + TINY


async def test_without_a_limit_all_places_are_there_at_once(database: Database) -> None:
    await add_budget(database, 0)
    assert await reserve(database, 100) == Reservation(100, 0.0, 0.0)


async def test_the_next_places_follow_the_last_and_not_before_it_is_near(database: Database) -> None:
    await add_budget(database, 20)
    await change(database, Budget, next_free=await moment(database) + 100)
    full = await reserve(database, 1)
    assert (full.count, full.delay) == (0, pytest.approx(100 - AHEAD, abs=LATE))
    assert (full.delay <= 100 - AHEAD) is True
    next_free = await moment(database) + AHEAD
    await change(database, Budget, next_free=next_free)
    place = await reserve(database, 1)
    assert place.count == 1
    assert 0 <= place.delay <= AHEAD
    assert (await row(database)).next_free >= next_free + 1 / pace_of(20) - TINY


async def test_without_a_limit_a_halt_still_delays(database: Database) -> None:
    await add_budget(database, 0)
    await halt(database, 700)
    place = await reserve(database, 3)
    assert (place.count, place.delay, place.gap) == (0, pytest.approx(700 - AHEAD, abs=LATE), 0)


@on_sqlite
@pytest.mark.parametrize("rate", [1, 2, 2.5, 10, 30, 66, 67, 100, 1000])
async def test_an_answer_takes_as_much_of_the_budget_as_a_pushs_message(database: Database, rate: float) -> None:
    await add_budget(database, rate)
    many = round(10 * rate)  # of ten seconds and some
    assert await charge(database, many) == pytest.approx(many / pace_of(rate), abs=TINY)
    next_free = (await row(database)).next_free
    await charge(database, 3)
    assert (await row(database)).next_free - next_free == pytest.approx(3 / pace_of(rate), abs=TINY)


async def test_without_a_limit_an_answer_costs_nothing(database: Database) -> None:
    await add_budget(database, 0)
    assert await charge(database, 1000) == pytest.approx(0, abs=TINY)


@pytest.mark.parametrize(
    ("waits", "lead", "rate", "quiet_from"),
    [
        pytest.param([1000], 1000, 30, 1000, id="one wait"),
        pytest.param([1000, 1000, 900], 1000, 30, 1000, id="the same wait, told by what was on the wire with it"),
        pytest.param([1000, 400], 1000, 30, 1000, id="a shorter one shortens nothing"),
        pytest.param([1000, 1500], 1500, 30, 1000, id="a somewhat longer one is longer and lowers nothing"),
        pytest.param([1000, 4000], 4000, 22.5, 4000, id="a much longer one lowers the rate again"),
    ],
)
async def test_a_flood_wait_stops_everything_for_as_long_as_asked_and_lowers_the_rate_once(
    database: Database, waits: list[float], lead: float, rate: float, quiet_from: float
) -> None:
    await add_budget(database, 40)
    before = await moment(database)
    for seconds in waits:
        told = await halt(database, seconds)
    after = await moment(database)
    kept = await row(database)
    assert told == kept.rate == rate
    assert before + lead - TINY <= kept.next_free <= after + lead + TINY
    assert before + quiet_from - TINY <= kept.changed_at <= after + quiet_from + TINY
    assert kept.setting == 40


@on_sqlite
@pytest.mark.parametrize(
    ("rate", "quiet", "then"),
    [
        pytest.param(20, 10.5, 22, id="it rises by a twentieth of the setting after ten quiet seconds"),
        pytest.param(20, 2, 20, id="not before"),
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
