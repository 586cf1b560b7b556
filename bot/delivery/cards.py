"""Cards that readers opened from a list or a link: copies of a story outside of any push, corrected for two days."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from bot.audience import subscribers
from bot.clock import utcnow
from bot.delivery.deliveries import Chat, Copy, Record
from bot.delivery.outcomes import Mark
from bot.storage.engine import Session, clock
from bot.storage.models import Card, Story, StoryState

KEPT_SECONDS = 48 * 3600.0
CLAIMED_SECONDS = 60.0  # a card that its process does not finish is due again after this


class StaleCard(NamedTuple):
    """A card that shows another revision than its story, or a withdrawn story."""

    id: int
    story_id: int
    chat: Chat


async def note(session: Session, story: Story, chat_id: int, message_id: int, language: str, *, photo: bool) -> None:
    """A chat has opened the story's card."""
    session.add(
        Card(
            story_id=story.id,
            chat_id=chat_id,
            message_id=message_id,
            language=language,
            revision=story.revision,
            photo=photo,
            sent_at=await session.moment(),
        )
    )


async def of_chat(session: Session, chat_id: int) -> list[dict[str, Any]]:
    """The cards that the chat opened lately."""
    rows = await session.scalars(select(Card).where(Card.chat_id == chat_id).order_by(Card.id))
    return [
        {
            "story_id": card.story_id,
            "message_id": card.message_id,
            "opened_at": datetime.fromtimestamp(int(card.sent_at), UTC),
        }
        for card in rows
    ]


async def erase(session: Session, chat_id: int) -> None:
    """Forget the cards that the chat opened; they are not corrected any more."""
    await session.execute(delete(Card).where(Card.chat_id == chat_id).execution_options(synchronize_session=False))


_WITHDRAWN = Story.state == StoryState.RETRACTED


def _stale(*, only_withdrawn: bool) -> tuple[ColumnElement[bool], ...]:
    """Cards whose story says something else by now.

    A change that a poll found is left until it has been still for a while, as with pushed copies. There may be half a
    million cards and few stories that changed, so those are looked for first.
    """
    changed = and_(Card.revision != Story.revision, Story.correct_at.is_(None))
    lately = select(Story.id).where(Story.updated_at > utcnow() - timedelta(seconds=KEPT_SECONDS))
    return (
        Card.story_id.in_(lately),
        _WITHDRAWN if only_withdrawn else or_(_WITHDRAWN, changed),
        Card.sent_at + KEPT_SECONDS > clock(),  # written so that the index on sent_at is not taken
        Card.not_before <= clock(),
    )


async def any_stale(session: Session, *, only_withdrawn: bool = False) -> bool:
    """Whether a card is out of date; with `only_withdrawn`, one of a withdrawn story."""
    stale = (
        select(Card.id).join(Story, Story.id == Card.story_id).where(*_stale(only_withdrawn=only_withdrawn)).limit(1)
    )
    return await session.scalar(stale) is not None


async def claim_stale(session: Session, limit: int, *, only_withdrawn: bool = False) -> list[StaleCard]:
    """Claim up to `limit` cards that are out of date, those of withdrawn stories first."""
    rows = await session.execute(
        select(Card)
        .join(Story, Story.id == Card.story_id)
        .where(*_stale(only_withdrawn=only_withdrawn))
        .order_by(_WITHDRAWN.desc(), Card.id)
        .limit(limit)
        .with_for_update(of=Card, skip_locked=True)
    )
    cards = rows.scalars().all()
    for card in cards:
        card.not_before = await session.moment() + CLAIMED_SECONDS
    return [StaleCard(card.id, card.story_id, _chat(card)) for card in cards]


def _chat(card: Card) -> Chat:
    copy = Copy(0, card.message_id, card.revision, card.photo, int(card.sent_at))
    return Chat(0, card.chat_id, 0, card.language, tries=card.tries, copy=copy)


async def record(session: Session, results: Sequence[tuple[StaleCard, Record]], now: datetime) -> None:
    """Store what the edits came to: a card is up to date, due again, or given up."""
    for stale, result in results:
        if result.gone is not None and not result.gone.topic_only:
            await subscribers.set_state(session, result.chat.chat_id, result.gone.state, result.gone.reason, now)
        if result.mark == Mark.SENT and result.revision:
            changes = {"revision": result.revision, "photo": result.photo, "not_before": 0.0, "tries": 0}
        elif result.wait is not None:
            changes = {"not_before": await session.moment() + result.wait, "tries": stale.chat.tries + result.tried}
        else:  # withdrawn, or the chat or its message is gone
            await session.execute(delete(Card).where(Card.id == stale.id))
            continue
        await session.execute(update(Card).where(Card.id == stale.id).values(**changes))


async def prune(session: Session, limit: int) -> int:
    """Delete up to `limit` cards that are not corrected any more; returns how many."""
    old = select(Card.id).where(Card.sent_at < clock() - KEPT_SECONDS).limit(limit)
    ids = (await session.scalars(old)).all()
    if ids:
        await session.execute(delete(Card).where(Card.id.in_(ids)))
    return len(ids)
