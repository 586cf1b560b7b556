"""What a checkpoint stores: outcomes, counts, the cursor, states of chats, and what it tells the range's owner."""

from datetime import timedelta
from typing import Any

import pytest

from bot.audience import segments
from bot.delivery import ranges
from bot.delivery.deliveries import Chat, Copy, Record
from bot.delivery.outcomes import Gone, Mark
from bot.delivery.ranges import LEASE_SECONDS, CheckpointResult
from bot.storage.engine import Database
from bot.storage.models import Push, PushRange
from tests.databases import on_sqlite
from tests.delivery.rows import (
    NOW,
    add_chats,
    add_delivery,
    add_push,
    change,
    checkpoint,
    claim,
    deliveries_of,
    moment,
    page,
    push_now,
    ranges_of,
    record,
    subscriber_now,
    take_over,
)


def chat(number: int, **fields: Any) -> Chat:
    return Chat(number, 1000 + number, 0, "id", **fields)


async def claimed_of(database: Database, end: int = 10, **fields: Any) -> tuple[Push, ranges.Claim]:
    push = await add_push(database, ranges=[(0, end)], ceiling=end, **fields)
    claimed = await claim(database)
    assert claimed is not None
    return push, claimed


@on_sqlite
@pytest.mark.parametrize(
    ("tried", "row"),
    [
        pytest.param(Record(chat(1), Mark.SENT, 70), (Mark.SENT, 70, 1, None), id="sent"),
        pytest.param(Record(chat(1, tries=2), Mark.SENT, 70), (Mark.SENT, 70, 3, None), id="sent at the third try"),
        pytest.param(Record(chat(1), Mark.GONE), (Mark.GONE, None, 1, None), id="gone"),
        pytest.param(Record(chat(1), Mark.REFUSED), (Mark.REFUSED, None, 1, None), id="refused"),
        pytest.param(Record(chat(1), Mark.LOST), (Mark.LOST, None, 1, None), id="given up"),
        pytest.param(Record(chat(1), Mark.WAITING, wait=300.0), (Mark.WAITING, None, 1, 300), id="to be tried later"),
        pytest.param(Record(chat(1), Mark.UNKNOWN, wait=5.0), (Mark.UNKNOWN, None, 1, 5), id="perhaps sent"),
        pytest.param(
            Record(chat(1, tries=1), Mark.WAITING, wait=1.0, tried=False),
            (Mark.WAITING, None, 1, 1),
            id="not even tried",
        ),
    ],
)
async def test_a_record_becomes_the_chats_delivery(
    database: Database, tried: Record, row: tuple[Mark, int | None, int, int | None]
) -> None:
    push, claimed = await claimed_of(database)
    before = await moment(database)
    await checkpoint(database, claimed, push, 1, 1, tried)
    kept = (await deliveries_of(database, push.id))[1]
    mark, message_id, tries, wait = row
    assert (kept.outcome, kept.message_id, kept.tries) == (mark, message_id, tries)
    assert abs(kept.at - before) < 5
    if wait is None:
        assert kept.not_before is None
    else:
        assert kept.not_before is not None
        assert 0 <= kept.not_before - before - wait < 5


async def test_a_later_outcome_replaces_the_earlier_one(database: Database) -> None:
    push, claimed = await claimed_of(database)
    await checkpoint(database, claimed, push, 0, 1, Record(chat(1), Mark.UNKNOWN, wait=5.0))
    await record(database, push.id, Record(chat(1, doubt=True, tries=1), Mark.SENT, 7, revision=3, photo=True))
    kept = (await deliveries_of(database, push.id))[1]
    assert (kept.outcome, kept.message_id, kept.tries, kept.not_before) == (Mark.SENT, 7, 2, None)
    assert (kept.revision, kept.photo) == (3, True)


async def test_outcomes_are_counted_each_in_its_column_and_waits_in_none(database: Database) -> None:
    push, claimed = await claimed_of(database, sent=100)
    marks = [Mark.SENT, Mark.SENT, Mark.SENT, Mark.GONE, Mark.GONE, Mark.REFUSED, Mark.LOST]
    records = [Record(chat(number), mark) for number, mark in enumerate(marks, 1)]
    waits = [Record(chat(8), Mark.WAITING, wait=1.0), Record(chat(9), Mark.UNKNOWN, wait=1.0)]
    await checkpoint(database, claimed, push, 9, 9, *records, *waits)
    now = await push_now(database, push.id)
    assert (now.sent, now.gone, now.refused, now.lost, now.doubled) == (103, 2, 1, 1, 0)


