"""Figures of pushes: how far each is, what is listed, what is summed, and what is dropped."""

from typing import Any

import pytest

from bot.delivery import deliveries, figures, pushes
from bot.delivery.outcomes import Mark
from bot.delivery.pushes import UNCOUNTED
from bot.storage.engine import Database
from tests.databases import on_sqlite
from tests.delivery.rows import (
    add_chats,
    add_delivery,
    add_push,
    add_story,
    moment,
    push_now,
)

STATES = ("draft", "held", "running", "paused", "finished", "cancelled")


async def test_a_push_is_counted_as_those_it_has_reached_those_it_will_and_those_left(database: Database) -> None:
    await add_chats(database, *range(1, 11))
    push = await add_push(database, total=UNCOUNTED, ceiling=9, sent=1, gone=1, refused=1, lost=1)
    for number, mark in enumerate((Mark.SENT, Mark.GONE, Mark.REFUSED, Mark.LOST), 1):
        await add_delivery(database, push.id, number, outcome=mark)
    await add_delivery(database, push.id, 5, outcome=Mark.WAITING, not_before=1e10)
    async with database.write() as session:
        assert [each.id for each in await figures.uncounted(session)] == [push.id]
        total = await figures.count(session, push)
        await figures.set_total(session, push.id, total)
        assert await figures.uncounted(session) == []
    assert total == 4 + 1 + 4  # the tenth chat came after the push had started
    assert (await push_now(database, push.id)).total == 9


async def test_a_cancelled_push_is_counted_as_what_it_has_reached(database: Database) -> None:
    await add_chats(database, *range(1, 5))
    push = await add_push(database, state="cancelled", ceiling=4, sent=2, gone=1)
    async with database.read() as session:
        assert await figures.count(session, push) == 3


async def test_progress_is_of_one_push(database: Database) -> None:
    push, other = await add_push(database, sent=5, gone=4, refused=3, lost=2, doubled=1), await add_push(database)
    for number, not_before in ((1, 1e10), (2, 5.0), (3, None)):
        await add_delivery(database, push.id, number, not_before=not_before)
    await add_delivery(database, other.id, 4, not_before=1e10)
    async with database.read() as session:
        progress = await figures.progress(session, push.id)
        assert await figures.progress(session, 404) is None
    assert progress is not None
    assert (progress.waiting, progress.settled, progress.push.id) == (2, 14, push.id)


async def test_a_storys_pushes_come_in_the_order_they_were_made(database: Database) -> None:
    one, other = await add_story(database), await add_story(database)
    made = [(await add_push(database, story_id=story.id)).id for story in (one, other, one)]
    async with database.read() as session:
        assert [each.push.id for each in await figures.of_story(session, one.id)] == [made[0], made[2]]


async def test_what_an_editor_sees_of_pushes_is_what_is_going_on_the_most_urgent_first(database: Database) -> None:
    ids = {}
    for lane, state in (
        *((3, "running"), (1, "paused"), (3, "held"), (2, "running")),
        *((1, "draft"), (1, "finished"), (1, "cancelled")),
    ):
        ids[(await add_push(database, lane=lane, state=state)).id] = (lane, state)
    async with database.read() as session:
        shown = [ids[each.push.id] for each in await figures.current(session)]
        few = await figures.current(session, limit=2)
    assert shown == [(1, "paused"), (2, "running"), (3, "held"), (3, "running")]
    assert [ids[each.push.id] for each in few] == shown[:2]


async def test_recent_pushes_are_those_that_had_somebody_to_reach(database: Database) -> None:
    made = [await add_push(database, total=total) for total in (5, 0, UNCOUNTED, 7, 1)]
    await add_push(database, total=9, started_at=None)
    async with database.read() as session:
        recent = await pushes.recent(session, 2)
        all_of_them = await pushes.recent(session, 9)
    assert [each.id for each in recent] == [made[4].id, made[3].id]
    assert [each.id for each in all_of_them] == [made[4].id, made[3].id, made[0].id]


@on_sqlite
async def test_held_alerts_come_oldest_first(database: Database) -> None:
    made = [(await add_push(database, state=state)).id for state in ("held", "running", "held")]
    async with database.read() as session:
        assert await pushes.held(session) == [made[0], made[2]]


