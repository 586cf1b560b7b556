"""What the sender does after each outcome: the next try, the other way, the chat's state, the whole bot's rate."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from bot.delivery import budget, courier, notices, pushes, sender
from bot.delivery.outcomes import Gone, Mark, Missing, Moved, Outcome, Refused, Sent, Unknown, Wait
from bot.storage.engine import Database
from bot.storage.models import Budget, Delivery, Push, Story
from tests.databases import on_sqlite
from tests.delivery.rows import (
    add_budget,
    add_chats,
    add_delivery,
    add_push,
    add_story,
    deliveries_of,
    moment,
    push_now,
    subscriber_now,
    until,
)
from tests.delivery.silent_wire import SilentWire, at_work, senders_on

pytestmark = on_sqlite  # no statement is in question here
PHOTO = "https://news.example/foto.jpg"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(courier, "CONNECTION_WAITS", (0.01, 0.02))
    yield


async def send_to(database: Database, *outcomes: Outcome, **fields: Any) -> tuple[SilentWire, Delivery]:
    """One push to one chat, whose messages end like this; the wire and what was recorded."""
    await add_budget(database)
    await add_chats(database, 101)
    push = await add_push(database, ranges=[(0, 1)], ceiling=1, total=1, **fields)
    wire = SilentWire()
    wire.fail(101, *outcomes)
    await senders_on(database, wire).sender.step()
    return wire, (await deliveries_of(database, push.id))[1]


@pytest.mark.parametrize(
    ("outcome", "mark", "wait"),
    [
        pytest.param(Sent(70), Mark.SENT, None, id="taken"),
        pytest.param(Gone("blocked", "blocked"), Mark.GONE, None, id="gone"),
        pytest.param(Missing("message to edit not found"), Mark.GONE, None, id="nothing there to change"),
        pytest.param(Refused("message is too long"), Mark.REFUSED, None, id="refused"),
        pytest.param(Wait(300, "retry after 300", flood=True), Mark.WAITING, 300.0, id="told to wait"),
        pytest.param(Unknown("no answer"), Mark.UNKNOWN, 5.0, id="not answered"),
    ],
)
async def test_what_is_recorded_of_an_outcome(
    database: Database, outcome: Outcome, mark: Mark, wait: float | None
) -> None:
    before = await moment(database)
    wire, row = await send_to(database, outcome)
    assert (wire.taken, row.outcome, row.tries) == ([101], mark, 1)
    assert row.message_id == (70 if mark == Mark.SENT else None)
    if wait is None:
        assert row.not_before is None
    else:
        assert row.not_before is not None
        assert 0 <= row.not_before - before - wait < 5


async def test_a_chat_that_is_gone_becomes_what_telegram_says(database: Database) -> None:
    await send_to(database, Gone("blocked", "bot was blocked by the user"))
    chat = await subscriber_now(database, 1)
    assert (chat.state, chat.state_reason) == ("blocked", "bot was blocked by the user")


async def test_a_message_that_is_not_there_says_nothing_of_its_chat(database: Database) -> None:
    await send_to(database, Missing("message to edit not found"))
    assert (await subscriber_now(database, 1)).state == "active"


async def try_again(database: Database, *outcomes: Outcome, tries: int = 1, mark: Mark = Mark.UNKNOWN) -> Delivery:
    """A delivery in doubt whose next try is due ends like this; what is recorded then."""
    await add_budget(database)
    await add_chats(database, 101)
    push = await add_push(database, ceiling=1, total=1)
    await add_delivery(database, push.id, 1, outcome=mark, message_id=None, tries=tries, not_before=1.0)
    wire = SilentWire()
    wire.fail(101, *outcomes)
    assert await senders_on(database, wire).retries.step()
    assert wire.taken == [101] * max(1, len(outcomes))
    return (await deliveries_of(database, push.id))[1]


@pytest.mark.parametrize(("tries", "wait"), [(1, 15.0), (2, 45.0), (3, 135.0)])
async def test_every_try_without_an_answer_waits_three_times_longer(
    database: Database, tries: int, wait: float
) -> None:
    before = await moment(database)
    row = await try_again(database, Unknown("no answer"), tries=tries)
    assert (row.outcome, row.tries) == (Mark.UNKNOWN, tries + 1)
    assert row.not_before is not None
    assert 0 <= row.not_before - before - wait < 5


async def test_the_fifth_try_without_an_answer_is_the_last(database: Database) -> None:
    row = await try_again(database, Unknown("no answer"), tries=4)
    assert (row.outcome, row.tries, row.not_before) == (Mark.LOST, 5, None)
    async with database.read() as session:
        push = (await session.scalars(select(Push))).one()
    assert (push.state, push.lost) == (pushes.FINISHED, 1)


async def test_a_wait_does_not_take_the_doubt_away(database: Database) -> None:
    row = await try_again(database, Wait(60, "retry after 60", flood=True))
    assert row.outcome == Mark.UNKNOWN


async def test_a_chat_that_was_certainly_not_reached_stays_without_doubt(database: Database) -> None:
    row = await try_again(database, Wait(60, "retry after 60", flood=True), mark=Mark.WAITING)
    assert row.outcome == Mark.WAITING
    async with database.read() as session:
        assert (await session.scalars(select(Push.doubled))).one() == 0


async def test_a_delivery_that_arrives_at_last_ends_its_push(database: Database) -> None:
    row = await try_again(database)
    assert (row.outcome, row.not_before) == (Mark.SENT, None)
    async with database.read() as session:
        push = (await session.scalars(select(Push))).one()
    assert (push.state, push.sent, push.doubled) == (pushes.FINISHED, 1, 1)


async def test_a_waiting_chat_that_was_lost_meanwhile_is_gone_without_a_try(database: Database) -> None:
    await add_budget(database)
    await add_chats(database, 101, state="blocked")
    push = await add_push(database, ceiling=1, total=1)
    await add_delivery(database, push.id, 1, outcome=Mark.WAITING, not_before=1.0)
    wire = SilentWire()
    assert await senders_on(database, wire).retries.step()
    assert (wire.taken, (await deliveries_of(database, push.id))[1].outcome) == ([], Mark.GONE)
    assert (await push_now(database, push.id)).state == pushes.FINISHED


async def test_without_a_connection_the_push_waits_and_the_chat_counts_one_try(database: Database) -> None:
    away = [Wait(2.0, "no connection")] * 5
    wire, row = await send_to(database, *away, Sent(70))
    assert (wire.taken, row.outcome, row.tries, row.message_id) == ([101] * 6, Mark.SENT, 1, 70)


async def test_a_stop_without_a_connection_leaves_the_chat_to_be_tried_again(database: Database) -> None:
    await add_budget(database)
    await add_chats(database, 101)
    push = await add_push(database, ranges=[(0, 1)], ceiling=1)
    wire = SilentWire()
    wire.fail(101, *[Wait(2.0, "no connection")] * 1000)
    working = senders_on(database, wire)
    async with asyncio.TaskGroup() as group:
        group.create_task(working.sender.step())
        while not wire.taken:
            await asyncio.sleep(0.01)
        working.stopping.set()
    row = (await deliveries_of(database, push.id))[1]
    assert (row.outcome, row.not_before is not None) == (Mark.WAITING, True)


async def test_a_moved_group_gets_its_message_at_its_new_place(database: Database) -> None:
    wire, row = await send_to(database, Moved(-1005))
    assert (wire.taken, row.outcome) == ([101, -1005], Mark.SENT)
    assert (await subscriber_now(database, 1)).chat_id == -1005


async def test_a_group_that_moves_again_and_again_is_refused(database: Database) -> None:
    await add_budget(database)
    await add_chats(database, -5)
    push = await add_push(database, ranges=[(0, 1)], ceiling=1, total=100)
    wire = SilentWire()
    wire.fail(-5, Moved(-1005))
    wire.fail(-1005, Moved(-2005))
    await senders_on(database, wire).sender.step()
    assert (await deliveries_of(database, push.id))[1].outcome == Mark.REFUSED


async def story_push(database: Database, **fields: Any) -> dict[str, Any]:
    story = await add_story(database, image_url=PHOTO)
    return {"kind": "section", "lane": 2, "story_id": story.id, "content": None, **fields}


async def test_a_refused_photo_costs_one_more_message_and_the_push_goes_on_as_text(database: Database) -> None:
    fields = await story_push(database)
    wire, row = await send_to(database, Refused("wrong file identifier", photo=True), **fields)
    assert wire.methods == ["sendPhoto", "sendMessage"]
    assert (row.outcome, row.photo) == (Mark.SENT, False)
    assert (await push_now(database, row.push_id)).text_only


async def test_a_message_that_is_refused_in_every_way_is_refused(database: Database) -> None:
    fields = await story_push(database)
    wire, row = await send_to(database, *[Refused("wrong file identifier", photo=True)] * 9, **fields)
    assert (len(wire.taken), row.outcome) == (1 + courier.OTHER_WAYS, Mark.REFUSED)


async def test_the_file_id_of_a_new_photo_is_kept_for_the_next_push(database: Database) -> None:
    fields = await story_push(database)
    _, row = await send_to(database, **fields)
    assert row.photo
    async with database.read() as session:
        assert (await session.scalars(select(Story.image_file_id))).one() == "foto-besar"


async def rate_after(database: Database, *chats: int, rate: float = 20.0) -> float:
    """The budget's rate after these chats were told to wait, each by an answer of its own."""
    await add_budget(database, rate)
    ids = await add_chats(database, *range(101, 104))
    push = await add_push(database, ranges=[(0, ids[-1])], ceiling=ids[-1])
    wire = SilentWire()
    for chat in chats:
        wire.fail(chat, Wait(1, "retry after 1", flood=True))
    await senders_on(database, wire, rate=rate).sender.step()
    assert len(await deliveries_of(database, push.id)) == 3
    async with database.read() as session:
        return (await session.scalars(select(Budget.rate))).one()


