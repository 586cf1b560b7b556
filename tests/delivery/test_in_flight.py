"""What the database says of a push while its messages are in flight: whoever is killed then, nobody is forgotten."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from bot.delivery import pushes, ranges, runs
from bot.delivery.budget import ChatPace
from bot.delivery.outcomes import Mark, Unknown
from bot.storage.engine import Database
from bot.storage.models import Delivery, Push
from tests.databases import on_sqlite
from tests.delivery.rows import (
    add_budget,
    add_chats,
    add_delivery,
    add_push,
    add_story,
    change,
    claim,
    deliveries_of,
    page,
    push_now,
    ranges_of,
    take_over,
    until,
)
from tests.delivery.silent_wire import SilentWire, at_work, senders_on


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A checkpoint every hundredth of a second."""
    monkeypatch.setattr(runs, "CHECKPOINT_SECONDS", 0.01)
    yield


async def broadcast_to(database: Database, count: int, rate: float = 0) -> Push:
    await add_budget(database, rate)
    await add_chats(database, *range(1, count + 1))
    return await add_push(database, ranges=[(0, count)], ceiling=count, total=count)


async def has_taken(wire: SilentWire, count: int) -> bool:
    return len(wire.taken) >= count


async def settle_at(database: Database, push_id: int, cursor: int, outcomes: int) -> None:
    """Wait until so many outcomes are stored, and for two checkpoints more; then the cursor must stand there."""

    async def stored() -> bool:
        return len(await deliveries_of(database, push_id)) == outcomes

    await until(stored)
    await asyncio.sleep(runs.CHECKPOINT_SECONDS * 2.5)
    assert (await ranges_of(database, push_id))[0].cursor == cursor


@on_sqlite
async def test_the_cursor_waits_for_a_chat_that_is_in_flight_whoever_is_answered_after_it(database: Database) -> None:
    push = await broadcast_to(database, 10)
    wire = SilentWire(3, 7)
    async with at_work(senders_on(database, wire).sender.step(), wire):
        await settle_at(database, push.id, cursor=2, outcomes=8)
        wire.answer(3)
        await settle_at(database, push.id, cursor=6, outcomes=9)
        wire.answer(7)
    (row,) = await ranges_of(database, push.id)
    assert (row.cursor, row.done) == (10, True)
    assert ((await push_now(database, push.id)).state, wire.taken) == (pushes.FINISHED, list(range(1, 11)))


@on_sqlite
async def test_the_cursor_stays_at_the_start_while_nobody_was_answered(database: Database) -> None:
    push = await broadcast_to(database, 4)
    wire = SilentWire(1, 2, 3, 4)
    async with at_work(senders_on(database, wire).sender.step(), wire):
        await until(lambda: has_taken(wire, 4))
        await settle_at(database, push.id, cursor=0, outcomes=0)


@pytest.mark.parametrize("rate", [0, 100])  # all places at once, and a few at a time
async def test_before_a_message_leaves_the_database_knows_that_it_may(database: Database, rate: float) -> None:
    push = await broadcast_to(database, 24, rate)
    wire = SilentWire(2, 11)
    wrong: list[str] = []

    async def look(chat: int) -> None:
        (row,) = await ranges_of(database, push.id)
        have_outcome = await deliveries_of(database, push.id)
        if row.issued < chat:
            wrong.append(f"{chat} left while issued stood at {row.issued}")
        if missing := [number for number in range(1, row.cursor + 1) if number not in have_outcome]:
            wrong.append(f"the cursor stood at {row.cursor} without an outcome of {missing}")

    wire.before = look
    async with at_work(senders_on(database, wire, rate=rate).sender.step(), wire):
        await settle_at(database, push.id, cursor=1, outcomes=22)
    assert wrong == []
    assert len(wire.taken) == 24


