"""`kabar move`: everything from one database to another, an empty one; running pushes go on there."""

from collections.abc import AsyncIterator

from sqlalchemy import Integer, Table, func, insert, literal, select, update

from bot.storage import engine
from bot.storage.engine import Database, Session, clock
from bot.storage.models import Base, Lease, PushRange, Source

AT_ONCE = 5000  # rows


class CannotMove(Exception):
    """Why nothing was copied, in words for the operator."""


async def move(source_url: str, target_url: str) -> AsyncIterator[tuple[str, int]]:
    """Copy every table; yields (table, rows) as each is copied and counted.

    The target is whole or as it was before. Raises CannotMove; and OldSchema for a source that must be migrated first.
    """
    async with Database(source_url, pool=False) as source, Database(target_url, pool=False) as target:
        if source.url == target.url:
            raise CannotMove("that is the present database")
        await engine.check_schema(source)
        await engine.upgrade(target_url)
        async with source.write() as old, target.write() as new:  # nobody writes to an SQLite file meanwhile
            await _nobody_at_work(source, old)
            for table in Base.metadata.sorted_tables:
                if await new.scalar(select(func.count()).select_from(table)):
                    raise CannotMove(f"the target is not empty: it has rows in {table.name}")
            for table in Base.metadata.sorted_tables:
                yield table.name, await _copy(old, new, table)
            # whoever held something there is not here
            await new.execute(update(PushRange).values(owner="", lease_until=0.0))
            await new.execute(update(Source).values(lease_owner="", lease_until=0.0))
            await new.execute(update(Lease).values(until=0.0))


async def _nobody_at_work(source: Database, session: Session) -> None:
    held = (
        select(literal(1)).where(PushRange.lease_until > clock()),
        select(literal(1)).where(Source.lease_until > clock()),
        select(literal(1)).where(Lease.until > clock()),
    )
    for each in held:
        if await session.scalar(each.limit(1)):
            raise CannotMove("a bot is at work on the present database: stop it, and wait a minute if it was killed")


async def _copy(old: Session, new: Session, table: Table) -> int:
    rows = await old.stream(select(table))
    async for some in rows.mappings().partitions(AT_ONCE):
        await new.execute(insert(table), [dict(row) for row in some])
    count = await old.scalar(select(func.count()).select_from(table)) or 0
    arrived = await new.scalar(select(func.count()).select_from(table)) or 0
    if arrived != count:
        raise CannotMove(f"{table.name}: {arrived} of {count} rows arrived")
    key = table.c.get("id")
    if key is not None and isinstance(key.type, Integer) and (last := await new.scalar(select(func.max(key)))):
        await new.move_sequence(table, last)
    return count