async def test_only_a_sent_message_that_was_in_doubt_is_possibly_doubled(database: Database) -> None:
    push, claimed = await claimed_of(database)
    doubtful = [
        Record(chat(number, doubt=True), mark, wait=wait)
        for number, mark, wait in (
            *((1, Mark.SENT, None), (2, Mark.SENT, None), (3, Mark.GONE, None)),
            *((4, Mark.LOST, None), (5, Mark.UNKNOWN, 5.0)),
        )
    ]
    await checkpoint(database, claimed, push, 5, 5, *doubtful, Record(chat(6), Mark.SENT))
    now = await push_now(database, push.id)
    assert (now.sent, now.doubled) == (3, 2)


async def test_the_counts_of_another_push_stay_as_they_are(database: Database) -> None:
    other = await add_push(database, state="finished", sent=4)
    push, claimed = await claimed_of(database)
    await checkpoint(database, claimed, push, 1, 1, Record(chat(1), Mark.SENT, 5))
    assert (await push_now(database, other.id)).sent == 4
    assert await deliveries_of(database, other.id) == {}


async def test_a_checkpoint_moves_its_own_range_and_renews_its_lease(database: Database) -> None:
    push = await add_push(database, ranges=[(0, 10), (10, 20)], ceiling=20)
    claimed = await claim(database)
    assert claimed is not None
    await change(database, PushRange, lease_until=0.0)
    await checkpoint(database, claimed, push, 4, 7)
    mine, other = await ranges_of(database, push.id)
    assert (mine.start, mine.cursor, mine.issued, mine.end) == (0, 4, 7, 10)
    assert (other.cursor, other.issued, other.lease_until) == (10, 10, 0.0)
    assert 0 <= mine.lease_until - await moment(database) <= LEASE_SECONDS
    assert mine.lease_until - await moment(database) > LEASE_SECONDS / 2


async def test_what_was_issued_once_stays_in_doubt_until_the_cursor_passes_it(database: Database) -> None:
    push, claimed = await claimed_of(database)
    for cursor, issued, kept in ((0, 8, 8), (2, 5, 8), (2, 9, 9)):
        await checkpoint(database, claimed, push, cursor, issued)
        assert (await ranges_of(database, push.id))[0].issued == kept


@on_sqlite
@pytest.mark.parametrize(
    ("values", "told"),
    [
        pytest.param({}, (True, True, True, True, False), id="nothing has changed"),
        pytest.param({"state": "paused"}, (False, True, True, False, True), id="the push was paused"),
        pytest.param({"state": "cancelled"}, (False, True, True, False, True), id="the push was cancelled"),
        pytest.param({"audience": {"targets": ["update"]}}, (True, False, True, False, False), id="another audience"),
        pytest.param({"revision": 2}, (True, True, False, False, True), id="another content"),
    ],
)
@pytest.mark.parametrize("records", [(), (Record(chat(1), Mark.SENT, 5),)], ids=["without records", "with records"])
async def test_a_checkpoint_tells_what_has_changed_meanwhile(
    database: Database, values: dict[str, Any], told: tuple[bool, ...], records: tuple[Record, ...]
) -> None:
    push, claimed = await claimed_of(database, revision=1)
    if values:
        await change(database, Push, **values)
    result = await checkpoint(database, claimed, push, 1, 1, *records)
    assert result is not None
    assert (result.running, result.same_audience, result.same_revision, result.go_on, result.overtaken) == told


@pytest.mark.parametrize(
    ("running", "same_audience", "same_revision", "go_on"),
    [(True, True, True, True), (False, True, True, False), (True, False, True, False), (True, True, False, False)],
)
def test_a_range_goes_on_only_while_everything_is_as_it_was(
    running: bool, same_audience: bool, same_revision: bool, go_on: bool
) -> None:
    assert CheckpointResult(running, same_audience, same_revision).go_on is go_on