@pytest.mark.parametrize(
    ("fields", "watched"),
    [
        pytest.param({"progress_message_id": 7}, True, id="a running broadcast whose author watches it"),
        pytest.param({"progress_message_id": 7, "state": "finished"}, True, id="one that has just finished"),
        pytest.param({"progress_message_id": None}, False, id="one without a message"),
        pytest.param({"progress_message_id": 7, "state": "draft"}, False, id="a draft"),
        pytest.param({"progress_message_id": 7, "progress_shown": "final"}, False, id="one that shows its end"),
    ],
)
@on_sqlite
async def test_which_progress_messages_may_be_out_of_date(
    database: Database, fields: dict[str, Any], watched: bool
) -> None:
    push = await add_push(database, **fields)
    async with database.read() as session:
        assert [each.id for each in await pushes.with_progress_message(session)] == ([push.id] if watched else [])


@on_sqlite
async def test_progress_messages_are_brought_up_to_date_the_oldest_first_and_so_many_at_a_time(
    database: Database,
) -> None:
    made = [(await add_push(database, progress_message_id=7, lane=lane)).id for lane in (3, 1, 2)]
    async with database.read() as session:
        assert [each.id for each in await pushes.with_progress_message(session)] == made
        assert [each.id for each in await pushes.with_progress_message(session, limit=2)] == made[:2]


@on_sqlite
async def test_audiences_are_counted_so_many_at_a_time(database: Database) -> None:
    for _ in range(3):
        await add_push(database, total=UNCOUNTED)
    async with database.read() as session:
        assert [len(await figures.uncounted(session, limit=limit)) for limit in (2, 5)] == [2, 3]


@on_sqlite
async def test_what_was_shown_and_what_must_be_text_are_noted_for_one_push(database: Database) -> None:
    push, other = await add_push(database), await add_push(database)
    async with database.write() as session:
        await pushes.note_shown(session, push.id, "50 %")
        await pushes.go_text_only(session, push.id)
        await figures.set_total(session, push.id, 12)
    now, untouched = await push_now(database, push.id), await push_now(database, other.id)
    assert (now.progress_shown, now.text_only, now.total) == ("50 %", True, 12)
    assert (untouched.progress_shown, untouched.text_only, untouched.total) == ("", False, 0)


@pytest.mark.parametrize(
    ("count", "rate", "seconds"),
    [(29, 30, 1.0), (0, 30, 0.0), (2000, 0, 2.0), (10, 1, 20.0)],
    ids=lambda value: str(value),
)
def test_how_long_a_push_takes(count: int, rate: float, seconds: float) -> None:
    assert figures.seconds_needed(count, rate) == pytest.approx(seconds)


async def test_pushes_and_their_outcomes_are_summed_for_the_statistics(database: Database) -> None:
    async with database.read() as session:
        assert await figures.totals(session) == {"sent": 0, "gone": 0, "refused": 0, "lost": 0, "doubled": 0}
        assert await figures.count_by_state(session) == {}
    await add_push(database, sent=1, gone=2, refused=3, lost=4, doubled=5)
    await add_push(database, sent=10, gone=20, refused=30, lost=40, doubled=50, state="paused")
    async with database.read() as session:
        assert await figures.totals(session) == {"sent": 11, "gone": 22, "refused": 33, "lost": 44, "doubled": 55}
        assert await figures.count_by_state(session) == {"running": 1, "paused": 1}


DAY = 86_400


@on_sqlite
@pytest.mark.parametrize(
    ("state", "days", "dropped"),
    [
        pytest.param("finished", 31, True, id="of a push that ended long ago"),
        pytest.param("cancelled", 31, True, id="of one that was cancelled"),
        pytest.param("finished", 29, False, id="not yet of a later one"),
        pytest.param("running", 31, False, id="never while it runs"),
        pytest.param("paused", 31, False, id="or could go on"),
    ],
)
async def test_single_deliveries_are_dropped_after_their_time(
    database: Database, state: str, days: int, dropped: bool
) -> None:
    push = await add_push(database, state=state, sent=1)
    await add_delivery(database, push.id, 1, at=int(await moment(database)) - days * DAY)
    async with database.write() as session:
        assert await deliveries.prune(session, 30, 100) == int(dropped)
        rows = await figures.progress(session, push.id)
    assert rows is not None
    assert rows.settled == 1  # the counts stay


async def test_deliveries_are_dropped_so_many_at_a_time(database: Database) -> None:
    for push in (await add_push(database, state="finished"), await add_push(database, state="finished")):
        for number in range(1, 4):
            await add_delivery(database, push.id, number, at=100)
    dropped = []
    while not dropped or dropped[-1]:
        async with database.write() as session:
            dropped.append(await deliveries.prune(session, 30, 4))
    assert dropped == [4, 2, 0]