@on_sqlite
async def test_a_kill_leaves_no_more_in_doubt_than_a_tenth_of_a_second_sends(database: Database) -> None:
    push = await broadcast_to(database, 30, rate=20)
    wire = SilentWire()
    async with at_work(senders_on(database, wire, rate=20).sender.step(), wire):
        for count in (2, 5, 8):
            await until(lambda count=count: has_taken(wire, count))  # type: ignore[misc]  # its own
            (row,) = await ranges_of(database, push.id)
            assert row.issued <= len(wire.taken) + 2


async def test_whoever_takes_over_doubts_the_unanswered_chats_and_no_other(database: Database) -> None:
    push = await broadcast_to(database, 10)
    wire = SilentWire(3, 7)
    async with at_work(senders_on(database, wire).sender.step(), wire):
        await settle_at(database, push.id, cursor=2, outcomes=8)
        second = await take_over(database, "other")
        assert second is not None
        assert [(chat.chat_id, chat.doubt) for chat in await page(database, second)] == [(3, True), (7, True)]
    assert {row.outcome for row in (await deliveries_of(database, push.id)).values()} == {Mark.SENT}
    (row,) = await ranges_of(database, push.id)
    assert (row.owner, row.done) == ("other", False)  # the overtaken owner has stored its outcomes and nothing else


async def test_the_next_owner_sends_what_is_unanswered_again_and_counts_it_as_possibly_doubled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = await broadcast_to(database, 10)
    wire, next_wire = SilentWire(3, 7), SilentWire()
    async with at_work(senders_on(database, wire).sender.step(), wire):
        await settle_at(database, push.id, cursor=2, outcomes=8)
        monkeypatch.setattr(ranges, "LEASE_SECONDS", -1.0)  # as if the first owner had been killed
        await until(senders_on(database, next_wire, owner="other").sender.step)
        assert next_wire.taken == [3, 7]
        done = await push_now(database, push.id)
        assert (done.state, done.sent, done.doubled) == (pushes.FINISHED, 10, 2)


@on_sqlite
async def test_a_stop_waits_for_answers_and_leaves_no_doubt_about_those_that_came(database: Database) -> None:
    push = await broadcast_to(database, 30, rate=100)
    wire = SilentWire(2)
    working = senders_on(database, wire, rate=100)
    async with at_work(working.sender.step(), wire) as task:
        await until(lambda: has_taken(wire, 4))
        working.stopping.set()
        await asyncio.sleep(0.2)
        assert not task.done()
    stopped = max(wire.taken)
    assert stopped < 30
    (row,) = await ranges_of(database, push.id)
    assert (row.cursor, row.issued, row.owner, row.done) == (stopped, stopped, "", False)
    assert sorted(await deliveries_of(database, push.id)) == list(range(1, stopped + 1))


@on_sqlite
async def test_an_answer_that_has_not_come_when_the_stop_must_end_is_in_doubt_and_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "DRAIN_SECONDS", 0.1)
    push = await broadcast_to(database, 3)
    wire = SilentWire(2)
    working = senders_on(database, wire)
    async with at_work(working.sender.step(), wire) as task:
        await settle_at(database, push.id, cursor=1, outcomes=2)
        working.stopping.set()
        await asyncio.wait([task], timeout=5)
    row = (await deliveries_of(database, push.id))[2]
    assert (row.outcome, row.tries, row.not_before is not None) == (Mark.UNKNOWN, 1, True)
    assert (await push_now(database, push.id)).state == pushes.RUNNING  # one chat is still to be tried


@on_sqlite
async def test_a_paused_push_sends_nothing_more_and_keeps_the_answers_that_were_on_their_way(
    database: Database,
) -> None:
    push = await broadcast_to(database, 40, rate=50)
    wire = SilentWire(1, 2, 3)
    async with at_work(senders_on(database, wire, rate=50).sender.step(), wire):
        await until(lambda: has_taken(wire, 3))
        async with database.write() as session:
            assert await pushes.pause(session, push.id)
        await asyncio.sleep(0.3)
        taken = len(wire.taken)
        assert taken < 40
    assert len(wire.taken) == taken
    (row,) = await ranges_of(database, push.id)
    assert (row.cursor, row.issued, row.owner, row.done) == (taken, taken, "", False)
    assert (await push_now(database, push.id)).sent == taken


