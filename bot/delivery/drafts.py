"""Drafts: broadcasts that a person is writing."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bot.audience import segments
from bot.delivery import pushes
from bot.delivery.lanes import LANES
from bot.delivery.pushes import CANCELLED, DRAFT, HELD
from bot.storage.engine import Session
from bot.storage.models import Push, PushKind


async def new(session: Session, author: int, content: dict[str, Any], now: datetime) -> Push:
    """Create a broadcast's draft; an earlier draft of the same author is cancelled."""
    await session.execute(
        update(Push).where(Push.author == author, Push.state == DRAFT).values(state=CANCELLED, finished_at=now)
    )
    push = Push(
        kind=PushKind.BROADCAST,
        lane=LANES[PushKind.BROADCAST],
        state=DRAFT,
        content=content,
        audience=dict(segments.EVERYONE),
        author=author,
        created_at=now,
    )
    session.add(push)
    await session.flush()
    return push


async def of_author(session: Session, author: int) -> Push | None:
    return await session.scalar(select(Push).where(Push.author == author, Push.state == DRAFT))


async def forget_author(session: Session, author: int, now: datetime) -> None:
    """Drop the author's drafts, and leave their name out of what they sent."""
    await session.execute(
        update(Push)
        .where(Push.author == author, Push.state == DRAFT)
        .values(state=CANCELLED, finished_at=now, content={})
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(Push)
        .where(Push.author == author)
        .values(author=None, progress_message_id=None)
        .execution_options(synchronize_session=False)
    )


async def confirm(session: Session, push_id: int, now: datetime, undo_seconds: int) -> bool:
    """Start a draft after `undo_seconds`; False if it is no longer a draft."""
    if not await pushes.change(session, push_id, (DRAFT,), state=HELD):
        return False
    push = await session.get_one(Push, push_id, populate_existing=True)
    not_before = await session.moment() + undo_seconds if undo_seconds else 0.0
    await pushes.start(session, push, now, not_before=not_before)
    push.total = await segments.count(session, push.audience, push.ceiling)  # its author sees the total at once
    return True
