"""Pushes: what starts, what may change, what is finished, and what is counted."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.delivery import alerts, drafts, pushes
from bot.delivery.lanes import LANES
from bot.delivery.outcomes import Mark
from bot.delivery.pushes import UNCOUNTED
from bot.storage.engine import Database, Session
from bot.storage.models import Push, PushRange, Story
from tests.databases import on_sqlite
from tests.delivery.rows import (
    CONTENT,
    NOW,
    add_chats,
    add_delivery,
    add_push,
    add_story,
    change,
    moment,
    push_now,
    ranges_of,
)

LATER = NOW + timedelta(minutes=5)
STATES = ("draft", "held", "running", "paused", "finished", "cancelled")
Change = Callable[[Session, int], Awaitable[bool]]


async def pause(session: Session, push_id: int) -> bool:
    return await pushes.pause(session, push_id, "refused")


async def resume(session: Session, push_id: int) -> bool:
    return await pushes.resume(session, push_id, LATER)


async def cancel(session: Session, push_id: int) -> bool:
    return await pushes.cancel(session, push_id, LATER)


async def release(session: Session, push_id: int) -> bool:
    return await pushes.release(session, push_id, LATER)


ALLOWED: dict[Change, dict[str, str]] = {
    pause: {"running": "paused"},
    resume: {"paused": "running"},
    cancel: {"draft": "cancelled", "held": "cancelled", "running": "cancelled", "paused": "cancelled"},
    release: {"held": "running"},
}


@on_sqlite
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("change_", ALLOWED, ids=lambda function: function.__name__)
async def test_a_push_changes_only_from_the_states_that_allow_it(
    database: Database, change_: Change, state: str
) -> None:
    await add_chats(database, 1)
    push = await add_push(database, state=state, ranges=[(0, 1)])
    other = await add_push(database, state=state, ranges=[(0, 1)])
    async with database.write() as session:
        changed = await change_(session, push.id)
    assert changed is (state in ALLOWED[change_])
    assert (await push_now(database, push.id)).state == ALLOWED[change_].get(state, state)
    assert (await push_now(database, other.id)).state == state


async def test_a_pause_keeps_its_reason_and_the_next_resumption_forgets_it(database: Database) -> None:
    push = await add_push(database, ranges=[(0, 9)], not_before=1e10)
    async with database.write() as session:
        await pushes.pause(session, push.id, "refused")
    assert (await push_now(database, push.id)).reason == "refused"
    async with database.write() as session:
        await pushes.resume(session, push.id, LATER)
    now = await push_now(database, push.id)
    assert (now.reason, now.not_before, now.state) == ("", 0.0, "running")  # resumed means now


@on_sqlite
async def test_a_paused_push_that_has_nothing_left_is_finished_when_it_is_resumed(database: Database) -> None:
    push = await add_push(database, state="paused")
    async with database.write() as session:
        assert await pushes.resume(session, push.id, LATER)
    now = await push_now(database, push.id)
    assert (now.state, now.finished_at) == ("finished", LATER)


@on_sqlite
async def test_a_cancelled_push_says_when(database: Database) -> None:
    push = await add_push(database)
    async with database.write() as session:
        await pushes.cancel(session, push.id, LATER)
    assert (await push_now(database, push.id)).finished_at == LATER


@on_sqlite
@pytest.mark.parametrize(
    ("ranges_", "done", "waiting", "state", "finished"),
    [
        pytest.param([(0, 9)], True, False, "running", True, id="nothing is left"),
        pytest.param([], False, False, "running", True, id="there never was anything"),
        pytest.param([(0, 9)], False, False, "running", False, id="a range is left"),
        pytest.param([(0, 9)], True, True, "running", False, id="a chat will be tried again"),
        pytest.param([(0, 9)], True, False, "paused", False, id="a paused push stays paused"),
        pytest.param([(0, 9)], True, False, "cancelled", False, id="a cancelled push stays cancelled"),
    ],
)
async def test_a_push_is_finished_when_nothing_is_left_of_it(
    database: Database, ranges_: list[tuple[int, int]], done: bool, waiting: bool, state: str, finished: bool
) -> None:
    other = await add_push(database, ranges=[(0, 9)])  # another push's ranges and waits don't hold it up
    await add_delivery(database, other.id, 1, outcome=Mark.WAITING, not_before=1.0)
    push = await add_push(database, state=state, ranges=ranges_)
    await change(database, PushRange, PushRange.push_id == push.id, done=done)
    await add_delivery(database, push.id, 2)
    if waiting:
        await add_delivery(database, push.id, 3, outcome=Mark.WAITING, not_before=1e10)
    async with database.write() as session:
        assert await pushes.finish_if_done(session, push.id, LATER) is finished
    now = await push_now(database, push.id)
    assert (now.state, now.finished_at) == (("finished", LATER) if finished else (state, None))
    assert (await push_now(database, other.id)).state == "running"


async def start(database: Database, push: Push, **more: Any) -> Push:
    async with database.write() as session:
        await pushes.start(session, await session.get_one(Push, push.id), LATER, **more)
    return await push_now(database, push.id)


def cut(rows: list[PushRange]) -> list[tuple[int, int, bool]]:
    """Where each range starts and ends, and whether it is of the first pass."""
    return [(row.start, row.end, row.seen_since is not None) for row in rows]


@on_sqlite
async def test_a_started_push_is_cut_into_ranges_up_to_the_newest_chat(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushes, "RANGE_SIZE", 3)
    await add_chats(database, *range(1, 9))
    now = await start(database, await add_push(database, state="draft", started_at=None))
    assert (now.state, now.started_at, now.ceiling, now.total, now.not_before) == ("running", LATER, 8, UNCOUNTED, 0.0)
    rows = await ranges_of(database, now.id)
    assert cut(rows) == [(0, 3, False), (3, 6, False), (6, 8, False)]
    assert all((row.cursor, row.issued, row.done) == (row.start, row.start, False) for row in rows)


@on_sqlite
@pytest.mark.parametrize(("chats", "large"), [(4, False), (5, True)])
async def test_a_push_to_more_than_so_many_goes_in_two_passes_the_recently_seen_first(
    database: Database, monkeypatch: pytest.MonkeyPatch, chats: int, large: bool
) -> None:
    monkeypatch.setattr(pushes, "LARGE", 4)
    await add_chats(database, *range(1, chats + 1))
    now = await start(database, await add_push(database, state="draft"))
    rows = await ranges_of(database, now.id)
    assert cut(rows) == ([(0, chats, True)] if large else []) + [(0, chats, False)]
    if large:
        assert rows[0].seen_since == LATER - timedelta(days=30)


@on_sqlite
async def test_a_push_for_which_there_is_nobody_is_finished_at_once(database: Database) -> None:
    now = await start(database, await add_push(database, state="draft"))
    assert (now.state, now.finished_at, await ranges_of(database, now.id)) == ("finished", LATER, [])


@on_sqlite
async def test_a_push_that_starts_later_says_when(database: Database) -> None:
    await add_chats(database, 1)
    assert (await start(database, await add_push(database, state="draft"), not_before=1e10)).not_before == 1e10


async def alert(database: Database, story_id: int, **more: Any) -> Push | None:
    """Queue the alert of the story as it stands now."""
    async with database.write() as session:
        return await alerts.queue(session, await session.get_one(Story, story_id), LATER, **more)


@pytest.mark.parametrize(
    ("fields", "kind", "lane", "targets"),
    [
        pytest.param({}, "section", 2, ["section:dunia"], id="a section's story to its followers"),
        pytest.param({"is_update": True, "section": ""}, "update", 1, ["update"], id="an UPDATE to all who follow it"),
        pytest.param({"is_update": True}, "update", 1, ["section:dunia", "update"], id="an UPDATE to both"),
    ],
)
async def test_whom_an_alert_is_for(
    database: Database, fields: dict[str, Any], kind: str, lane: int, targets: list[str]
) -> None:
    await add_chats(database, 1, follow=targets)
    story = await add_story(database, revision=3, **fields)
    push = await alert(database, story.id)
    assert push is not None
    assert (push.kind, push.lane, push.audience, push.state) == (kind, lane, {"targets": targets}, "running")
    assert (push.story_id, push.alert_of, push.revision, push.created_at) == (story.id, story.id, 3, LATER)


async def test_a_story_that_nobody_could_follow_has_no_alert(database: Database) -> None:
    story = await add_story(database, section="")
    assert await alert(database, story.id) is None
    async with database.read() as session:
        assert await session.scalar(select(Push)) is None


async def test_a_held_alert_is_cut_into_ranges_when_it_is_released(database: Database) -> None:
    await add_chats(database, 1, follow=["section:dunia"])
    story = await add_story(database)
    push = await alert(database, story.id, held=True)
    assert push is not None
    assert (push.state, push.started_at, await ranges_of(database, push.id)) == ("held", None, [])
    async with database.write() as session:
        assert await pushes.held(session) == [push.id]
        assert await pushes.release(session, push.id, LATER)
    assert cut(await ranges_of(database, push.id)) == [(0, 1, False)]
    assert (await push_now(database, push.id)).started_at == LATER


async def test_a_story_has_one_alert_however_often_it_is_queued(database: Database) -> None:
    await add_chats(database, 1, follow=["section:dunia"])
    story = await add_story(database)
    first, second = await alert(database, story.id), await alert(database, story.id)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    assert len(await ranges_of(database, first.id)) == 1


async def promoted(database: Database, state: str, cursor: int = 0, done: bool = False) -> tuple[Push, list[PushRange]]:
    """A section alert in that state, with its cursor there, whose story becomes an UPDATE; the push and its ranges."""
    await add_chats(database, 1, 2, 3, 4, follow=["section:dunia"])
    story = await add_story(database)
    made = await alert(database, story.id)
    assert made is not None
    await change(database, PushRange, cursor=cursor, issued=cursor, done=done)
    await change(database, Push, state=state, total=4, finished_at=NOW if state == "finished" else None)
    await add_chats(database, 5, 6, follow=["update"])
    await change(database, Story, is_update=True)
    again = await alert(database, story.id)
    assert again is not None
    assert again.id == made.id
    return await push_now(database, made.id), await ranges_of(database, made.id)


async def test_a_story_that_becomes_an_update_goes_on_in_the_better_lane_to_the_wider_audience(
    database: Database,
) -> None:
    push, rows = await promoted(database, "running", cursor=2)
    assert (push.kind, push.lane, push.audience) == ("update", 1, {"targets": ["section:dunia", "update"]})
    assert (push.state, push.ceiling, push.total) == ("running", 6, UNCOUNTED)
    spans = sorted((row.start, row.cursor, row.end, row.done) for row in rows)
    assert spans == [(0, 0, 2, False), (2, 2, 4, False), (4, 4, 6, False)]  # passed ids, the rest, and who is new


async def test_a_range_that_has_not_begun_is_left_as_it_is(database: Database) -> None:
    _, rows = await promoted(database, "running", cursor=0)
    assert sorted((row.start, row.end) for row in rows) == [(0, 4), (4, 6)]


async def test_a_finished_alert_runs_again_for_the_wider_audience(database: Database) -> None:
    push, rows = await promoted(database, "finished", cursor=4, done=True)
    assert (push.state, push.finished_at, push.lane) == ("running", None, 1)
    assert sorted((row.start, row.end) for row in rows if not row.done) == [(0, 4), (4, 6)]


@on_sqlite
@pytest.mark.parametrize("state", ["paused", "held", "cancelled"])
async def test_an_alert_that_is_not_sent_now_stays_so_when_its_story_becomes_an_update(
    database: Database, state: str
) -> None:
    push, rows = await promoted(database, state, cursor=2)
    assert (push.state, push.lane) == (state, 1)
    assert len(rows) == (3 if state == "paused" else 1)


async def test_a_finished_alert_of_which_nothing_is_left_stays_finished(database: Database) -> None:
    story = await add_story(database)
    made = await alert(database, story.id)
    assert made is not None
    await change(database, Story, is_update=True)
    again = await alert(database, story.id)
    assert again is not None
    now = await push_now(database, again.id)
    assert (now.state, now.finished_at, now.kind) == ("finished", LATER, "update")


async def test_an_update_that_is_queued_again_is_not_widened(database: Database) -> None:
    await add_chats(database, 1, follow=["update"])
    story = await add_story(database, is_update=True)
    first = await alert(database, story.id)
    assert first is not None
    await change(database, PushRange, cursor=1)
    await alert(database, story.id)
    assert len(await ranges_of(database, first.id)) == 1


def test_retractions_run_with_updates_and_corrections_last() -> None:
    order = sorted(LANES, key=lambda kind: LANES[kind])
    assert LANES["update"] == LANES["retraction"] == 1
    assert order[2:] == ["section", "broadcast", "digest", "correction"]


async def test_a_persons_draft_is_for_everyone_and_replaces_the_earlier_one(database: Database) -> None:
    async with database.write() as session:
        first = await drafts.new(session, 9, CONTENT, NOW)
        other = await drafts.new(session, 8, CONTENT, NOW)
        second = await drafts.new(session, 9, CONTENT, LATER)
        draft = await drafts.of_author(session, 9)
    assert draft is not None
    assert draft.id == second.id
    assert (second.kind, second.lane, second.state, second.author) == ("broadcast", 3, "draft", 9)
    assert (second.audience, second.content, second.created_at) == ({"everyone": True}, CONTENT, LATER)
    dropped = await push_now(database, first.id)
    assert (dropped.state, dropped.finished_at) == ("cancelled", LATER)
    assert (await push_now(database, other.id)).state == "draft"


async def test_a_new_draft_leaves_the_authors_running_broadcast_alone(database: Database) -> None:
    running = await add_push(database, author=9)
    async with database.write() as session:
        await drafts.new(session, 9, CONTENT, NOW)
    assert (await push_now(database, running.id)).state == "running"


@pytest.mark.parametrize("undo", [0, 30])
async def test_a_confirmed_draft_starts_after_the_time_to_take_it_back(database: Database, undo: int) -> None:
    await add_chats(database, 1, 2)
    await add_chats(database, 3, state="blocked")
    push = await add_push(database, state="draft", started_at=None)
    before = await moment(database)
    async with database.write() as session:
        assert await drafts.confirm(session, push.id, LATER, undo)
        assert not await drafts.confirm(session, push.id, LATER, undo)
    now = await push_now(database, push.id)
    assert (now.state, now.started_at, now.total, now.ceiling) == ("running", LATER, 2, 3)
    assert (now.not_before == 0.0) if not undo else (0 <= now.not_before - before - undo < 5)


@on_sqlite
async def test_a_story_that_becomes_an_update_changes_its_own_alert_only(database: Database) -> None:
    await add_chats(database, 1, follow=["section:dunia"])
    stories = [await add_story(database) for _ in range(2)]
    alerts = [await alert(database, story.id) for story in stories]
    await change(database, Story, Story.id == stories[1].id, is_update=True)
    again = await alert(database, stories[1].id)
    assert alerts[0] is not None
    assert alerts[1] is not None
    assert again is not None
    assert again.id == alerts[1].id
    assert (await push_now(database, alerts[0].id)).kind == "section"
