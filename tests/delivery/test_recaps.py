"""Recaps: what a hold kept from a chat comes in one message, once, whoever claims it and whenever."""

import asyncio
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.audience import subscribers
from bot.audience.quiet import LAG_SECONDS, Hold
from bot.delivery import recaps
from bot.delivery.deliveries import Record
from bot.delivery.outcomes import Gone, Mark
from bot.delivery.recaps import Held, Recap
from bot.storage.engine import Database
from bot.storage.models import Subscriber
from tests.databases import on_sqlite
from tests.delivery.rows import (
    NOW,
    add_chats,
    add_delivery,
    add_push,
    add_story,
    change,
    deliveries_of,
    moment,
    subscriber_now,
)

JAKARTA = ZoneInfo("Asia/Jakarta")
HOLD = Hold(1000.0, 2000.0)


def held(number: int, aimed_at: float, ended_at: float | None = None, **more: object) -> Held:
    fields = {"is_update": False, "targets": frozenset({"section:dunia"}), "importance": (False, 0.0, aimed_at), **more}
    return Held(number, number, aimed_at=aimed_at, ended_at=ended_at, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("alert", "is_missed"),
    [
        pytest.param(held(1, 1500, 1501), True, id="one that began in the hold"),
        pytest.param(held(1, 1000, 1001), True, id="with it"),
        pytest.param(held(1, 1999, None), True, id="just before its end"),
        pytest.param(held(1, 2000, None), False, id="one that began after it is its push's"),
        pytest.param(held(1, 500, 999), False, id="one that was over before"),
        pytest.param(held(1, 500, 1000), True, id="one that went on into the hold"),
        pytest.param(held(1, 500, None), True, id="one that still goes on"),
        pytest.param(held(2, 1500, 1501), False, id="one that the chat has"),
        pytest.param(held(1, 1500, targets=frozenset({"section:politik"})), False, id="one of another section"),
        pytest.param(
            held(1, 1500, targets=frozenset({"update", "section:dunia"})), True, id="one with a target of two"
        ),
    ],
)
def test_missed_is_what_the_hold_kept_and_nothing_else(alert: Held, is_missed: bool) -> None:
    assert recaps.missed_by(HOLD, [alert], {"section:dunia", "section:bisnis"}, {2}) == ([alert] if is_missed else [])


def test_updates_come_first_then_what_is_read_most_then_the_newest() -> None:
    old, new = held(1, 1100), held(2, 1200)
    hot = held(3, 1050, importance=(False, 7.0, 1050))
    update = held(4, 1010, importance=(True, 0.0, 1010))
    missed = recaps.missed_by(HOLD, [old, new, hot, update], {"section:dunia"}, set())
    assert [alert.push_id for alert in missed] == [4, 3, 2, 1]


async def ended_hold(database: Database, *chat_ids: int, **fields: object) -> Hold:
    """Chats that follow Dunia, whose hold ended so long ago that the recap is due."""
    now = await moment(database)
    hold = Hold(now - 3600, now - LAG_SECONDS - 5)
    values = {"hold_from": hold.start, "hold_until": hold.end, "recap_at": hold.end + LAG_SECONDS, **fields}
    await add_chats(database, *chat_ids, follow=["section:dunia"], **values)
    return hold


async def held_alert(database: Database, aimed_at: float, **fields: object) -> int:
    """An alert of a new story of Dunia; its push's id."""
    story = await add_story(database, **{name: fields.pop(name) for name in ("state", "copy_of") if name in fields})
    values = {"kind": "section", "audience": {"targets": ["section:dunia"]}, "state": "finished", "content": None}
    push = await add_push(
        database, alert_of=story.id, story_id=story.id, aimed_at=aimed_at, finished_at=NOW, **{**values, **fields}
    )
    return push.id


async def claim(database: Database) -> list[Recap]:
    async with database.write() as session:
        return await recaps.claim(session, JAKARTA, 10)


async def record(database: Database, *results: tuple[Recap, Record]) -> None:
    async with database.write() as session:
        await recaps.record(session, JAKARTA, results, NOW)