@on_sqlite
async def test_a_better_lane_takes_the_range_from_a_broadcast_whose_answers_hang(database: Database) -> None:
    push = await broadcast_to(database, 40, rate=50)
    wire = SilentWire(1)
    async with at_work(senders_on(database, wire, rate=50).sender.step(), wire):
        await until(lambda: has_taken(wire, 2))
        urgent = await add_push(database, kind="update", lane=1, ranges=[(0, 40)], ceiling=40)
        await asyncio.sleep(0.3)
    (row,) = await ranges_of(database, push.id)
    assert (row.owner, row.done, len(wire.taken) < 40) == ("", False, True)
    claimed = await claim(database)
    assert claimed is not None
    assert claimed.push_id == urgent.id


@on_sqlite
async def test_an_audience_that_was_widened_in_flight_is_paged_from_the_start_again(database: Database) -> None:
    push = await broadcast_to(database, 3)
    wire = SilentWire(2)
    async with at_work(senders_on(database, wire).sender.step(), wire):
        await settle_at(database, push.id, cursor=1, outcomes=2)
        await change(database, Push, audience={"targets": ["update"]})
        await asyncio.sleep(runs.CHECKPOINT_SECONDS * 3)
    (row,) = await ranges_of(database, push.id)
    assert (row.cursor, row.issued, row.done) == (0, 0, False)
    assert len(await deliveries_of(database, push.id)) == 3


@on_sqlite
async def test_no_more_than_so_many_requests_are_on_their_way_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "IN_FLIGHT", 3)
    push = await broadcast_to(database, 8)
    wire = SilentWire(*range(1, 9))
    async with at_work(senders_on(database, wire).sender.step(), wire):
        await until(lambda: has_taken(wire, 3))
        await settle_at(database, push.id, cursor=0, outcomes=0)
        assert wire.taken == [1, 2, 3]
        wire.answer(1)
        await until(lambda: has_taken(wire, 4))
        await asyncio.sleep(0.05)
        assert wire.taken == [1, 2, 3, 4]


@on_sqlite
async def test_a_new_photo_goes_to_one_chat_alone_and_its_file_id_to_all_others(database: Database) -> None:
    story = await add_story(database, image_url="https://news.example/foto.jpg")
    await add_budget(database)
    await add_chats(database, 1, 2, 3)
    push = await add_push(database, kind="section", lane=2, story_id=story.id, ranges=[(0, 3)], ceiling=3, content=None)
    wire = SilentWire(1)
    async with at_work(senders_on(database, wire).sender.step(), wire):
        await until(lambda: has_taken(wire, 1))
        await settle_at(database, push.id, cursor=0, outcomes=0)
        assert wire.taken == [1]
    assert [body["photo"] for body in wire.bodies] == ["https://news.example/foto.jpg", "foto-besar", "foto-besar"]


@on_sqlite
async def test_a_chat_that_was_told_to_wait_is_a_row_and_the_range_goes_on(database: Database) -> None:
    push = await broadcast_to(database, 3)
    wire = SilentWire()
    wire.fail(2, Unknown("no answer"))
    await senders_on(database, wire).sender.step()
    rows = await deliveries_of(database, push.id)
    assert [rows[number].outcome for number in (1, 2, 3)] == [Mark.SENT, Mark.UNKNOWN, Mark.SENT]
    (row,) = await ranges_of(database, push.id)
    assert (row.done, (await push_now(database, push.id)).state) == (True, pushes.RUNNING)


