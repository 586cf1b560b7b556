"""Audiences: their members, which of them can be reached, and paging."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.audience import segments
from bot.storage.engine import Database
from tests.databases import on_sqlite
from tests.delivery.rows import NOW, add_chats, add_delivery, add_push

PUSH = 999  # a push without deliveries


async def page(
    database: Database, audience: segments.Audience, after: int = 0, until: int = 99, size: int = 99, **more: Any
) -> segments.Page:
    async with database.read() as session:
        return await segments.page(session, audience, more.pop("push_id", PUSH), after, until, size, **more)


async def ids(database: Database, audience: segments.Audience, **more: Any) -> list[int]:
    return [row[0] for row in (await page(database, audience, **more)).rows]


async def count(database: Database, audience: segments.Audience, until: int = 99, without: int | None = None) -> int:
    async with database.read() as session:
        return await segments.count(session, audience, until, without)


async def eight_chats(database: Database) -> None:
    """1 and 2 follow UPDATE, 2 to 5 Dunia, 6 nothing; 4 is silent, 5 blocked; 7 and 8 follow Politik."""
    await add_chats(database, 101, follow=["update"])
    await add_chats(database, 102, follow=["update", "section:dunia"])
    await add_chats(database, 103, follow=["section:dunia"])
    await add_chats(database, 104, follow=["section:dunia"], state="silent")
    await add_chats(database, 105, follow=["section:dunia"], state="blocked")
    await add_chats(database, 106)
    await add_chats(database, 107, 108, follow=["section:politik"])


AUDIENCES = [
    pytest.param(segments.EVERYONE, [1, 2, 3, 6, 7, 8], id="everyone who can be reached"),
    pytest.param(segments.of_targets(["update"]), [1, 2], id="who follows UPDATE"),
    pytest.param(segments.of_targets(["section:dunia"]), [2, 3], id="who follows a section and can be reached"),
    pytest.param(segments.of_targets(["section:dunia", "update"]), [1, 2, 3], id="who follows one of two, once"),
    pytest.param(segments.of_targets(["section:bisnis"]), [], id="a section that nobody follows"),
    pytest.param(segments.of_targets([]), [], id="no target is nobody"),
]


@pytest.mark.parametrize(("audience", "expected"), AUDIENCES)
async def test_an_audience_is_paged_and_counted_alike(
    database: Database, audience: segments.Audience, expected: list[int]
) -> None:
    await eight_chats(database)
    assert await ids(database, audience) == expected
    assert await count(database, audience) == len(expected)


@pytest.mark.parametrize(("audience", "expected"), AUDIENCES[:4])
@pytest.mark.parametrize("size", [1, 2, 3])
@on_sqlite
async def test_pages_of_any_size_hold_everybody_once_and_in_order(
    database: Database, audience: segments.Audience, expected: list[int], size: int
) -> None:
    await eight_chats(database)
    collected, after, last = [], 0, False
    while not last:
        found = await page(database, audience, after=after, size=size)
        collected += [row[0] for row in found.rows]
        assert found.last or found.upto > after
        after, last = found.upto, found.last
    assert collected == expected


@on_sqlite
@pytest.mark.parametrize(("audience", "everybody"), AUDIENCES[:4])
async def test_the_bounds_leave_the_lower_id_out_and_take_the_upper_in(
    database: Database, audience: segments.Audience, everybody: list[int]
) -> None:
    await eight_chats(database)
    low, high = everybody[0], everybody[-1]
    assert await ids(database, audience, after=low, until=high) == everybody[1:]
    assert await ids(database, audience, after=0, until=high - 1) == everybody[:-1]
    assert await count(database, audience, until=high - 1) == len(everybody) - 1


async def test_a_row_says_where_the_message_goes(database: Database) -> None:
    await add_chats(database, -5, thread_id=7, language="en", follow=["update"])
    for audience in (segments.EVERYONE, segments.of_targets(["update"])):
        ((*place, silent),) = (await page(database, audience)).rows
        assert (place, bool(silent)) == ([1, -5, 7, "en"], False)


@pytest.mark.parametrize("audience", [segments.EVERYONE, segments.of_targets(["section:dunia"])])
async def test_a_chat_with_an_outcome_of_the_push_is_left_out(database: Database, audience: segments.Audience) -> None:
    await eight_chats(database)
    push, other = await add_push(database), await add_push(database)
    await add_delivery(database, push.id, 2)
    await add_delivery(database, other.id, 3)
    assert 2 not in await ids(database, audience, push_id=push.id)
    assert 3 in await ids(database, audience, push_id=push.id)
    assert await count(database, audience, without=push.id) == await count(database, audience) - 1


async def test_a_page_of_chats_that_all_have_the_push_is_empty_and_not_the_last(database: Database) -> None:
    await add_chats(database, *range(1, 6), follow=["update"])
    push = await add_push(database)
    for number in (1, 2):
        await add_delivery(database, push.id, number)
    for audience in (segments.EVERYONE, segments.of_targets(["update"])):
        found = await page(database, audience, size=2, push_id=push.id)
        assert (found.rows, found.upto, found.last) == ([], 2, False)


@on_sqlite
async def test_an_empty_page_covers_its_whole_range(database: Database) -> None:
    for audience in (segments.EVERYONE, segments.of_targets(["update"]), segments.of_copies(1)):
        found = await page(database, audience, until=50)
        assert (found.rows, found.upto, found.last) == ([], 50, True)


async def test_followers_who_cannot_be_reached_do_not_end_the_paging(database: Database) -> None:
    await add_chats(database, 1, 2, follow=["update"], state="blocked")
    await add_chats(database, 3, follow=["update"])
    found = await page(database, segments.of_targets(["update"]), size=2)
    assert (found.rows, found.upto, found.last) == ([], 2, False)
    assert await ids(database, segments.of_targets(["update"]), after=found.upto) == [3]


@on_sqlite
async def test_seen_since_limits_a_page_to_recently_active_chats(database: Database) -> None:
    since = NOW - timedelta(days=30)
    for number, seen in ((1, since), (2, since - timedelta(seconds=1)), (3, None), (4, NOW)):
        await add_chats(database, number, follow=["update"], last_seen_at=seen)
    for audience in (segments.EVERYONE, segments.of_targets(["update"])):
        assert await ids(database, audience, seen_since=since) == [1, 4]


async def copies(database: Database) -> int:
    """An alert: 1 and 4 show revision 1, 2 revision 2; 3 is gone, 5 has an unknown number, 6 is blocked, 7 silent."""
    for number, state in enumerate(["active"] * 5 + ["blocked", "silent"], 1):
        await add_chats(database, 100 + number, state=state)
    alert = await add_push(database, state="finished")
    for number, message_id, revision in (
        *((1, 10, 1), (2, 20, 2), (3, None, 1), (4, 40, 1)),
        *((5, 0, 1), (6, 60, 1), (7, 70, 1)),
    ):
        await add_delivery(
            database, alert.id, number, message_id=message_id, revision=revision, photo=number == 4, at=9
        )
    await add_delivery(database, (await add_push(database)).id, 3)
    return alert.id


@pytest.mark.parametrize(
    ("other_than", "expected"),
    [
        pytest.param(0, [1, 2, 4, 7], id="all copies, even where we may not write any more"),
        pytest.param(2, [1, 4, 7], id="but for those that show the revision already"),
        pytest.param(1, [2], id="of whatever revision it is"),
    ],
)
async def test_copies_are_the_messages_that_a_chat_still_has(
    database: Database, other_than: int, expected: list[int]
) -> None:
    audience = segments.of_copies(await copies(database), other_than=other_than)
    assert await ids(database, audience) == expected
    assert await count(database, audience) == len(expected)


async def test_a_row_of_a_copy_has_its_message_revision_photo_and_time(database: Database) -> None:
    audience = segments.of_copies(await copies(database))
    rows = {row[0]: tuple(row) for row in (await page(database, audience)).rows}
    assert rows[1] == (1, 101, 0, "id", 10, 1, False, 9)
    assert rows[4] == (4, 104, 0, "id", 40, 1, True, 9)


async def test_copies_are_paged_between_bounds_too(database: Database) -> None:
    audience = segments.of_copies(await copies(database))
    assert await ids(database, audience, after=1, until=4) == [2, 4]
    assert await count(database, audience, until=4) == 3
    found = await page(database, audience, size=2)
    assert ([row[0] for row in found.rows], found.upto, found.last) == ([1, 2], 2, False)


async def test_the_ceiling_is_the_highest_subscriber_id(database: Database) -> None:
    async with database.read() as session:
        assert await segments.ceiling(session) == 0
    await add_chats(database, 900, 100, state="blocked")
    async with database.read() as session:
        assert await segments.ceiling(session) == 2


@on_sqlite
@pytest.mark.parametrize(
    ("audience", "limit", "larger"),
    [
        pytest.param(segments.EVERYONE, 7, True, id="more than so many chats, reachable or not"),
        pytest.param(segments.EVERYONE, 8, False, id="exactly so many"),
        pytest.param(segments.of_targets(["update"]), 1, True, id="more followers"),
        pytest.param(segments.of_targets(["update"]), 2, False, id="exactly so many followers"),
        pytest.param(segments.of_targets(["update", "section:dunia"]), 5, True, id="followers of both count twice"),
        pytest.param(segments.of_targets(["update", "section:dunia"]), 6, False, id="and no more than that"),
        pytest.param(segments.of_copies(1), 0, False, id="copies never"),
        pytest.param(segments.of_targets([]), 0, False, id="nobody is not many"),
    ],
)
async def test_is_larger_compares_the_audience_with_the_limit(
    database: Database, audience: segments.Audience, limit: int, larger: bool
) -> None:
    await eight_chats(database)
    async with database.read() as session:
        assert await segments.is_larger(session, audience, limit) is larger


def test_an_audience_is_the_same_whatever_the_order_of_its_targets() -> None:
    assert segments.of_targets(["update", "section:dunia"]) == segments.of_targets(["section:dunia", "update"])
    assert segments.of_targets(["b", "a"]) == {"targets": ["a", "b"]}
    assert segments.of_copies(7) == {"copies_of": 7, "other_than": 0}
    assert segments.of_copies(7, other_than=3) == {"copies_of": 7, "other_than": 3}


CHATS = st.lists(
    st.tuples(st.sampled_from(["active", "active", "blocked"]), st.sets(st.sampled_from(["update", "section:dunia"]))),
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chats=CHATS, size=st.integers(1, 4), has=st.sets(st.integers(0, 11)))
@on_sqlite
async def test_all_pages_together_are_the_audience_without_chats_that_have_the_push(
    database: Database, chats: list[tuple[str, set[str]]], size: int, has: set[int]
) -> None:
    owners: list[tuple[int, str, set[str]]] = []
    async with database.read() as session:
        start = await segments.ceiling(session)  # leave out the rows of earlier examples
    for number, (state, targets) in enumerate(chats):
        (subscriber,) = await add_chats(database, 1000 + start + number, state=state, follow=sorted(targets))
        owners.append((subscriber, state, targets))
    push = await add_push(database)
    for number in has:
        if number < len(owners):
            await add_delivery(database, push.id, owners[number][0])
    audience = segments.of_targets(["update", "section:dunia"])
    collected, after, last = [], start, False
    while not last:
        found = await page(database, audience, after=after, until=10**6, size=size, push_id=push.id)
        collected += [row[0] for row in found.rows]
        after, last = found.upto, found.last
    assert collected == [
        subscriber
        for number, (subscriber, state, targets) in enumerate(owners)
        if state == "active" and targets and number not in has
    ]
