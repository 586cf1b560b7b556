"""Popularity: what readers open, per story and never per reader, with a half-life of a day.

Forward decay: every open adds 2^(t / half-life), so older opens weigh less without anything being recomputed. The sum
is kept as its logarithm, which stays small: heat = log2(sum).
https://dimacs.rutgers.edu/~graham/pubs/papers/fwddecay.pdf
"""

import math
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Story

HALF_LIFE = 86_400.0  # seconds


def warmed(heat: float | None, now: datetime) -> float:
    """The heat after one more open at `now`."""
    exponent = now.timestamp() / HALF_LIFE
    if heat is None:
        return exponent
    high, low = max(heat, exponent), min(heat, exponent)
    return high + math.log2(1 + 2.0 ** (low - high))


async def count_open(session: AsyncSession, story_id: int, now: datetime) -> None:
    """A reader opened the story."""
    heat = await session.scalar(select(Story.heat).where(Story.id == story_id).with_for_update())
    await session.execute(update(Story).where(Story.id == story_id).values(heat=warmed(heat, now)))
