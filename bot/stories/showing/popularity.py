"""Popularity: counts each story's readers of a day with a half-life of a day. Nothing is stored per reader.

Whoever opens a story, follows its counted link or comes through a shared link counts once per story and day, with the
highest of these weights (bot.stories.showing.readers).

Forward decay: each event adds its weight times 2^(t / half-life), so older events weigh less without recomputing
anything. The sum is stored as its logarithm, which stays small: heat = log2(sum).
https://dimacs.rutgers.edu/~graham/pubs/papers/fwddecay.pdf
"""

import math
from datetime import datetime

from sqlalchemy import select, update

from bot.storage.engine import Session
from bot.storage.models import Story

HALF_LIFE = 86_400.0  # seconds


OPENED, CLICK, SHARED = 1.0, 2.0, 3.0  # weights: a card opened, a link clicked, a friend who came through a shared link


def warmed(heat: float | None, now: datetime, weight: float = OPENED) -> float:
    """The heat after one more event of this weight at `now`."""
    exponent = now.timestamp() / HALF_LIFE + math.log2(weight)
    if heat is None:
        return exponent
    high, low = max(heat, exponent), min(heat, exponent)
    return high + math.log2(1 + 2.0 ** (low - high))


async def count(session: Session, story_id: int, weight: float, now: datetime) -> None:
    """Add what `Readers.earn` said."""
    heat = await session.scalar(select(Story.heat).where(Story.id == story_id).with_for_update())
    await session.execute(update(Story).where(Story.id == story_id).values(heat=warmed(heat, now, weight)))
