"""When a changed story's copies are corrected or withdrawn, and when they are left alone."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.delivery import corrections, notices, pushes, ranges
from bot.delivery.corrections import CORRECTIONS_AT_MOST, ROUNDS
from bot.delivery.deliveries import Chat, Record
from bot.delivery.outcomes import Mark
from bot.storage.engine import Database
from bot.storage.models import Delivery, Notice, Push, Story
from tests.databases import on_sqlite
from tests.delivery.rows import (
    NOW,
    add_chats,
    add_delivery,
    add_push,
    add_story,
    change,
    claim,
    deliveries_of,
    moment,
    push_now,
    ranges_of,
)

LATER = NOW + timedelta(minutes=5)


async def pushed(
    database: Database, *, revision: int = 2, state: str = "finished", **fields: Any
) -> tuple[Story, Push]:
    """A story at `revision`, whose alert brought two chats its first one; the story and the alert."""
    await add_chats(database, 1, 2)
    story = await add_story(database, revision=revision, **fields)
    alert = await add_push(
        database, kind="section", lane=2, state=state, story_id=story.id, alert_of=story.id, revision=1, ceiling=2
    )
    for number in (1, 2):
        await add_delivery(database, alert.id, number, revision=1)
    return story, alert


async def correct(database: Database, story: Story) -> list[Push]:
    """The newsroom says that the story has changed; the corrections there are then."""
    async with database.write() as session:
        await corrections.correct_now(session, await session.get_one(Story, story.id), LATER)
    return await pushes_of(database, story, "correction")


async def look(database: Database) -> int:
    """Queue what has settled; how many stories were looked at."""
    async with database.write() as session:
        return await corrections.queue_due(session, LATER)


async def pushes_of(database: Database, story: Story, kind: str) -> list[Push]:
    async with database.read() as session:
        rows = await session.scalars(select(Push).filter_by(story_id=story.id, kind=kind).order_by(Push.id))
        return list(rows.all())


async def story_now(database: Database, story: Story) -> Story:
    async with database.read() as session:
        return await session.get_one(Story, story.id)


async def test_a_correction_is_for_the_copies_that_show_something_else(database: Database) -> None:
    story, alert = await pushed(database)
    (correction,) = await correct(database, story)
    assert (correction.lane, correction.state, correction.revision, correction.started_at) == (5, "running", 2, LATER)
    assert correction.audience == {"copies_of": alert.id, "other_than": 2}
    assert [(row.start, row.end) for row in await ranges_of(database, correction.id)] == [(0, 2)]
    assert (await story_now(database, story)).corrected_at == LATER
    assert (await push_now(database, alert.id)).revision == 2  # whoever is sending it loads the story anew


@on_sqlite
async def test_a_correction_offers_the_photo_again_that_the_alert_went_without(database: Database) -> None:
    story, _ = await pushed(database)
    await change(database, Push, text_only=True)
    assert [push.text_only for push in await correct(database, story)] == [False]


@on_sqlite
@pytest.mark.parametrize(
    ("state", "corrected"),
    [("running", 1), ("paused", 1), ("finished", 1), ("cancelled", 1), ("held", 0), ("draft", 0)],
)
async def test_an_alert_that_nobody_has_got_yet_needs_no_correction(
    database: Database, state: str, corrected: int
) -> None:
    story, _ = await pushed(database, state=state)
    assert len(await correct(database, story)) == corrected


@on_sqlite
@pytest.mark.parametrize(
    ("delivered", "state", "corrected"),
    [
        pytest.param({"revision": 2}, "finished", 0, id="copies that say it already are left alone"),
        pytest.param({"revision": 2}, "running", 1, id="but while the alert runs some may be on the wire"),
        pytest.param({"revision": 2}, "paused", 1, id="or will be, after a pause"),
        pytest.param({"message_id": None}, "finished", 0, id="a copy that is gone needs none"),
        pytest.param({"message_id": 0}, "finished", 0, id="a copy whose number is unknown cannot be had"),
    ],
)
async def test_copies_that_cannot_or_need_not_change_are_left_alone(
    database: Database, delivered: dict[str, Any], state: str, corrected: int
) -> None:
    story, _ = await pushed(database, state=state)
    await change(database, Delivery, **delivered)
    assert len(await correct(database, story)) == corrected


@on_sqlite
async def test_a_story_that_was_never_pushed_or_is_withdrawn_has_no_correction(database: Database) -> None:
    assert await correct(database, await add_story(database)) == []
    story, _ = await pushed(database, state="finished")
    await change(database, Story, state="retracted")
    assert await correct(database, story) == []


async def test_a_newer_correction_replaces_one_that_has_not_come_to_its_end(database: Database) -> None:
    story, alert = await pushed(database)
    (first,) = await correct(database, story)
    await change(database, Story, revision=3)
    older, newer = await correct(database, story)
    assert (older.id, older.state, older.finished_at) == (first.id, "cancelled", LATER)
    assert (newer.state, newer.revision) == ("running", 3)
    assert (await push_now(database, alert.id)).state == "finished"


@on_sqlite
async def test_a_correction_leaves_other_stories_corrections_running(database: Database) -> None:
    story, _ = await pushed(database)
    other = await add_story(database)
    running = await add_push(database, kind="correction", story_id=other.id)
    await correct(database, story)
    assert (await push_now(database, running.id)).state == "running"


async def test_a_promotion_says_so_at_once_and_calls_nothing_wrong(database: Database) -> None:
    story, _ = await pushed(database)
    async with database.write() as session:
        await corrections.promote(session, await session.get_one(Story, story.id), LATER)
    assert len(await pushes_of(database, story, "correction")) == 1
    assert (await story_now(database, story)).corrected_at is None


async def test_a_change_is_corrected_when_it_has_been_still_and_once(database: Database) -> None:
    story, _ = await pushed(database)
    before = await moment(database)
    async with database.write() as session:
        await corrections.schedule(session, await session.get_one(Story, story.id), 60.0)
    due = (await story_now(database, story)).correct_at
    assert due is not None
    assert 0 <= due - before - 60.0 < 5
    assert await look(database) == 0
    await change(database, Story, correct_at=1.0)
    assert await look(database) == 1
    assert len(await pushes_of(database, story, "correction")) == 1
    assert (await story_now(database, story)).correct_at is None
    assert await look(database) == 0


async def test_what_has_waited_longest_is_corrected_first_and_so_many_at_a_time(database: Database) -> None:
    stories = [await add_story(database, correct_at=at) for at in (3.0, 1.0, 2.0)]
    async with database.write() as session:
        assert await corrections.queue_due(session, LATER, limit=2) == 2
    assert [(await story_now(database, story)).correct_at for story in stories] == [3.0, None, None]


@on_sqlite
async def test_the_newsrooms_word_comes_before_a_change_that_has_not_settled(database: Database) -> None:
    story, _ = await pushed(database, correct_at=1e10)
    await correct(database, story)
    assert (await story_now(database, story)).correct_at is None


@on_sqlite
@pytest.mark.parametrize(
    ("earlier", "flaps"),
    [
        pytest.param([2] * (ROUNDS - 1), False, id="once before to the same words"),
        pytest.param([2] * ROUNDS, True, id="as often as it may go back and forth"),
        pytest.param(list(range(3, 3 + CORRECTIONS_AT_MOST - 1)), False, id="many different words"),
        pytest.param(list(range(3, 3 + CORRECTIONS_AT_MOST)), True, id="as many as a story may have"),
    ],
)
async def test_a_source_that_flaps_is_stopped_and_told_of_but_not_the_newsroom_itself(
    database: Database, earlier: list[int], flaps: bool
) -> None:
    story, _ = await pushed(database, correct_at=1.0)
    for revision in earlier:
        await add_push(database, kind="correction", state="finished", story_id=story.id, revision=revision)
    await add_push(database, kind="retraction", state="finished", story_id=story.id, revision=2)  # of another kind
    assert await look(database) == 1
    assert len(await pushes_of(database, story, "correction")) == len(earlier) + (not flaps)
    async with database.read() as session:
        told = await notices.unsaid(session)
    assert [(notice.kind, notice.data) for notice in told] == (
        [("story_flaps", {"title": story.title, "source": "dunia"})] if flaps else []
    )
    assert len(await correct(database, story)) > len(earlier)


async def retract(database: Database, story: Story) -> bool:
    async with database.write() as session:
        return await corrections.retract(session, await session.get_one(Story, story.id), LATER)


async def test_a_withdrawn_story_is_taken_from_every_copy_in_the_best_lane(database: Database) -> None:
    story, alert = await pushed(database, state="running", correct_at=1e10)
    correction = await add_push(database, kind="correction", story_id=story.id)
    assert await retract(database, story)
    assert not await retract(database, story)
    now = await story_now(database, story)
    assert (now.state, now.correct_at, now.updated_at) == ("retracted", None, LATER)
    for push in (alert, correction):
        ended = await push_now(database, push.id)
        assert (ended.state, ended.finished_at) == ("cancelled", LATER)
    (retraction,) = await pushes_of(database, story, "retraction")
    assert (retraction.lane, retraction.revision, retraction.state) == (1, 0, "running")
    assert retraction.audience == {"copies_of": alert.id, "other_than": 0}


@on_sqlite
@pytest.mark.parametrize(
    ("state", "started", "then", "retractions"),
    [
        ("held", False, "cancelled", 0),
        ("draft", False, "cancelled", 0),
        ("paused", True, "cancelled", 1),
        ("finished", True, "finished", 1),
        ("cancelled", True, "cancelled", 1),
    ],
)
async def test_a_story_is_withdrawn_only_from_where_it_may_have_been(
    database: Database, state: str, started: bool, then: str, retractions: int
) -> None:
    story, alert = await pushed(database, state=state)
    await change(database, Push, started_at=NOW if started else None)
    assert await retract(database, story)
    assert (await push_now(database, alert.id)).state == then
    assert len(await pushes_of(database, story, "retraction")) == retractions


@on_sqlite
async def test_a_story_without_an_alert_is_withdrawn_too_and_other_stories_are_not(database: Database) -> None:
    story, other = await add_story(database), await add_story(database)
    running = await add_push(database, story_id=other.id)
    assert await retract(database, story)
    assert (await push_now(database, running.id)).state == "running"
    assert (await story_now(database, other)).state == "live"


async def hand_over(database: Database, push: Push, *records: Record) -> None:
    async with database.write() as session:
        await corrections.hand_over_late_copies(session, await session.get_one(Push, push.id), records)


def sent(number: int, revision: int = 1, mark: Mark = Mark.SENT) -> Record:
    return Record(Chat(number, 100 + number, 0, "id"), mark, 7, revision=revision)


async def with_newest(database: Database, kind: str, **fields: Any) -> tuple[Push, Push]:
    """An alert with a finished push of `kind` after it, which has an outcome of chat 2 already."""
    story, alert = await pushed(database)
    values = {"state": "finished", "finished_at": NOW, "revision": 2, "total": 3, **fields}
    newest = await add_push(database, kind=kind, story_id=story.id, **values)
    await add_delivery(database, newest.id, 2)
    return alert, newest


async def test_copies_that_were_on_the_wire_are_corrected_after_all(database: Database) -> None:
    alert, newest = await with_newest(database, "correction")
    await hand_over(database, alert, sent(2), sent(9), sent(5), sent(7, revision=2), sent(1, mark=Mark.GONE))
    now = await push_now(database, newest.id)
    assert (now.state, now.finished_at, now.total) == ("running", None, pushes.UNCOUNTED)
    assert [(row.start, row.end, row.done) for row in await ranges_of(database, newest.id)] == [(1, 9, False)]
    assert await deliveries_of(database, newest.id) == {}  # so that its pages find chat 2 again


async def test_late_copies_wait_until_the_pages_that_may_hold_them_are_done(database: Database) -> None:
    """Two ranges that are worked on at once would both edit a chat that stands in both."""
    story, alert = await pushed(database)
    newest = await add_push(database, kind="retraction", state="running", story_id=story.id, ranges=[(0, 20)])
    main = await claim(database, "one")
    assert main is not None
    await hand_over(database, alert, sent(7), sent(8))
    assert await claim(database, "two") is None
    async with database.write() as session:
        await ranges.release(session, main, done=True)
    late = await claim(database, "two")
    assert late is not None
    assert (late.push_id, late.cursor, late.end) == (newest.id, 6, 8)


@on_sqlite
async def test_a_retraction_takes_every_late_copy_whatever_it_shows(database: Database) -> None:
    alert, newest = await with_newest(database, "retraction")
    await hand_over(database, alert, sent(7, revision=2), sent(8))
    assert [(row.start, row.end) for row in await ranges_of(database, newest.id)] == [(6, 8)]


@on_sqlite
@pytest.mark.parametrize("state", ["running", "paused"])
async def test_a_correction_that_has_not_finished_keeps_its_state(database: Database, state: str) -> None:
    alert, newest = await with_newest(database, "correction", state=state)
    await hand_over(database, alert, sent(9))
    assert (await push_now(database, newest.id)).state == state
    assert len(await ranges_of(database, newest.id)) == 1


@on_sqlite
@pytest.mark.parametrize(
    ("fields", "records"),
    [
        pytest.param({"state": "cancelled"}, [sent(9)], id="the correction was cancelled"),
        pytest.param({}, [sent(9, revision=2)], id="the copies show the correction already"),
        pytest.param({}, [sent(9, mark=Mark.UNKNOWN)], id="nothing is known to have arrived"),
        pytest.param({}, [], id="nothing was sent"),
    ],
)
async def test_there_is_nothing_to_hand_over_when(
    database: Database, fields: dict[str, Any], records: list[Record]
) -> None:
    alert, newest = await with_newest(database, "correction", **fields)
    await hand_over(database, alert, *records)
    assert await ranges_of(database, newest.id) == []
    assert list(await deliveries_of(database, newest.id)) == [2]


@on_sqlite
async def test_a_correction_hands_nothing_over_to_itself_nor_a_broadcast_to_anything(database: Database) -> None:
    _, newest = await with_newest(database, "correction")
    await hand_over(database, newest, sent(9))
    await hand_over(database, await add_push(database), sent(9))
    assert await ranges_of(database, newest.id) == []


@on_sqlite
async def test_late_copies_go_to_the_newest_correction_only(database: Database) -> None:
    alert, older = await with_newest(database, "correction")
    newest = await add_push(database, kind="correction", story_id=alert.story_id, state="finished", revision=3)
    await hand_over(database, alert, sent(9))
    assert [len(await ranges_of(database, push.id)) for push in (older, newest)] == [0, 1]


async def test_a_notice_is_kept_until_it_was_said_the_oldest_first(database: Database) -> None:
    async with database.write() as session:
        for number in range(3):
            await notices.add(session, "push_braked", {"push": number}, NOW)
        first, second, third = await notices.unsaid(session)
        assert [each.data["push"] for each in (first, second, third)] == [0, 1, 2]
        await notices.said(session, second.id, LATER)
        assert [each.id for each in await notices.unsaid(session)] == [first.id, third.id]
        assert [each.id for each in await notices.unsaid(session, limit=1)] == [first.id]
    async with database.read() as session:
        kept = (await session.scalars(select(Notice).order_by(Notice.id))).all()
    assert [(each.kind, each.created_at, each.said_at) for each in kept] == [
        *(("push_braked", NOW, None), ("push_braked", NOW, LATER)),
        ("push_braked", NOW, None),
    ]
