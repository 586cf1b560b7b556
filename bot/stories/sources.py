"""Sources' rows: which is due, who polls it, how it went."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.config import SourceTable
from bot.storage.engine import Database, upsert
from bot.storage.models import Source

LEASE_SECONDS = 90.0  # a fetch may take 30 s, parsing and storing some more
SPREAD_SECONDS = 1.5  # over which the first polls after a start are spread, if there are many
SPREAD_EACH = 0.02


async def sync(database: Database, session: AsyncSession, tables: Sequence[SourceTable]) -> None:
    """Make a row for every source of the newsroom file, due soon; one with a new address begins anew."""
    spread = min(SPREAD_SECONDS, SPREAD_EACH * len(tables))
    for table in tables:
        await session.execute(
            upsert(session, Source).values(id=table.id, url=table.url).on_conflict_do_nothing(index_elements=["id"])
        )
        await session.execute(
            update(Source)
            .where(Source.id == table.id, Source.url != table.url)
            .values(url=table.url, moved_to="", etag="", last_modified="", primed=False, failures=0, last_error="")
        )
        await session.execute(
            update(Source).where(Source.id == table.id).values(next_poll_at=database.clock + random.uniform(0, spread))
        )


async def claim(database: Database, session: AsyncSession, owner: str, ids: Sequence[str]) -> Source | None:
    """The source that has been due the longest, ours for a lease's time."""
    clock = database.clock
    due = (
        select(Source.id)
        .where(Source.id.in_(ids), Source.next_poll_at <= clock, Source.lease_until < clock)
        .order_by(Source.next_poll_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = await session.scalar(
        update(Source)
        .where(Source.id == due)
        .values(lease_owner=owner, lease_until=clock + LEASE_SECONDS)
        .returning(Source.id)
    )
    return None if taken is None else await session.get_one(Source, taken, populate_existing=True)


async def succeeded(
    database: Database,
    session: AsyncSession,
    source_id: str,
    *,
    etag: str,
    last_modified: str,
    again_in: float,
    moved_to: str,
    changed: bool,
    now: datetime,
) -> None:
    """A poll went well; `moved_to` is where the source moved for good, which is asked from now on."""
    values: dict[str, Any] = {"last_change_at": now} if changed else {}
    if moved_to:
        values["moved_to"] = moved_to
    await session.execute(
        update(Source)
        .where(Source.id == source_id)
        .values(
            etag=etag,
            last_modified=last_modified,
            next_poll_at=database.clock + again_in,
            lease_until=0.0,
            primed=True,
            failures=0,
            failing_since=None,
            told_failing=False,
            last_error="",
            last_success_at=now,
            **values,
        )
    )


async def failed(
    database: Database,
    session: AsyncSession,
    source_id: str,
    *,
    error: str,
    again_in: float,
    now: datetime,
    tell_after: timedelta,
) -> datetime | None:
    """A poll failed. Since when, if that is longer than `tell_after` and nobody was told yet; a person should hear it.

    An address to which the source had moved is forgotten: the one in the newsroom file is asked again.
    """
    source = await session.get_one(Source, source_id, with_for_update=True, populate_existing=True)
    await session.execute(
        update(Source)
        .where(Source.id == source_id)
        .values(
            next_poll_at=database.clock + again_in,
            lease_until=0.0,
            failures=Source.failures + 1,
            failing_since=source.failing_since or now,
            moved_to="",
            last_error=error[:500],
        )
    )
    since = source.failing_since or now
    if source.told_failing or now - since < tell_after:
        return None
    source.told_failing = True
    return since


async def everything(session: AsyncSession) -> list[Source]:
    return list((await session.scalars(select(Source).order_by(Source.id))).all())