async def test_one_chats_flood_wait_is_its_own(database: Database) -> None:
    assert await rate_after(database, 102) == 20.0


async def test_flood_waits_of_two_chats_are_the_bots(database: Database) -> None:
    assert await rate_after(database, 101, 103) == 20.0 * budget.LOWERED_TO


async def test_flood_waits_of_two_chats_at_different_times_are_each_their_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "FLOOD_WINDOW", 0.01)
    assert await rate_after(database, 101, 103) == 20.0


async def test_a_push_that_everybody_refuses_is_paused_and_an_admin_told_once(database: Database) -> None:
    await add_budget(database)
    await add_chats(database, *range(101, 106))
    push = await add_push(database, ranges=[(0, 5)], ceiling=5, total=5)
    wire = SilentWire(105)
    for chat in range(101, 106):
        wire.fail(chat, Refused("message is too long"))

    async def paused() -> bool:
        return (await push_now(database, push.id)).state == pushes.PAUSED

    async with at_work(senders_on(database, wire).sender.step(), wire):
        await until(paused)
    assert (await push_now(database, push.id)).reason == "refused"
    async with database.read() as session:
        told = await notices.unsaid(session)
    assert [(notice.kind, notice.data) for notice in told] == [("push_braked", {"push": push.id, "reason": "refused"})]