async def test_a_gone_chat_changes_all_its_topics_and_a_closed_topic_only_itself(database: Database) -> None:
    ids = [*await add_chats(database, -5, thread_id=1), *await add_chats(database, -5, thread_id=2)]
    ids += await add_chats(database, -6, thread_id=1) + await add_chats(database, -6, thread_id=2)
    push, claimed = await claimed_of(database)
    whole = Record(Chat(ids[0], -5, 1, "id"), Mark.GONE, gone=Gone("left", "kicked"))
    topic = Record(Chat(ids[2], -6, 1, "id"), Mark.GONE, gone=Gone("silent", "closed", topic_only=True))
    await checkpoint(database, claimed, push, 4, 4, whole, topic)
    states = [await subscriber_now(database, number) for number in ids]
    assert [row.state for row in states] == ["left", "left", "silent", "active"]
    assert [row.state_reason for row in states] == ["kicked", "kicked", "closed", ""]


async def test_a_corrected_copy_shows_its_new_revision_and_a_failed_one_its_old(database: Database) -> None:
    alert = await add_push(database, state="finished")
    for number in (1, 2, 3):
        await add_delivery(database, alert.id, number, message_id=number * 10, revision=1)
    push, claimed = await claimed_of(database, kind="correction", lane=5, audience=segments.of_copies(alert.id))
    copies = [chat(number, copy=Copy(alert.id, number * 10, 1, False, 5)) for number in (1, 2, 3)]
    outcomes = [
        Record(copies[0], Mark.SENT, 10, revision=2),
        Record(copies[1], Mark.UNKNOWN, wait=5.0, revision=2),
        Record(copies[2], Mark.SENT, None, revision=0),
    ]
    await checkpoint(database, claimed, push, 3, 3, *outcomes)
    rows = await deliveries_of(database, alert.id)
    assert [(rows[number].revision, rows[number].message_id) for number in (1, 2, 3)] == [(2, 10), (1, 20), (0, None)]


async def test_an_overtaken_owner_is_told_so_and_its_outcomes_are_kept(database: Database) -> None:
    push, claimed = await claimed_of(database)
    assert await take_over(database, "other") is not None
    assert await checkpoint(database, claimed, push, 5, 9, Record(chat(1), Mark.SENT, 5)) is None
    (row,) = await ranges_of(database, push.id)
    assert (row.cursor, row.issued, row.owner) == (0, 0, "other")
    assert (await push_now(database, push.id)).sent == 1


@on_sqlite
async def test_recording_nothing_changes_no_counts(database: Database) -> None:
    push, _ = await claimed_of(database)
    await record(database, push.id)
    assert (await push_now(database, push.id)).sent == 0


@on_sqlite
@pytest.mark.parametrize(
    ("done", "rewind", "left"),
    [
        pytest.param(True, False, (4, 4, True), id="worked through"),
        pytest.param(False, False, (4, 4, False), id="left in the middle: nothing is in doubt for the next owner"),
        pytest.param(False, True, (2, 2, False), id="left for an audience that has changed: from its start again"),
    ],
)
async def test_a_released_range_can_be_claimed_by_any_process(
    database: Database, done: bool, rewind: bool, left: tuple[int, int, bool]
) -> None:
    push = await add_push(database, ranges=[(2, 10)], ceiling=10)
    claimed = await claim(database)
    assert claimed is not None
    await checkpoint(database, claimed, push, 4, 8)
    async with database.write() as session:
        await ranges.release(session, claimed, done=done, rewind=rewind)
    (row,) = await ranges_of(database, push.id)
    assert (row.cursor, row.issued, row.done) == left
    assert (row.owner, row.lease_until) == ("", 0.0)
    assert (await claim(database) is None) is done


async def test_an_overtaken_owner_releases_nothing(database: Database) -> None:
    push, claimed = await claimed_of(database)
    await take_over(database, "other")
    async with database.write() as session:
        await ranges.release(session, claimed, done=True)
    (row,) = await ranges_of(database, push.id)
    assert (row.owner, row.done) == ("other", False)


async def test_a_claim_says_what_it_is_for_and_how_far_its_range_is(database: Database) -> None:
    push = await add_push(database, lane=2, ranges=[(3, 9)], ceiling=9)
    await change(database, PushRange, cursor=5, issued=7)
    claimed = await claim(database, "one")
    assert claimed is not None
    assert (claimed.push_id, claimed.lane, claimed.cursor, claimed.issued, claimed.end) == (push.id, 2, 5, 7, 9)
    assert (claimed.fence, claimed.seen_since) == (1, None)
    (row,) = await ranges_of(database, push.id)
    assert (row.owner, row.fence) == ("one", 1)
    assert LEASE_SECONDS / 2 < row.lease_until - await moment(database) <= LEASE_SECONDS


