"""Deliveries that wait to be tried again: which are due, in which order, and what of them is in doubt."""

from typing import Any

import pytest

from bot.audience import segments
from bot.delivery.deliveries import Copy
from bot.delivery.outcomes import Mark
from bot.delivery.ranges import LEASE_SECONDS
from bot.storage.engine import Database
from tests.databases import on_sqlite
from tests.delivery.rows import add_chats, add_delivery, add_push, claim_waiting, deliveries_of, moment

LATER = 1e10  # seconds since 1970: three centuries on


async def waiting(database: Database, push_id: int, *subscribers: int, since: float = 1.0, **fields: Any) -> None:
    for subscriber in subscribers:
        fields = {"outcome": Mark.WAITING, "message_id": None, **fields}
        await add_delivery(database, push_id, subscriber, not_before=since, **fields)


async def test_the_better_lane_is_tried_first_however_long_the_others_have_waited(database: Database) -> None:
    await add_chats(database, 1, 2, 3)
    lanes = {}
    for lane in (5, 1, 3):
        push = await add_push(database, lane=lane)
        lanes[push.id] = lane
        await waiting(database, push.id, 1, 2, since=10.0 - lane)  # the worse the lane, the longer
    claims = [await claim_waiting(database, 10) for _ in range(4)]
    assert [[lanes[due.push_id] for due in claimed] for claimed in claims] == [[1, 1], [3, 3], [5, 5], []]


async def test_within_a_lane_whoever_has_waited_longest_is_tried_first(database: Database) -> None:
    await add_chats(database, 1, 2, 3)
    push = await add_push(database)
    for subscriber, since in ((1, 30.0), (2, 10.0), (3, 20.0)):
        await waiting(database, push.id, subscriber, since=since)
    assert [due.chat.subscriber_id for due in await claim_waiting(database, 2)] == [2, 3]


@on_sqlite
@pytest.mark.parametrize("state", ["draft", "held", "paused", "finished", "cancelled"])
async def test_only_a_running_push_is_tried_again(database: Database, state: str) -> None:
    await add_chats(database, 1)
    push = await add_push(database, state=state)
    await waiting(database, push.id, 1)
    assert await claim_waiting(database) == []


async def test_what_is_not_due_yet_or_has_its_outcome_is_not_tried(database: Database) -> None:
    await add_chats(database, 1, 2, 3)
    push = await add_push(database)
    await waiting(database, push.id, 1, since=LATER)
    await waiting(database, push.id, 2)
    await add_delivery(database, push.id, 3)
    assert [due.chat.subscriber_id for due in await claim_waiting(database)] == [2]


async def test_a_due_delivery_is_taken_once_and_found_again_when_its_taker_dies(database: Database) -> None:
    await add_chats(database, 1)
    push = await add_push(database)
    await waiting(database, push.id, 1)
    assert len(await claim_waiting(database)) == 1
    assert await claim_waiting(database) == []
    again = (await deliveries_of(database, push.id))[1].not_before
    assert again is not None
    assert 4 * LEASE_SECONDS < again - await moment(database) <= 6 * LEASE_SECONDS


@pytest.mark.parametrize(("mark", "doubt"), [(Mark.WAITING, False), (Mark.UNKNOWN, True)])
async def test_only_an_unanswered_try_may_have_arrived(database: Database, mark: Mark, doubt: bool) -> None:
    await add_chats(database, 71, thread_id=4, language="en")
    push = await add_push(database)
    await waiting(database, push.id, 1, outcome=mark, tries=3)
    (due,) = await claim_waiting(database)
    chat = due.chat
    assert (chat.chat_id, chat.thread_id, chat.language, chat.doubt, chat.tries) == (71, 4, "en", doubt, 3)
    assert chat.copy is None


@on_sqlite
@pytest.mark.parametrize(
    ("state", "reachable"),
    [("active", True), ("blocked", False), ("left", False), ("silent", False), ("moved", False)],
)
async def test_a_chat_that_was_lost_meanwhile_is_not_reachable(database: Database, state: str, reachable: bool) -> None:
    await add_chats(database, 1, state=state)
    push = await add_push(database)
    await waiting(database, push.id, 1)
    assert [due.reachable for due in await claim_waiting(database)] == [reachable]


async def test_a_correction_waits_with_the_copy_that_it_changes(database: Database) -> None:
    await add_chats(database, 1, 2, 3)
    alert = await add_push(database, kind="section", lane=2, state="finished")
    await add_delivery(database, alert.id, 1, message_id=11, revision=2, photo=True, at=900)
    await add_delivery(database, alert.id, 2, message_id=None)  # its copy is gone
    await add_delivery(database, alert.id, 3, message_id=0)  # nobody knows its number
    correction = await add_push(database, kind="correction", lane=5, audience=segments.of_copies(alert.id))
    await waiting(database, correction.id, 1, 2, 3)
    due = {each.chat.subscriber_id: each for each in await claim_waiting(database)}
    assert due[1].chat.copy == Copy(alert.id, 11, 2, True, 900)
    assert [due[number].reachable for number in (1, 2, 3)] == [True, False, False]


@on_sqlite
async def test_no_more_are_taken_than_asked_for(database: Database) -> None:
    await add_chats(database, *range(1, 8))
    push = await add_push(database)
    await waiting(database, push.id, *range(1, 8))
    assert [len(await claim_waiting(database, 3)) for _ in range(4)] == [3, 3, 1, 0]
