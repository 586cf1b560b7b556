"""Two corrections in a row: each copy is edited once to what the story says in the end, and ends with it."""

import asyncio
from collections import defaultdict
from typing import Any

from sqlalchemy import func, select

from bot.delivery import corrections
from bot.delivery.outcomes import Mark
from bot.delivery.revisions import note
from bot.storage.engine import Database
from bot.storage.models import Delivery, Push, PushRange, Story
from tests.delivery.rows import NOW, add_budget, add_chats, add_delivery, add_push, change, deliveries_of, until
from tests.delivery.silent_wire import SilentWire, at_work, senders_on

FIRST = "Sepuluh orang mengungsi"


async def pushed(database: Database, chats: int = 3) -> tuple[int, int]:
    """A story whose alert brought its title to chats 1, 2, …; the ids of the story and the alert."""
    await add_budget(database)
    await add_chats(database, *range(1, chats + 1))
    async with database.write() as session:
        times = dict.fromkeys(("published_at", "first_seen_at", "updated_at"), NOW)
        story = Story(source_id="dunia", section="dunia", title=FIRST, url="https://news.example/1", **times)
        note(story)
        session.add(story)
    alert = await add_push(
        database,
        kind="section",
        lane=2,
        state="finished",
        story_id=story.id,
        alert_of=story.id,
        revision=1,
        ceiling=chats,
        content=None,
    )
    for number in range(1, chats + 1):
        await add_delivery(database, alert.id, number, revision=1)
    return story.id, alert.id


async def rewrite(database: Database, story_id: int, title: str) -> None:
    """The newsroom gives the story another title."""
    async with database.write() as session:
        story = await session.get_one(Story, story_id)
        story.title = title
        assert note(story)
        await corrections.correct_now(session, story, NOW)


def titles(wire: SilentWire) -> dict[int, list[str]]:
    """The titles that each chat was given, in order."""
    given: defaultdict[int, list[str]] = defaultdict(list)
    for body in wire.bodies:
        given[body["chat_id"]].append(str(body["text"]).splitlines()[2])
    return dict(given)


async def work_off(senders: Any) -> None:
    while await senders.sender.step():
        pass


async def nothing_is_claimed_by(database: Database, push: Push) -> bool:
    async with database.read() as session:
        claims = select(func.sum(PushRange.fence)).where(PushRange.push_id == push.id)
        return not await session.scalar(claims)


async def newest(database: Database) -> Push:
    async with database.read() as session:
        return (await session.scalars(select(Push).order_by(Push.id.desc()).limit(1))).one()


async def revisions(database: Database, alert: int) -> list[int]:
    return [row.revision for row in (await deliveries_of(database, alert)).values()]


async def recorded(database: Database, push_id: int, count: int) -> None:
    async def enough() -> bool:
        rows = await deliveries_of(database, push_id)
        return sum(row.outcome == Mark.SENT for row in rows.values()) == count

    await until(enough)


async def test_two_corrections_before_a_sender_looks_edit_each_copy_once(database: Database) -> None:
    story, alert = await pushed(database)
    await rewrite(database, story, "Sebelas orang mengungsi")
    await rewrite(database, story, "Dua belas orang mengungsi")
    wire = SilentWire()
    await work_off(senders_on(database, wire))
    assert titles(wire) == {chat: ["Dua belas orang mengungsi"] for chat in (1, 2, 3)}
    assert await revisions(database, alert) == [3, 3, 3]


async def test_a_correction_waits_for_the_answers_to_the_one_before(database: Database) -> None:
    """Else an edit might overtake the older one to the same copy, and would have to be made twice."""
    story, alert = await pushed(database)
    await rewrite(database, story, "Sebelas orang mengungsi")
    first = await newest(database)
    wire, other = SilentWire(1), SilentWire()
    async with at_work(senders_on(database, wire).sender.step(), wire):
        await recorded(database, first.id, 2)
        await rewrite(database, story, "Dua belas orang mengungsi")
        second = await newest(database)
        assert not await senders_on(database, other, owner="other").sender.step()
        assert await nothing_is_claimed_by(database, second)
    await work_off(senders_on(database, other, owner="other"))
    assert titles(wire) == {chat: ["Sebelas orang mengungsi"] for chat in (1, 2, 3)}
    assert titles(other) == {chat: ["Dua belas orang mengungsi"] for chat in (1, 2, 3)}
    assert await revisions(database, alert) == [3, 3, 3]


async def test_a_correction_does_not_wait_for_a_process_that_has_died(database: Database) -> None:
    story, alert = await pushed(database)
    await rewrite(database, story, "Sebelas orang mengungsi")
    first = await newest(database)
    await change(database, PushRange, PushRange.push_id == first.id, owner="dead", fence=1, issued=3, lease_until=1.0)
    await rewrite(database, story, "Dua belas orang mengungsi")
    wire = SilentWire()
    await work_off(senders_on(database, wire))
    assert titles(wire) == {chat: ["Dua belas orang mengungsi"] for chat in (1, 2, 3)}
    assert await revisions(database, alert) == [3, 3, 3]


async def test_other_stories_corrections_do_not_wait(database: Database) -> None:
    story, _ = await pushed(database)
    await rewrite(database, story, "Sebelas orang mengungsi")
    other = await add_push(database, kind="correction", lane=5, content=None, ranges=[(0, 3)])
    await change(database, PushRange, PushRange.push_id == other.id, owner="two", lease_until=1e12)
    wire = SilentWire()
    await work_off(senders_on(database, wire))
    assert set(titles(wire)) == {1, 2, 3}


async def test_a_change_that_is_taken_back_on_its_way_is_taken_back_in_every_copy(database: Database) -> None:
    story, alert = await pushed(database)
    await rewrite(database, story, "Sebelas orang mengungsi")
    first = await newest(database)
    wire = SilentWire(1, 2, 3)
    async with at_work(senders_on(database, wire).sender.step(), wire):
        await until(lambda: taken(wire, 3))
        async with database.read() as session:  # no copy is known to show anything else yet
            assert set(await session.scalars(select(Delivery.revision).where(Delivery.push_id == alert))) == {1}
        await rewrite(database, story, FIRST)
        assert (await newest(database)).id != first.id
    await work_off(senders_on(database, wire))
    assert titles(wire) == {chat: ["Sebelas orang mengungsi", FIRST] for chat in (1, 2, 3)}
    assert await revisions(database, alert) == [1, 1, 1]


async def taken(wire: SilentWire, count: int) -> bool:
    await asyncio.sleep(0)
    return len(wire.taken) == count