async def test_the_best_lane_is_claimed_first_then_the_oldest_push_then_its_first_range(database: Database) -> None:
    pushes = {}
    for lane, name in ((3, "old broadcast"), (1, "update"), (3, "new broadcast"), (2, "section")):
        pushes[(await add_push(database, lane=lane, ranges=[(0, 5), (5, 9)], ceiling=9)).id] = name
    order = []
    while claimed := await claim(database):
        order.append((pushes[claimed.push_id], claimed.cursor))
        await change(database, PushRange, PushRange.id == claimed.range_id, unsent=False)
    names = ["update", "section", "old broadcast", "new broadcast"]
    assert order == [(name, cursor) for name in names for cursor in (0, 5)]


@on_sqlite
@pytest.mark.parametrize(
    "values",
    [{"state": "draft"}, {"state": "held"}, {"state": "paused"}, {"state": "finished"}, {"not_before": 1e10}],
    ids=lambda values: f"{values}",
)
async def test_only_a_running_push_whose_time_has_come_is_claimed(database: Database, values: dict[str, Any]) -> None:
    await add_push(database, ranges=[(0, 9)], **values)
    assert await claim(database) is None


async def test_the_second_pass_of_one_push_does_not_wait_for_the_first_of_another(database: Database) -> None:
    one, other = await add_push(database, ranges=[(0, 9), (0, 9)]), await add_push(database, ranges=[(0, 9), (9, 18)])
    first = (await ranges_of(database, one.id))[0]
    await change(database, PushRange, PushRange.id == first.id, seen_since=NOW)
    claims = [await claim(database) for _ in range(4)]
    assert [(each.push_id, each.seen_since) for each in claims if each] == [
        *((one.id, NOW), (other.id, None)),
        (other.id, None),
    ]
    await change(database, PushRange, PushRange.id == first.id, done=True)
    last = await claim(database)
    assert last is not None
    assert (last.push_id, last.seen_since) == (one.id, None)


async def test_a_page_skips_chats_that_have_it_however_many_they_are(database: Database) -> None:
    await add_chats(database, *range(1, 13))
    push, claimed = await claimed_of(database, end=12)
    for number in range(1, 11):
        await add_delivery(database, push.id, number)
    assert [each.subscriber_id for each in await page(database, claimed, size=3)] == [11, 12]


async def test_a_page_tells_how_far_it_looked_and_whether_more_follows(database: Database) -> None:
    await add_chats(database, *range(1, 8))
    _, claimed = await claimed_of(database, end=7)
    seen = []
    after, last = 0, False
    while not last:
        async with database.read() as session:
            chats, after, last = await ranges.page(session, claimed, segments.EVERYONE, after, 3)
        seen.append(([each.subscriber_id for each in chats], after, last))
    assert seen == [([1, 2, 3], 3, False), ([4, 5, 6], 6, False), ([7], 7, True)]


async def test_ids_up_to_the_issued_one_are_in_doubt(database: Database) -> None:
    await add_chats(database, *range(1, 6))
    await add_push(database, ranges=[(0, 5)])
    await change(database, PushRange, issued=3)
    claimed = await claim(database)
    assert claimed is not None
    assert [each.doubt for each in await page(database, claimed)] == [True, True, True, False, False]


async def test_a_page_of_copies_brings_what_is_known_of_each(database: Database) -> None:
    await add_chats(database, 71, 72, thread_id=3, language="en")
    alert = await add_push(database, state="finished")
    await add_delivery(database, alert.id, 2, message_id=20, revision=4, photo=True, at=900)
    _, claimed = await claimed_of(database, kind="correction")
    (only,) = await page(database, claimed, segments.of_copies(alert.id, other_than=5))
    assert only == Chat(2, 72, 3, "en", copy=Copy(alert.id, 20, 4, True, 900))


async def test_the_first_pass_pages_only_chats_seen_since(database: Database) -> None:
    for number, days in ((1, 1), (2, 40), (3, 5)):
        await add_chats(database, number, last_seen_at=NOW - timedelta(days=days))
    await add_chats(database, 4)  # never seen
    await add_push(database, ranges=[(0, 4)])
    await change(database, PushRange, seen_since=NOW - timedelta(days=30))
    claimed = await claim(database)
    assert claimed is not None
    assert [each.subscriber_id for each in await page(database, claimed)] == [1, 3]
