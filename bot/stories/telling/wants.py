"""Wants: which article pages are to be read, since a story lacks what its page may say.

A want is a row, so a page that was away is asked again, after a restart too, and no source's want hides another's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, exists, select, update

from bot.storage.engine import Session, clock
from bot.storage.models import PageWant, Story

ALERT_WAITS, UPDATE_WAITS = 4.0, 2.0  # seconds that an alert waits for its story's page
AGAIN_AFTER = (15.0, 60.0, 600.0, 3600.0)  # seconds after a try that failed; then the page is given up
LEASE_SECONDS = 60.0  # the page of a process that died is asked by another after this


@dataclass(frozen=True, slots=True)
class Want:
    """A page that is due. `title` is what the story is called now, `source_id` whose budget of parsing it takes.

    `urgent`: an alert waits for it.
    """

    story_id: int
    url: str
    title: str
    source_id: str
    tries: int
    urgent: bool


async def want(session: Session, story_ids: Sequence[int], *, urgent: Sequence[int] = ()) -> None:
    """Read the stories' pages soon; `urgent` are those whose alerts wait. One that was wanted begins its tries anew."""
    if not story_ids:
        return
    insert = session.upsert(PageWant)
    statement = insert.values(
        story_id=bindparam("story"), urgent=bindparam("alert_waits"), not_before=clock(), tries=0
    ).on_conflict_do_update(
        index_elements=["story_id"],
        set_={"urgent": PageWant.urgent | insert.excluded.urgent, "not_before": clock(), "tries": 0},
    )
    rows = [{"story": story_id, "alert_waits": story_id in urgent} for story_id in story_ids]
    await (await session.connection()).execute(statement, rows)


async def is_any_due(session: Session) -> bool:
    return bool(await session.scalar(select(exists().where(PageWant.not_before <= clock()))))


async def claim(session: Session, at_most: int, others: int) -> list[Want]:
    """Pages that are due, which no other process asks meanwhile: those that an alert waits for, and of `others`."""
    ids: list[int] = []
    for urgent, places in ((True, at_most), (False, min(others, at_most))):
        due = (
            select(PageWant.story_id)
            .where(PageWant.not_before <= clock(), PageWant.urgent.is_(urgent))
            .order_by(PageWant.not_before)
            .limit(places)
            .with_for_update(skip_locked=True)
        )
        ids += (await session.scalars(due)).all() if places > 0 else ()
    if not ids:
        return []
    await session.execute(
        update(PageWant)
        .where(PageWant.story_id.in_(ids))
        .values(not_before=clock() + LEASE_SECONDS)
        .execution_options(synchronize_session=False)
    )
    rows = await session.execute(
        select(PageWant.story_id, Story.url, Story.title, Story.source_id, PageWant.tries, PageWant.urgent)
        .join(Story, Story.id == PageWant.story_id)
        .where(PageWant.story_id.in_(ids))
        .order_by(PageWant.urgent.desc(), PageWant.story_id.desc())
    )
    return [Want(*row) for row in rows]


async def fulfil(session: Session, story_id: int) -> None:
    """The page was read, or the story is taken down."""
    await session.execute(delete(PageWant).where(PageWant.story_id == story_id))


async def postpone(session: Session, want: Want) -> None:
    """The page did not answer: ask it later, or give it up after the last try."""
    if want.tries >= len(AGAIN_AFTER):
        await fulfil(session, want.story_id)
        return
    await session.execute(
        update(PageWant)
        .where(PageWant.story_id == want.story_id, PageWant.tries == want.tries)
        .values(not_before=clock() + AGAIN_AFTER[want.tries], tries=want.tries + 1, urgent=False)
        .execution_options(synchronize_session=False)
    )
