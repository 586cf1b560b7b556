"""An UPDATE overtakes: while it has anything unsent, no other push is sent, in any process."""

import asyncio
import itertools
from typing import Any

import pytest

from bot.delivery import pushes, ranges
from bot.delivery.outcomes import Mark
from bot.storage.engine import Database
from bot.storage.models import Delivery, PushRange
from tests.delivery.rows import (
    NOW,
    add_budget,
    add_chats,
    add_delivery,
    add_push,
    change,
    claim,
    moment,
    push_now,
    until,
)
from tests.delivery.silent_wire import SilentWire, senders_on

UPDATE = {"method": "sendMessage", "params": {"text": "UPDATE"}}
FOLLOWERS = 50


@pytest.mark.parametrize(("processes", "rate"), [(1, 30), (3, 30), (1, 100), (3, 100), (1, 1000)])
async def test_between_an_updates_first_and_last_message_nothing_else_is_sent(
    database: Database, processes: int, rate: int
) -> None:
    chats = rate + FOLLOWERS * 4
    await add_budget(database, rate)
    await add_chats(database, *range(1, chats + 1))
    parts = [*range(0, chats, chats // 4), chats]
    await add_push(database, ranges=list(itertools.pairwise(parts)), ceiling=chats, total=chats)
    wire = SilentWire()
    working = [senders_on(database, wire, rate=rate, owner=str(number)) for number in range(processes)]

    async def some_were_sent() -> bool:
        return len(wire.taken) >= rate * 0.4

    async def all_followers_have_it() -> bool:
        return len(updates(wire)) == FOLLOWERS

    async with asyncio.TaskGroup() as group:
        for senders in working:
            for loop in (senders.sender.run, senders.sender.run, senders.retries.run):
                group.create_task(loop(senders.wake))
        await until(some_were_sent)
        await add_push(
            database, kind="update", lane=1, content=UPDATE, ranges=[(0, FOLLOWERS)], ceiling=FOLLOWERS, total=FOLLOWERS
        )
        working[0].wake.set()
        await until(all_followers_have_it)
        for senders in working:
            senders.stopping.set()
    first, last = updates(wire)[0], updates(wire)[-1]
    assert last - first + 1 == FOLLOWERS


def updates(wire: SilentWire) -> list[int]:
    """The places of the UPDATE's messages among all that were sent."""
    return [place for place, body in enumerate(wire.bodies) if body["text"] == "UPDATE"]


@pytest.mark.parametrize(
    ("push", "waits"),
    [
        pytest.param({"ranges": [(0, 9)]}, True, id="an UPDATE that nobody has begun"),
        pytest.param({"ranges": [(0, 9)], "lane": 2}, True, id="a section's alert"),
        pytest.param({"ranges": [(0, 9)], "lane": 3}, False, id="one of the same lane"),
        pytest.param({"ranges": [(0, 9)], "lane": 5}, False, id="one of a worse lane"),
        pytest.param({"ranges": [(0, 9)], "state": "paused"}, False, id="an UPDATE that is paused"),
        pytest.param({"ranges": [(0, 9)], "not_before": 1e10}, False, id="an UPDATE whose time has not come"),
        pytest.param({"ranges": [(0, 9)], "expires_at": 1.0}, False, id="an UPDATE that is too old"),
        pytest.param({"ranges": []}, False, id="an UPDATE that is sent"),
    ],
)
async def test_a_better_lane_waits_while_it_has_anything_unsent(
    database: Database, push: dict[str, Any], waits: bool
) -> None:
    await add_push(database, **{"lane": 1, "kind": "update", **push})
    assert await waits_before(database, 3) is waits


async def test_it_waits_also_while_somebody_sends_it_but_not_for_its_last_answers(database: Database) -> None:
    await add_push(database, lane=1, ranges=[(0, 9)])
    assert await claim(database)
    assert await waits_before(database, 3)
    assert not await waits_before(database, 1)
    await change(database, PushRange, unsent=False)
    assert not await waits_before(database, 3)


async def test_it_waits_while_a_retry_is_due(database: Database) -> None:
    await add_chats(database, 1)
    push = await add_push(database, lane=1)
    await add_delivery(database, push.id, 1, outcome=Mark.WAITING, not_before=await moment(database) + 60)
    assert not await waits_before(database, 3)
    await change(database, Delivery, not_before=1.0)
    assert await waits_before(database, 3)


async def test_nobody_claims_a_worse_lane_meanwhile(database: Database) -> None:
    await add_push(database, lane=3, ranges=[(0, 9)])
    await add_push(database, lane=1, ranges=[(0, 9)])
    claimed = [await claim(database, owner) for owner in ("one", "other")]
    assert [each.lane if each else None for each in claimed] == [1, None]
    await change(database, PushRange, PushRange.id == (claimed[0].range_id if claimed[0] else 0), unsent=False)
    last = await claim(database, "other")
    assert last is not None
    assert last.lane == 3


async def waits_before(database: Database, lane: int) -> bool:
    async with database.read() as session:
        return await pushes.better_waits(session, lane)


async def test_a_range_whose_places_were_missed_is_unsent_again(database: Database) -> None:
    await add_push(database, lane=1, ranges=[(0, 9)])
    claimed = await claim(database)
    assert claimed is not None
    push = await push_now(database, claimed.push_id)
    for unsent in (False, True):  # all had a place; some were missed, as the machine was busy
        async with database.write() as session:
            await ranges.checkpoint(session, claimed, cursor=0, issued=9, unsent=unsent, records=(), push=push, now=NOW)
        assert await waits_before(database, 3) is unsent
