"""The inbox: updates from Telegram, stored before they are acknowledged and kept until they were handled."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, exists, false, or_, select, update

from bot.storage.engine import Session, clock
from bot.storage.models import Lease, ReceivedUpdate

KEPT_SECONDS = 25 * 3600.0  # Telegram offers an update for 24 hours; handled ones are known for longer, to drop repeats
AT_ONCE = 500  # rows of one statement; both databases take 32,766 parameters
ALIVE = "chat:"  # the name of a process's lease on its updates, before its owner


async def add(session: Session, owner: str, updates: Sequence[dict[str, Any]]) -> set[int]:
    """Store the updates that are not known yet; returns their ids."""
    rows = [{"id": raw["update_id"], "owner": owner, "body": raw} for raw in updates]
    if not rows:
        return set()
    statement = session.upsert(ReceivedUpdate).values(received_at=clock()).on_conflict_do_nothing()
    connection = await session.connection()
    # Rows as parameters: the statement is compiled once for any number of them, which takes longer than to run it.
    return set((await connection.execute(statement.returning(ReceivedUpdate.id), rows)).scalars())


async def finish(session: Session, ids: Sequence[int]) -> None:
    """These are handled: only their ids are kept."""
    for start in range(0, len(ids), AT_ONCE):
        await session.execute(
            update(ReceivedUpdate)
            .where(ReceivedUpdate.id.in_(ids[start : start + AT_ONCE]))
            .values(done=True, body={})
            .execution_options(synchronize_session=False)
        )


async def take_over(
    session: Session, owner: str, in_hand: Collection[int] = (), *, others: bool = True
) -> list[dict[str, Any]]:
    """Claim the process's own updates that it does not know of (those not in `in_hand`), the oldest first.

    With `others` also those of processes that have ended without handling them.
    """
    alive = exists().where(Lease.name == ALIVE + ReceivedUpdate.owner, Lease.until >= clock())
    rows = await session.execute(
        update(ReceivedUpdate)
        .where(ReceivedUpdate.done.is_(False), or_(ReceivedUpdate.owner == owner, ~alive if others else false()))
        .values(owner=owner)
        .returning(ReceivedUpdate.id, ReceivedUpdate.body)
        .execution_options(synchronize_session=False)
    )
    return [body for number, body in sorted(rows.all(), key=lambda row: row[0]) if number not in in_hand]


async def prune(session: Session, at_most: int) -> int:
    """Delete up to `at_most` old updates, and the leases of ended processes; returns how many updates."""
    old = select(ReceivedUpdate.id).where(
        ReceivedUpdate.done.is_(True), ReceivedUpdate.received_at < clock() - KEPT_SECONDS
    )
    ids = (await session.scalars(old.limit(at_most))).all()
    if ids:
        await session.execute(delete(ReceivedUpdate).where(ReceivedUpdate.id.in_(ids)))
    await session.execute(delete(Lease).where(Lease.name.startswith(ALIVE), Lease.until < clock() - KEPT_SECONDS))
    return len(ids)