async def test_a_recap_brings_each_story_once_and_counts_as_its_delivery(database: Database) -> None:
    hold = await ended_hold(database, 101)
    first, second = await held_alert(database, hold.start + 1), await held_alert(database, hold.start + 2)
    await held_alert(database, hold.start + 3, state="retracted")
    cancelled = await held_alert(database, hold.start + 4, state="cancelled")
    await change_push_state(database, cancelled)
    (recap,) = await claim(database)
    assert recap.push_ids == (second, first)
    assert await claim(database) == [], "whoever has claimed it sends it"
    await record(database, (recap, Record(recap.chat, Mark.SENT, 7)))
    for push_id in (first, second):
        assert {number: row.message_id for number, row in (await deliveries_of(database, push_id)).items()} == {1: None}
    after = await subscriber_now(database, 1)
    assert (after.hold_from, after.hold_until, after.recap_at) == (None, None, None)
    assert after.recapped_to == pytest.approx(hold.end)
    assert await claim(database) == []


async def change_push_state(database: Database, push_id: int) -> None:
    from bot.storage.models import Push

    await change(database, Push, Push.id == push_id, state="cancelled")


async def test_an_empty_recap_is_not_sent_and_the_next_quiet_hours_are_set(database: Database) -> None:
    await ended_hold(database, 101, quiet_from=0, quiet_until=1)
    push = await held_alert(database, await moment(database) - 600)
    await add_delivery(database, push, 1)
    assert await claim(database) == []
    after = await subscriber_now(database, 1)
    assert after.hold_from is not None and after.hold_until is not None
    assert after.hold_until - after.hold_from <= 60
    assert after.recap_at == pytest.approx(after.hold_until + LAG_SECONDS)


@on_sqlite
@pytest.mark.parametrize("fields", [{"paused": True}, {"state": "blocked"}])
async def test_who_gets_nothing_gets_no_recap_either(database: Database, fields: dict[str, object]) -> None:
    hold = await ended_hold(database, 101, **fields)
    await held_alert(database, hold.start + 1)
    assert await claim(database) == []
    assert (await subscriber_now(database, 1)).recap_at is None


@on_sqlite
async def test_a_recap_without_an_answer_is_tried_again_and_one_to_a_blocked_chat_ends(database: Database) -> None:
    hold = await ended_hold(database, 101, 102)
    push = await held_alert(database, hold.start + 1)
    one, two = await claim(database)
    waits = Record(one.chat, Mark.UNKNOWN, wait=0.0)
    await record(database, (one, waits), (two, Record(two.chat, Mark.GONE, gone=Gone("blocked", "blocked"))))
    (again,) = await claim(database)
    assert (again.chat.subscriber_id, again.chat.tries, again.push_ids) == (1, 1, (push,))
    blocked = await subscriber_now(database, 2)
    assert (blocked.state, blocked.recap_at) == ("blocked", None)
    assert await deliveries_of(database, push) == {}


@on_sqlite
async def test_a_snooze_while_the_recap_is_on_its_way_holds_on(database: Database) -> None:
    hold = await ended_hold(database, 101)
    await held_alert(database, hold.start + 1)
    (recap,) = await claim(database)
    now = await moment(database)
    async with database.write() as session:
        await subscribers.snooze(session, 1, JAKARTA, now + 3600, now)
    await record(database, (recap, Record(recap.chat, Mark.SENT, 7)))
    after = await subscriber_now(database, 1)
    assert (after.hold_from, after.hold_until) == (pytest.approx(hold.end), pytest.approx(now + 3600))


@on_sqlite
async def test_a_choice_while_the_recap_is_on_its_way_does_not_send_it_twice(database: Database) -> None:
    hold = await ended_hold(database, 101)
    await held_alert(database, hold.start + 1)
    assert len(await claim(database)) == 1
    async with database.write() as session:
        await subscribers.set_hours(session, 1, JAKARTA, await session.moment(), zone="Asia/Jayapura")
    assert await claim(database) == []


async def test_two_processes_share_the_recaps(database: Database) -> None:
    hold = await ended_hold(database, *range(101, 121))
    await held_alert(database, hold.start + 1)
    claims = [recap for some in await asyncio.gather(claim(database), claim(database)) for recap in some]
    assert sorted(recap.chat.subscriber_id for recap in claims) == list(range(1, 21))
    async with database.read() as session:
        assert len((await session.scalars(select(Subscriber).where(Subscriber.recap_at.is_not(None)))).all()) == 20
