"""What is kept of one chat: all of it, to be exported, or erased for good. Counts of pushes and stories stay.

Updates from Telegram are not here: of one that was handled nothing but its number is kept (bot.storage.inbox).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import FromClause, Table, select

from bot.audience import subscribers
from bot.delivery import cards, deliveries, drafts
from bot.storage.engine import Session
from bot.storage.models import Base, Story, Subscriber

STORIES_AT_ONCE = 500  # in one statement


def tables_of_subscribers() -> list[Table]:
    """The tables whose rows belong to a subscriber by a key, and so are deleted with it."""
    return [
        table
        for table in Base.metadata.sorted_tables
        if any(key.column.table is Subscriber.__table__ for key in table.foreign_keys)
    ]


async def export(session: Session, chat_id: int) -> dict[str, Any]:
    """Everything that is kept of the chat, as plain values under the names that the tables give them."""
    mine = await subscribers.of_chat(session, chat_id)
    ids = [subscriber.id for subscriber in mine]
    rows: dict[str, list[dict[str, Any]]] = {"subscribers": [_row(subscriber) for subscriber in mine]}
    for table in tables_of_subscribers():
        found = await session.execute(select(table).where(table.c.subscriber_id.in_(ids)))
        rows[str(table.name)] = [dict(zip(names_of(table), row, strict=True)) for row in found]
    rows["deliveries"] = await deliveries.of_subscribers(session, ids)
    rows["cards"] = await cards.of_chat(session, chat_id)
    await _name_stories(session, rows)
    return {"chat_id": chat_id, **rows}


def _row(subscriber: Subscriber) -> dict[str, Any]:
    return {name: getattr(subscriber, name) for name in names_of(Subscriber.__table__)}


def names_of(table: FromClause) -> list[str]:
    """Its columns, as plain text: SQLAlchemy's own kind of names is none that JSON takes."""
    return [str(name) for name in table.columns.keys()]  # noqa: SIM118 - a collection of columns, not a dict


async def _name_stories(session: Session, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Add a story's title to each row that names its id."""
    named = [row for table in rows.values() for row in table if row.get("story_id")]
    ids = sorted({row["story_id"] for row in named})
    titles: dict[int, str] = {}
    for start in range(0, len(ids), STORIES_AT_ONCE):
        some = select(Story.id, Story.title).where(Story.id.in_(ids[start : start + STORIES_AT_ONCE]))
        titles |= {number: title for number, title in await session.execute(some)}
    for row in named:
        row["title"] = titles.get(row["story_id"], "")


async def erase(session: Session, chat_id: int, now: datetime) -> None:
    """Delete it all, at once. Of the chat's subscribers an empty row stays (subscribers.erase)."""
    ids = [subscriber.id for subscriber in await subscribers.of_chat(session, chat_id)]
    if ids:
        await deliveries.erase(session, ids)
    await cards.erase(session, chat_id)
    await drafts.forget_author(session, chat_id, now)
    await subscribers.erase(session, ids, now)
