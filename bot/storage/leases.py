"""Leases: named locks that one process holds until they expire by the database's clock."""

from sqlalchemy import or_, update

from bot.storage.engine import Session, clock
from bot.storage.models import Lease


async def hold(session: Session, name: str, owner: str, seconds: float) -> bool:
    """Take or renew the lease for `seconds`; False if another owner holds it."""
    await session.execute(
        session.upsert(Lease).values(name=name, owner="", until=0.0).on_conflict_do_nothing(index_elements=["name"])
    )
    result = await session.execute(
        update(Lease)
        .where(Lease.name == name, or_(Lease.owner == owner, Lease.until < clock()))
        .values(owner=owner, until=clock() + seconds)
        .returning(Lease.name)
    )
    return result.first() is not None


async def drop(session: Session, name: str, owner: str) -> None:
    """Release the lease, so that another process need not wait until it expires."""
    await session.execute(update(Lease).where(Lease.name == name, Lease.owner == owner).values(until=0.0))
