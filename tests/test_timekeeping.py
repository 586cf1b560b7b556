"""Clocks that jump or are wrong: times too far ahead are clamped, and the admins are told, once each."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Double, literal, select, update

from bot import timekeeping
from bot.clock import utcnow
from bot.delivery import budget, corrections, deliveries, notices, pushes, ranges
from bot.delivery.outcomes import Mark
from bot.delivery.telegram import AiohttpRequest
from bot.storage import inbox, leases
from bot.storage.engine import Database, clock
from bot.storage.models import (
    Base,
    Budget,
    Card,
    Delivery,
    HubSubscription,
    Lease,
    Notice,
    PageWant,
    Push,
    PushRange,
    Source,
    Story,
    Subscriber,
)
from bot.stories import sources
from bot.timekeeping import Timekeeper
from bot.updates.inbox import LEASE_SECONDS
from bot.updates.intake import LEASE
from tests.delivery.rows import add_budget, add_chats, add_delivery, add_push, add_story
from tests.delivery.steps import announce, finished, follow, register
from tests.wire import EDITOR, SARI, Kabar

HOUR = 3600.0
UNDO = 15.0
LATE = 30.0  # seconds that a test may take


def timekeeper(database: Database, *requests: AiohttpRequest) -> Timekeeper:
    return Timekeeper(
        database=database,
        requests=requests,
        undo_seconds=UNDO,
        now=utcnow,
        stopping=asyncio.Event(),
        machine="satu",
    )


async def set_clock_back(database: Database, seconds: float) -> None:
    """As if it had been: every time in the database is as much later. The times that people see are left."""
    async with database.write() as session:
        for column in COLUMNS:
            await session.execute(
                update(column.class_)
                .where(column > clock() - 1e6)
                .values({column: column + seconds})
                .execution_options(synchronize_session=False)
            )
        await session.execute(update(Delivery).values(at=Delivery.at + int(seconds)))


COLUMNS: tuple[Any, ...] = tuple(kind.column for kind in timekeeping.kinds(UNDO))


async def ahead(database: Database) -> dict[str, float]:
    """How many seconds ahead each kind's only time is."""
    async with database.read() as session:
        return {
            kind.name: round(float(await session.scalar(select(kind.column - clock())) or 0.0))
            for kind in timekeeping.kinds(UNDO)
        }


async def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    async with database.read() as session:
        rows = await session.scalars(select(Notice).order_by(Notice.id))
        return [(row.kind, dict(row.data)) for row in rows]


async def one_time_of_each_kind(database: Database) -> None:
    """Each as the code sets it, and with the longest wait that there is."""
    await add_budget(database, 30)
    await add_chats(database, 1)
    story = await add_story(database)
    push = await add_push(database, ranges=[(0, 1)])
    async with database.write() as session:
        now = await session.moment()
        await leases.hold(session, LEASE, "one", LEASE_SECONDS)
        session.add(Source(id="dunia", url="https://news.example/rss", next_poll_at=now + 700, poll_wait=700))
        await session.flush()
        await session.execute(update(Source).values(lease_until=clock() + sources.LEASE_SECONDS))
        session.add(PageWant(story_id=story.id, not_before=now + 3600, tries=4))
        session.add(HubSubscription(source_id="dunia", hub="h", topic="t", ask_at=now + 2_073_600))
        await ranges.claim(session, "one")
        await budget.halt(session, 400)
        await session.execute(update(Story).values(correct_at=clock() + corrections.SETTLE_SECONDS))
        await session.execute(update(Push).values(not_before=clock() + UNDO))
        await session.execute(update(Budget).values(answers_free=clock() + 400))
        card = {"chat_id": 1, "message_id": 1, "language": "id", "revision": 1, "photo": False, "sent_at": now}
        await session.execute(update(Subscriber).values(recap_at=clock() + timekeeping.RECAP_WAIT))
        session.add(Card(story_id=story.id, not_before=now + 3600, **card))
        fields = {"outcome": Mark.WAITING, "at": int(now), "not_before": now + 500}
        session.add(Delivery(push_id=push.id, subscriber_id=1, **fields))


LONGEST = {
    "updates_lease": 6,
    "poll_lease": 90,
    "poll": 700,
    "page": 3600,
    "hub": 2_073_600,
    "correction": 60,
    "range_lease": 10,
    "recap": 3 * 86_400,
    "card": 3600,
    "delivery": 500,
    "push": UNDO,
    "budget": 400,
    "answers": 400,
    "rate": 400,
}


def test_every_column_of_due_times_has_a_line() -> None:
    others = {"stories.heat", "budget.rate", "budget.setting", "budget.halted_for", "sources.poll_wait"}
    others |= {"pushes.expires_at", "received_updates.received_at", "cards.sent_at"}  # nothing waits for them
    # A hold lasts as long as the clock says, whatever it says, and a recap in the future counts for nothing.
    others |= {"subscribers.hold_from", "subscribers.hold_until", "subscribers.recapped_to", "pushes.aimed_at"}
    columns = [column for table in Base.metadata.tables.values() for column in table.c]
    doubles = {str(column) for column in columns if isinstance(column.type, Double)}
    assert {str(column) for column in COLUMNS} == {f"{name}" for name in _properties(doubles - others)}