@on_sqlite
async def test_a_chat_that_had_a_message_a_moment_ago_waits_without_a_try(database: Database) -> None:
    first, second = await broadcast_to(database, 2), await add_push(database, ranges=[(0, 2)], ceiling=2)
    wire = SilentWire()
    working = senders_on(database, wire, pace=ChatPace())
    await working.sender.step()
    await working.sender.step()
    assert wire.taken == [1, 2]
    assert (await push_now(database, first.id)).sent == 2
    rows = (await deliveries_of(database, second.id)).values()
    assert [(row.outcome, row.tries, row.not_before is not None) for row in rows] == [(Mark.WAITING, 0, True)] * 2


async def test_a_due_delivery_whose_answer_hangs_is_not_taken_by_another_process(database: Database) -> None:
    push = await broadcast_to(database, 2)
    wire = SilentWire()
    wire.fail(2, Unknown("no answer"))
    await senders_on(database, wire).sender.step()
    await change(database, Delivery, Delivery.not_before > 0, not_before=1.0)
    again, other = SilentWire(2), SilentWire()
    async with at_work(senders_on(database, again).retries.step(), again):
        await until(lambda: has_taken(again, 1))
        assert not await senders_on(database, other, owner="other").retries.step()
    assert (again.taken, other.taken) == ([2], [])
    done = await push_now(database, push.id)
    assert (done.state, done.sent, done.doubled) == (pushes.FINISHED, 2, 1)


@on_sqlite
async def test_a_new_photo_finds_its_first_chat_behind_those_that_have_the_story(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PAGE", 1)
    monkeypatch.setattr(ranges, "PAGES_AT_ONCE", 1)
    story = await add_story(database, image_url="https://news.example/foto.jpg")
    await add_budget(database, 10)
    await add_chats(database, 1, 2, 3, 4)
    push = await add_push(database, kind="section", lane=2, story_id=story.id, ranges=[(0, 4)], ceiling=4, content=None)
    for number in (1, 2, 3):
        await add_delivery(database, push.id, number)
    wire = SilentWire()
    await senders_on(database, wire, rate=10).sender.step()
    assert wire.taken == [4]


@on_sqlite
async def test_a_range_is_worked_through_page_by_page(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PAGE", 2)
    push = await broadcast_to(database, 7, rate=60)
    wire = SilentWire()
    await senders_on(database, wire, rate=60).sender.step()
    assert wire.taken == list(range(1, 8))
    assert (await push_now(database, push.id)).state == pushes.FINISHED


@on_sqlite
async def test_a_copy_that_arrives_after_its_storys_correction_is_handed_to_it(database: Database) -> None:
    story = await add_story(database, revision=1)
    await add_budget(database)
    await add_chats(database, 1, 2, 3)
    fields = {"story_id": story.id, "content": None, "ceiling": 3}
    alert = await add_push(database, kind="section", lane=2, revision=1, ranges=[(0, 3)], **fields)
    wire = SilentWire(2)
    async with at_work(senders_on(database, wire).sender.step(), wire):
        await settle_at(database, alert.id, cursor=1, outcomes=2)
        await change(database, Push, revision=2)
        correction = await add_push(database, kind="correction", lane=5, state="finished", revision=2, **fields)
        await asyncio.sleep(0.05)
    assert [(row.start, row.end) for row in await ranges_of(database, correction.id)] == [(1, 2)]
    assert (await push_now(database, correction.id)).state == pushes.RUNNING


@on_sqlite
async def test_places_that_a_stall_has_missed_are_given_up_and_not_made_up_for_in_a_burst(database: Database) -> None:
    push = await broadcast_to(database, 20, rate=100)
    wire = SilentWire()
    times: list[float] = []

    async def stall(chat: int) -> None:
        if chat == 2:
            time.sleep(0.4)  # the whole process stands still
        times.append(time.monotonic())

    wire.before = stall
    await senders_on(database, wire, rate=100).sender.step()
    assert wire.taken == list(range(1, 21))
    assert times[8] - times[2] > 5 / 100  # of ten places that had been reserved
    assert (await push_now(database, push.id)).state == pushes.FINISHED
