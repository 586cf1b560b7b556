"""Notices: messages to the admins, stored until they are sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bot.storage.engine import Session
from bot.storage.models import Notice


async def add(session: Session, kind: str, data: dict[str, Any], now: datetime) -> None:
    session.add(Notice(kind=kind, data=data, created_at=now))
    await session.flush()


async def unsaid(session: Session, limit: int = 20) -> list[Notice]:
    rows = await session.scalars(select(Notice).where(Notice.said_at.is_(None)).order_by(Notice.id).limit(limit))
    return list(rows.all())


async def said(session: Session, notice_id: int, now: datetime) -> None:
    await session.execute(update(Notice).where(Notice.id == notice_id).values(said_at=now))
