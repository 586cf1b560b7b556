"""`kabar move`: copies everything from one database to another, empty one; running pushes continue there."""

from collections.abc import AsyncIterator

from sqlalchemy import Integer, Table, func, insert, literal, select, update

from bot.storage import engine
from bot.storage.engine import Database, Session, clock
from bot.storage.models import Base, Lease, PushRange, Source

AT_ONCE = 5000  # rows in one INSERT, to bound memory


class CannotMove(Exception):
    """Nothing was copied; the text tells the operator why."""


async def move(source_url: str, target_url: str) -> AsyncIterator[tuple[str, int]]:
    """Copy every table in one transaction; yields (table name, number of rows) after each.

    Raises CannotMove, and OldSchema if the source must be migrated first.
    """
    async with Database(source_url, pool=False) as source, Database(target_url, pool=False) as target:
        if source.url == target.url:
            raise CannotMove("the target is the present database itself")
        await engine.check_schema(source)
        await engine.upgrade(target_url)
        async with (
            source.write() as old,
            target.write() as new,
        ):  # the source too, which locks an SQLite file against changes
            await _check_no_bot_runs(old)
            for table in Base.metadata.sorted_tables:
                if await new.scalar(select(func.count()).select_from(table)):
                    raise CannotMove(f"the target is not empty: it has rows in {table.name}")
            for table in Base.metadata.sorted_tables:
                yield table.name, await _copy(old, new, table)
            # leases of stopped processes, which nobody will renew
            await new.execute(update(PushRange).values(owner="", lease_until=0.0))
            await new.execute(update(Source).values(lease_owner="", lease_until=0.0))
            await new.execute(update(Lease).values(until=0.0))


async def _check_no_bot_runs(session: Session) -> None:
    """Raise CannotMove if any lease is held."""
    held_leases = (
        select(literal(1)).where(PushRange.lease_until > clock()),
        select(literal(1)).where(Source.lease_until > clock()),
        select(literal(1)).where(Lease.until > clock()),
    )
    for query in held_leases:
        if await session.scalar(query.limit(1)):
            raise CannotMove("a bot is at work on the present database: stop it, and wait a minute if it was killed")


async def _copy(old: Session, new: Session, table: Table) -> int:
    rows = await old.stream(select(table))
    async for batch in rows.mappings().partitions(AT_ONCE):
        await new.execute(insert(table), [dict(row) for row in batch])
    count = await old.scalar(select(func.count()).select_from(table)) or 0
    arrived = await new.scalar(select(func.count()).select_from(table)) or 0
    if arrived != count:
        raise CannotMove(f"{table.name}: {arrived} of {count} rows arrived")
    key = table.c.get("id")
    if key is not None and isinstance(key.type, Integer) and (last := await new.scalar(select(func.max(key)))):
        await new.move_sequence(table, last)
    return count
