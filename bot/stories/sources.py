"""Sources' rows: which is due, who polls it, how it went."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import JSON, Double, Integer, bindparam, select, update

from bot.config import SourceTable
from bot.storage.engine import Session, clock
from bot.storage.models import Source

LEASE_SECONDS = 90.0  # a fetch may take 30 s, parsing and storing some more
SPREAD_EACH = 0.02  # seconds; the first polls after a start don't come all at once
NEVER = 1e12  # seconds since 1970


async def sync(session: Session, tables: Sequence[SourceTable]) -> None:
    """Make a row for every source of the newsroom file, due soon; one with a new address begins anew.

    A source that the file does not name any more is not due until it does again. One of which the file says something
    new, such as another selector, is read as if we had not seen its document.
    """
    known = {row.id: row for row in await session.execute(select(Source.id, Source.url, Source.settings))}
    digests = {table.id: _digest_of(table) for table in tables}
    new = [{"id": t.id, "url": t.url, "settings": digests[t.id]} for t in tables if t.id not in known]
    if new:
        await session.execute(session.upsert(Source).on_conflict_do_nothing(index_elements=["id"]), new)
    for table in tables:
        row, settings = known.get(table.id), digests[table.id]
        if row is None or row.settings == settings:
            continue
        forgotten: dict[str, Any] = {
            "settings": settings,
            "etag": "",
            "last_modified": "",
            "digest": "",
            "body_digest": "",
        }
        if row.url != table.url:
            forgotten |= {"url": table.url, "moved_to": "", "primed": False, "failures": 0, "last_error": ""}
            forgotten |= {"complaints": {}, "page_overrun": {}}
        await session.execute(update(Source).where(Source.id == table.id).values(forgotten))
    spread = SPREAD_EACH * len(tables)
    due = [{"source": table.id, "wait": random.uniform(0, spread)} for table in tables]
    due += [{"source": gone, "wait": NEVER} for gone in known.keys() - {table.id for table in tables}]
    if due:
        await (await session.connection()).execute(
            update(Source)
            .where(Source.id == bindparam("source"))
            .values(
                next_poll_at=clock() + bindparam("wait", type_=Double),
                poll_wait=bindparam("wait", type_=Double),
                lease_until=0.0,  # who was killed in the middle of a poll; polling beside who was not does no harm
            ),
            due,
        )


def _digest_of(table: SourceTable) -> str:
    return blake2b(table.model_dump_json().encode(), digest_size=16).hexdigest()


async def claim(session: Session, owner: str, at_most: int = 1) -> list[Source]:
    """The sources that have been due the longest, ours for a lease's time."""
    taken = await session.scalars(_CLAIM, {"whose": owner, "at_most": at_most})
    return sorted(taken, key=lambda source: source.next_poll_at)


# Built once, like _SUCCESS: thousands of sources are polled, and building a statement costs more than running it.
_DUE = (
    select(Source.id)
    .where(Source.next_poll_at <= clock(), Source.lease_until < clock())
    .order_by(Source.next_poll_at)
    .limit(bindparam("at_most", type_=Integer))
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_CLAIM = (
    update(Source)
    .where(Source.id.in_(_DUE))
    .values(lease_owner=bindparam("whose"), lease_until=clock() + LEASE_SECONDS)
    .returning(Source)
    .execution_options(populate_existing=True, synchronize_session=False)
)


async def is_primed(session: Session, source_id: str) -> bool:
    """Whether the source was polled well before: what it brings from then on is news."""
    return bool(await session.scalar(select(Source.primed).where(Source.id == source_id)))


async def release(session: Session, owner: str) -> None:
    """The owner ends; what it claimed and did not poll, or did not finish, another may have at once."""
    await session.execute(update(Source).where(Source.lease_owner == owner).values(lease_until=0.0))


async def succeeded(
    session: Session,
    source: Source,
    *,
    moved_to: str,
    etag: str,
    last_modified: str,
    body_digest: str,
    digest: str,
    primed: bool,
    again_in: float,
    changed: bool,
    complaints: dict[str, Any],
    page_overrun: dict[str, Any],
    now: datetime,
) -> None:
    """A poll of the source that we hold went well; `moved_to` is where it is for good, which is asked from now on."""
    await (await session.connection()).execute(
        _SUCCESS,
        {
            "source": source.id,
            "new_moved_to": moved_to or source.moved_to,
            "new_etag": etag,
            "new_last_modified": last_modified,
            "new_body_digest": body_digest,
            "new_digest": digest,
            "new_primed": primed,
            "new_complaints": complaints,
            "new_page_overrun": page_overrun,
            "again_in": again_in,
            "changed_at": now if changed else source.last_change_at,
            "moment": now,
        },
    )


_SUCCESS = (
    update(Source)
    .where(Source.id == bindparam("source"))
    .values(
        {name: bindparam(f"new_{name}") for name in ("moved_to", "etag", "last_modified", "body_digest", "digest")}
        | {
            "next_poll_at": clock() + bindparam("again_in", type_=Double),
            "poll_wait": bindparam("again_in", type_=Double),
            "lease_until": 0.0,
            "primed": bindparam("new_primed"),
            "complaints": bindparam("new_complaints", type_=JSON),
            "page_overrun": bindparam("new_page_overrun", type_=JSON),
            "failures": 0,
            "failing_since": None,
            "told_failing": False,
            "last_error": "",
            "last_success_at": bindparam("moment"),
            "last_change_at": bindparam("changed_at"),
        }
    )
)


async def failed(
    session: Session,
    source_id: str,
    *,
    error: str,
    again_in: float,
    now: datetime,
    tell_after: timedelta,
) -> datetime | None:
    """A poll failed. Since when, if a person should hear it: it is longer than `tell_after`, or there will be no poll
    for so long, and nobody was told yet.

    An address to which the source had moved is forgotten: the one in the newsroom file is asked again.
    """
    source = await session.get_one(Source, source_id, with_for_update=True, populate_existing=True)
    await session.execute(
        update(Source)
        .where(Source.id == source_id)
        .values(
            next_poll_at=clock() + again_in,
            poll_wait=again_in,
            lease_until=0.0,
            failures=Source.failures + 1,
            failing_since=source.failing_since or now,
            moved_to="",
            last_error=error[:500],
        )
    )
    since = source.failing_since or now
    if source.told_failing or (now - since < tell_after and again_in < 2 * tell_after.total_seconds()):
        return None
    source.told_failing = True
    return since


async def everything(session: Session) -> list[Source]:
    return list((await session.scalars(select(Source).order_by(Source.id))).all())