async def test_the_desk_counts_pushes_and_says_whether_there_was_anything(database: Database) -> None:
    await add_chats(database, 101, 102)
    push = await add_push(database, ceiling=2, total=pushes.UNCOUNTED)
    working = senders_on(database, SilentWire())
    assert await working.desk.step()
    assert (await push_now(database, push.id)).total == 2
    assert not await working.desk.step()


async def test_the_desk_queues_corrections_that_are_due_and_wakes_the_sender(database: Database) -> None:
    await add_story(database, correct_at=1.0)
    working = senders_on(database, SilentWire())
    assert await working.desk.step()
    assert working.wake.is_set()


@pytest.mark.parametrize("part", ["sender", "retries", "desk"])
async def test_a_step_without_work_says_so(database: Database, part: str) -> None:
    await add_budget(database)
    assert await getattr(senders_on(database, SilentWire()), part).step() is False


async def test_what_waits_is_sent_within_the_budget(database: Database) -> None:
    await add_budget(database, 20)
    await add_chats(database, *range(101, 111))
    push = await add_push(database, ceiling=10, total=10)
    for number in range(1, 11):
        await add_delivery(database, push.id, number, outcome=Mark.WAITING, not_before=1.0)
    wire = SilentWire()
    loop = asyncio.get_running_loop()
    start = loop.time()
    await senders_on(database, wire, rate=20).retries.step()
    assert len(wire.taken) == 10
    assert loop.time() - start > 8 / 19
    assert (await push_now(database, push.id)).state == pushes.FINISHED


async def test_the_loops_end_when_they_are_told_to(database: Database) -> None:
    await add_budget(database)
    idle = senders_on(database, SilentWire())
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for loop in (idle.sender.run(idle.wake), idle.retries.run(idle.wake), idle.desk.run()):
            group.create_task(loop)
        await asyncio.sleep(0.05)
        idle.stopping.set()


async def test_a_sender_at_rest_is_woken_by_a_new_push(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "IDLE_SECONDS", 60.0)  # by itself it would look too late
    await add_budget(database)
    await add_chats(database, 101)
    wire = SilentWire()
    idle = senders_on(database, wire)

    async def taken() -> bool:
        return wire.taken == [101]

    async with asyncio.TaskGroup() as group:
        group.create_task(idle.sender.run(idle.wake))
        await asyncio.sleep(0.05)
        await add_push(database, ranges=[(0, 1)], ceiling=1)
        idle.wake.set()
        await until(taken)
        idle.stopping.set()


async def test_the_loops_do_what_there_is_to_do(database: Database) -> None:
    await add_budget(database)
    await add_chats(database, 101, 102)
    push = await add_push(database, ceiling=2, total=pushes.UNCOUNTED)
    await add_delivery(database, push.id, 1, outcome=Mark.WAITING, not_before=1.0)
    wire = SilentWire()
    working = senders_on(database, wire)

    async def counted_and_sent() -> bool:
        return wire.taken == [101] and (await push_now(database, push.id)).total >= 0

    async with asyncio.TaskGroup() as group:
        for loop in (working.retries.run(working.wake), working.desk.run()):
            group.create_task(loop)
        await until(counted_and_sent)
        working.stopping.set()