def _properties(columns: set[str]) -> set[str]:
    """ "sources.next_poll_at" as its class says it: "Source.next_poll_at"."""
    mappers = Base.registry.mappers
    classes = {each.local_table.name: each.class_.__name__ for each in mappers}  # type: ignore[attr-defined]  # a Table
    return {f"{classes[name.partition('.')[0]]}.{name.partition('.')[2]}" for name in columns}


async def test_what_the_code_sets_is_never_too_far_ahead(database: Database) -> None:
    await one_time_of_each_kind(database)
    before = await ahead(database)
    assert before == pytest.approx(LONGEST, abs=LATE)
    await timekeeper(database).step()
    assert await told(database) == []


async def test_every_kind_of_time_is_clamped_after_the_clock_was_set_back(database: Database) -> None:
    await one_time_of_each_kind(database)
    await set_clock_back(database, HOUR)
    await timekeeper(database).step()
    after = await ahead(database)
    assert after == pytest.approx(LONGEST, abs=LATE)
    assert after["budget"] <= 400 + 1
    [(kind, data)] = await told(database)
    assert kind == "clock_set_back"
    assert data["seconds"] == pytest.approx(HOUR, abs=LATE)
    for _ in range(2):
        await timekeeper(database).step()
    assert len(await told(database)) == 1


async def test_without_a_flood_wait_the_budget_is_free_within_a_minute(database: Database) -> None:
    await add_budget(database, 30)
    async with database.write() as session:
        await budget.reserve(session, 3)
    await set_clock_back(database, HOUR)
    await timekeeper(database).step()
    assert (await ahead(database))["budget"] <= 31
    async with database.write() as session:
        assert (await budget.charge(session, 1)).lead <= 31


async def test_answers_never_wait_for_longer_than_the_budget_can_be_ahead(database: Database) -> None:
    await add_budget(database, 30)
    await set_clock_back(database, 0)
    async with database.write() as session:
        await session.execute(update(Budget).values(next_free=clock() + HOUR))
        assert (await budget.charge(session, 1)).lead <= 31


async def test_a_flood_wait_that_is_over_is_forgotten_with_what_it_taught(database: Database) -> None:
    await add_budget(database, 30)
    async with database.write() as session:
        await budget.halt(session, 2 * HOUR)
        await session.execute(update(Budget).values(next_free=0.0, changed_at=clock() - 100))
        await budget.reserve(session, 1)
        await session.execute(update(Budget).values(next_free=clock() + HOUR))
    await timekeeper(database).step()
    assert (await ahead(database))["budget"] <= 31


async def test_other_leases_and_pushes_that_do_not_run_are_left_alone(database: Database) -> None:
    await add_push(database, state=pushes.PAUSED, not_before=1e10)
    async with database.write() as session:
        await leases.hold(session, "another", "one", HOUR)
    await timekeeper(database).step()
    assert await told(database) == []
    async with database.read() as session:
        assert float(await session.scalar(select(Lease.until - clock())) or 0) > HOUR - LATE


async def test_a_killed_processs_updates_do_not_wait_for_its_lease_longer_than_it_is(database: Database) -> None:
    async with database.write() as session:
        await leases.hold(session, inbox.ALIVE + "killed", "killed", LEASE_SECONDS + HOUR)
    await timekeeper(database).step()
    async with database.read() as session:
        assert float(await session.scalar(select(Lease.until - clock())) or 0) <= LEASE_SECONDS


async def test_of_two_that_see_it_together_one_tells(database: Database) -> None:
    await one_time_of_each_kind(database)
    await set_clock_back(database, HOUR)
    await asyncio.gather(*(timekeeper(database).step() for _ in range(3)))
    assert [kind for kind, _ in await told(database)] == ["clock_set_back"]


