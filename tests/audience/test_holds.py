"""Whether an alert rings, comes silently, is held, or goes nowhere, as a page of its audience decides it."""

import pytest

from bot.audience import segments, subscribers, subscriptions
from bot.audience.quiet import STALE_SECONDS
from bot.audience.segments import Alert
from bot.storage.engine import Database
from bot.storage.models import Sound, Subscription
from tests.audience.test_segments import count, page
from tests.delivery.rows import add_chats, change, moment

DUNIA = segments.of_targets(["section:dunia"])
BOTH = segments.of_targets(["update", "section:dunia"])


async def rows(database: Database, audience: segments.Audience, alert: Alert | None = None) -> dict[int, bool]:
    """Who gets the push, by subscriber id, and whether silently."""
    return {row[0]: bool(row[4]) for row in (await page(database, audience, alert=alert)).rows}


async def test_the_loudest_of_what_a_chat_follows_decides_the_sound(database: Database) -> None:
    for number, (update, dunia) in enumerate(
        [(Sound.LOUD, Sound.SILENT), (Sound.SILENT, Sound.SILENT), (None, Sound.SILENT), (None, Sound.LOUD)], 1
    ):
        await add_chats(database, number)
        async with database.write() as session:
            for target, sound in (("update", update), ("section:dunia", dunia)):
                if sound is not None:
                    await subscriptions.follow(session, number, target, sound)
    assert await rows(database, DUNIA) == {1: True, 2: True, 3: True, 4: False}
    assert await rows(database, BOTH) == {1: False, 2: True, 3: True, 4: False}
    assert await rows(database, segments.EVERYONE) == {1: False, 2: False, 3: False, 4: False}


async def test_an_update_rings_and_a_section_does_not_until_the_reader_says_otherwise(database: Database) -> None:
    await add_chats(database, 1)
    async with database.write() as session:
        await subscriptions.follow(session, 1, "update")
        await subscriptions.follow(session, 1, "section:dunia")
        assert await subscriptions.sounds(session, 1) == {"update": Sound.LOUD, "section:dunia": Sound.SILENT}
        await subscriptions.set_sound(session, 1, "section:dunia", Sound.LOUD)
        await subscriptions.follow(session, 1, "section:dunia")
        await subscriptions.replace(session, 1, {"section:dunia", "section:politik"})
        await subscriptions.set_sound(session, 1, "section:bisnis", Sound.LOUD)
        assert await subscriptions.sounds(session, 1) == {
            "section:dunia": Sound.LOUD,
            "section:politik": Sound.SILENT,
        }


async def test_who_stopped_everything_gets_nothing_and_keeps_what_was_chosen(database: Database) -> None:
    await add_chats(database, 1, 2, follow=["section:dunia"])
    async with database.write() as session:
        await subscribers.set_paused(session, 1, True)
        assert await subscriptions.following(session, 1) == {"section:dunia"}
    for audience in (DUNIA, segments.EVERYONE):
        assert list(await rows(database, audience)) == [2]
        assert await count(database, audience) == 1
    async with database.write() as session:
        await subscribers.set_paused(session, 1, False)
    assert list(await rows(database, DUNIA)) == [1, 2]


# (the hold's start and end, and the end of the last one, in seconds from now; the exception; the alert's age; comes?)
HOLDS = [
    pytest.param(None, None, 0, False, 5, True, id="without a hold"),
    pytest.param(60, 3600, 0, False, 5, True, id="before the hold begins"),
    pytest.param(-60, 3600, 0, False, 5, False, id="during the hold"),
    pytest.param(-60, 3600, 0, False, 600, False, id="though the alert began before it"),
    pytest.param(-3600, -30, 0, False, 60, False, id="after it, what began in it"),
    pytest.param(-3600, -30, 0, False, 5, True, id="after it, what began after it"),
    pytest.param(-9999, -STALE_SECONDS - 60, 0, False, 5, False, id="while the recap is over an hour late"),
    pytest.param(3600, 7200, -30, False, 60, False, id="what the last recap brought or its push would now"),
    pytest.param(3600, 7200, -30, False, 5, True, id="what began after the last recap's hold"),
    pytest.param(None, None, 9999, False, 60, True, id="a recap in the future, of a clock that was set back"),
    pytest.param(-60, 3600, 0, True, 5, "update", id="an UPDATE comes during the hold if wished"),
    pytest.param(-3600, -30, 0, True, 60, "update", id="and after it"),
]


@pytest.mark.parametrize(("start", "end", "last", "exception", "age", "comes"), HOLDS)
async def test_a_hold_keeps_what_its_recap_brings_and_nothing_else(
    database: Database, start: float | None, end: float | None, last: float, exception: bool, age: float, comes: object
) -> None:
    now = await moment(database)
    hold = {} if start is None or end is None else {"hold_from": now + start, "hold_until": now + end}
    recapped = now + last if last else 0.0
    await add_chats(database, 1, follow=["update"], recapped_to=recapped, quiet_update=exception, **hold)
    update = segments.of_targets(["update"])
    for is_update in (True, False):
        alert = Alert(is_update, now - age)
        wanted = [1] if comes is True or (comes == "update" and is_update) else []
        assert list(await rows(database, update, alert)) == wanted
        async with database.read() as session:
            assert await segments.count(session, update, 99, None, alert) == len(wanted)


async def test_a_broadcast_comes_silently_while_it_is_quiet(database: Database) -> None:
    now = await moment(database)
    for number, (start, end) in enumerate([(-60, 60), (60, 120), (-120, -60)], 1):
        await add_chats(database, number, hold_from=now + start, hold_until=now + end)
    await add_chats(database, 4)
    assert await rows(database, segments.EVERYONE) == {1: True, 2: False, 3: False, 4: False}


async def test_what_is_tried_again_is_silent_as_the_choices_say(database: Database) -> None:
    now = await moment(database)
    quiet = {"hold_from": now - 60, "hold_until": now + 60}
    await add_chats(database, 1, 2, follow=["update"])
    await add_chats(database, 3, follow=["update"], **quiet)
    await add_chats(database, 4, follow=["update"], quiet_update=True, **quiet)
    await change(database, Subscription, Subscription.subscriber_id == 2, sound=Sound.SILENT)
    update = segments.of_targets(["update"])
    async with database.read() as session:
        assert await segments.silent(session, update, [1, 2, 3, 4], is_update=True) == {2, 3}
        assert await segments.silent(session, update, [1, 2, 3, 4], is_update=False) == {2, 3, 4}
        assert await segments.silent(session, segments.EVERYONE, [1, 2, 3, 4], is_update=False) == {3, 4}
