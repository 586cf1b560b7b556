"""Leases: one owner at a time, until the lease expires by the database's clock or is released."""

from sqlalchemy import select, update

from bot.storage import leases
from bot.storage.engine import Database, clock
from bot.storage.models import Lease


async def hold(database: Database, owner: str, seconds: float = 60, name: str = "updates") -> bool:
    async with database.write() as session:
        return await leases.hold(session, name, owner, seconds)


async def drop(database: Database, owner: str) -> None:
    async with database.write() as session:
        await leases.drop(session, "updates", owner)


async def expire(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(Lease).values(until=clock() - 1))


async def seconds_left(database: Database) -> float:
    async with database.read() as session:
        return float(await session.scalar(select(Lease.until - clock())) or 0)


async def test_one_owner_holds_a_lease_and_may_renew_it(database: Database) -> None:
    assert await hold(database, "one")
    assert not await hold(database, "two")
    assert await hold(database, "one", seconds=500)
    assert 490 < await seconds_left(database) <= 500


async def test_a_refused_owner_changes_nothing(database: Database) -> None:
    await hold(database, "one", seconds=100)
    await hold(database, "two", seconds=900)
    assert await seconds_left(database) <= 100
    assert await hold(database, "one")


async def test_an_expired_lease_goes_to_the_next_owner_and_not_back_to_the_last(database: Database) -> None:
    await hold(database, "one")
    await expire(database)
    assert await hold(database, "two")
    assert not await hold(database, "one")


async def test_a_released_lease_is_free_at_once(database: Database) -> None:
    await hold(database, "one")
    await drop(database, "one")
    assert await hold(database, "two")


async def test_an_owner_cannot_release_the_lease_of_another(database: Database) -> None:
    await hold(database, "one")
    await drop(database, "two")
    assert not await hold(database, "two")


async def test_leases_with_different_names_are_independent(database: Database) -> None:
    assert await hold(database, "one", name="updates")
    assert await hold(database, "two", name="housekeeping")