async def test_after_the_clock_was_set_back_pushes_and_polls_go_on_and_the_admins_are_told_once(
    kabar: Kabar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that held everything was killed; the one that starts finds all of it an hour ahead."""
    monkeypatch.setattr(deliveries, "CLAIMED_SECONDS", 5.0)
    monkeypatch.setattr(budget, "LONGEST_LEAD", literal(1.0))  # instead of half a minute
    async with kabar.running(roles=("deliver",)):
        await register(kabar, SARI, EDITOR)
        await follow(kabar, SARI)
    database = Database(kabar.database_url)
    async with database:
        push = await add_push(database, ranges=[(0, 9)], not_before=1.0)
        retried = await add_push(database, ceiling=9)
        async with database.write() as session:
            now = await session.moment()
            await session.execute(update(PushRange).values(owner="killed", lease_until=clock() + 10 + HOUR, fence=1))
            await session.execute(update(Budget).values(next_free=clock() + 0.1 + HOUR))
            await leases.hold(session, LEASE, "killed", LEASE_SECONDS + HOUR)
        soon = {"outcome": Mark.WAITING, "message_id": None, "at": int(now + HOUR), "not_before": now + 1 + HOUR}
        await add_delivery(database, retried.id, 1, **soon)
    async with kabar.running() as process:
        assert (await finished(kabar, push.id)).state == pushes.FINISHED
        assert (await finished(kabar, retried.id)).state == pushes.FINISHED
        await kabar.world.wait_for(EDITOR, "Jam basis data")
        await kabar.ask(SARI, "/help", "bantuan")
        await kabar.polled()
        await timekeeper(process.database).step()
        kinds = [kind for kind, _ in await told(process.database)]
    assert kinds == ["clock_set_back"]
    assert sum("Jam basis data" in str(message.get("text")) for message in kabar.world.from_bot(EDITOR)) == 1


async def test_a_running_process_goes_on_after_its_databases_clock_was_set_back(
    kabar: Kabar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeping, "EVERY_SECONDS", 0.2)
    async with kabar.running() as process:
        await register(kabar, SARI)
        await kabar.primed()
        await set_clock_back(process.database, HOUR)
        push = await announce(kabar)
        assert (await finished(kabar, push)).sent == 1
        await kabar.polled()


async def test_a_source_remembers_how_long_it_was_to_wait(kabar: Kabar) -> None:
    kabar.press.raw["politik"] = (500, b"", "text/plain")
    async with kabar.running() as process:
        while True:
            async with process.database.read() as session:
                rows = {row.id: row for row in await sources.everything(session)}
                now = await session.moment()
            if rows["dunia"].primed and rows["politik"].failures:
                break
            await asyncio.sleep(0.05)
    assert rows["dunia"].poll_wait == pytest.approx(1, abs=0.1)  # as the newsroom file says
    assert rows["politik"].poll_wait >= 1.8  # twice that, after a failure
    assert all(row.next_poll_at <= now + row.poll_wait for row in rows.values())


@pytest.mark.parametrize(("seconds", "kind"), [(600.0, "clock_off"), (-600.0, "clock_off"), (20.0, None), (45.0, None)])
async def test_a_clock_far_from_telegrams_is_told_once_and_when_it_is_right_again(
    database: Database, kabar: Kabar, seconds: float, kind: str | None
) -> None:
    request = AiohttpRequest()
    await request.initialize()

    async def ask() -> None:
        await request.call(f"{kabar.url}/bot{kabar.world.token}/getMe", {}, 5)
        for _ in range(2):
            await timekeeper(database, request).step()

    try:
        kabar.world.clock_ahead = seconds
        await ask()
        names = ["satu"] if database.is_sqlite else ["satu", "database"]
        off = await told(database)
        assert [(each, data["name"]) for each, data in off] == [(kind, name) for name in names if kind]
        assert all(data["seconds"] == pytest.approx(-seconds, abs=LATE) for _, data in off)
        kabar.world.clock_ahead = 0.0
        await ask()
        over = (await told(database))[len(off) :]
        assert [(each, data["name"]) for each, data in over] == [("clock_right", name) for name in names if kind]
    finally:
        await request.shutdown()


async def test_a_process_sees_in_telegrams_answers_that_its_clock_is_wrong(kabar: Kabar) -> None:
    kabar.world.chats[EDITOR].bot = "member"
    kabar.world.clock_ahead = 600.0
    async with kabar.running(roles=("chat",)):
        await kabar.world.wait_for(EDITOR, "lebih lambat 10 menit daripada jam Telegram")


async def test_a_trouble_is_told_again_when_it_comes_back_and_apart_from_others(database: Database) -> None:
    async def tell(name: str, is_on: bool) -> bool:
        async with database.write() as session:
            return await notices.tell_of(session, notices.CLOCK, name, is_on, {}, utcnow())

    steps = [("a", False), ("a", True), ("a", True), ("b", True), ("a", False), ("a", False), ("a", True), ("b", False)]
    assert [await tell(*step) for step in steps] == [False, True, False, True, True, False, True, True]


async def test_an_answer_that_is_too_old_or_has_no_date_says_nothing(kabar: Kabar) -> None:
    request = AiohttpRequest()
    await request.initialize()
    try:
        assert request.clock_error(60) is None
        await request.call(f"{kabar.url}/bot{kabar.world.token}/getMe", {}, 5)
        error = request.clock_error(60)
        assert error is not None
        assert abs(timedelta(seconds=error)) < timedelta(seconds=LATE)
        assert request.clock_error(-1) is None
    finally:
        await request.shutdown()


async def test_the_next_probe_of_a_paused_push_is_never_an_hour_away(database: Database) -> None:
    await add_budget(database, 30)
    push = await add_push(database, state="paused", probes=3)
    by_hand = await add_push(database, state="paused")
    async with database.write() as session:
        await session.execute(update(Push).values(not_before=clock() + HOUR))
    await timekeeper(database).step()
    async with database.read() as session:
        waits = [
            (await session.get_one(Push, number)).not_before - await session.moment()
            for number in (push.id, by_hand.id)
        ]
    assert waits[0] <= pushes.PROBE_SECONDS[-1] < HOUR - LATE < waits[1]
