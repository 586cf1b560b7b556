"""Notices: messages to the admins, stored until they are sent.

A trouble has two kinds: one says that it has begun, the other that it is over.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bot.storage.engine import Session
from bot.storage.models import Notice

Trouble = tuple[str, str]  # the kinds of its beginning and its end
CLOCK: Trouble = ("clock_off", "clock_right")
REGISTRATION: Trouble = ("registration_refused", "registration_accepted")
WEBHOOK: Trouble = ("webhook_failing", "webhook_recovered")
_TOLD_ONCE = 0x6E6F74696365  # "notice", the number of PostgreSQL's lock: of several processes one tells


async def add(session: Session, kind: str, data: dict[str, Any], now: datetime) -> None:
    session.add(Notice(kind=kind, data=data, created_at=now))
    await session.flush()


async def tell_of(
    session: Session, trouble: Trouble, name: str, is_on: bool, data: dict[str, Any], now: datetime
) -> bool:
    """Tell when the trouble that is called `name` begins and when it is over, once each; whether that was now.

    Whichever process notices, and after restarts too: what was told last is in the table.
    """
    await session.lock(_TOLD_ONCE)
    last = await session.scalar(
        select(Notice.kind)
        .where(Notice.kind.in_(trouble), Notice.data["name"].as_string() == name)
        .order_by(Notice.id.desc())
        .limit(1)
    )
    if is_on == (last == trouble[0]):
        return False
    await add(session, trouble[0] if is_on else trouble[1], {"name": name, **data}, now)
    return True


async def unsaid(session: Session, limit: int = 20) -> list[Notice]:
    rows = await session.scalars(select(Notice).where(Notice.said_at.is_(None)).order_by(Notice.id).limit(limit))
    return list(rows.all())


async def said(session: Session, notice_id: int, now: datetime) -> None:
    await session.execute(update(Notice).where(Notice.id == notice_id).values(said_at=now))
