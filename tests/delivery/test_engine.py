"""What a push does when the wire misbehaves. Each fault is met once by the real bot."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import select

from bot.audience import subscriptions
from bot.delivery import courier, ranges
from bot.delivery.budget import Window
from bot.delivery.outcomes import Mark
from bot.storage.models import Delivery, Subscriber
from tests.delivery.steps import announce, finished, got, register, state_of
from tests.wire import OLIVER, PATIENCE, SARI, Kabar


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tries again after tenths of a second instead of several."""
    monkeypatch.setattr(courier, "UNKNOWN_BACKOFF", 0.1)
    yield


@pytest.mark.parametrize("kind", ["reset_before", "html_502", "html_504", "error_500"])
async def test_a_send_that_got_no_word_is_tried_again_and_arrives_once(kabar: Kabar, kind: str) -> None:
    async with kabar.running(roles=("deliver",)):
        await register(kabar, SARI, OLIVER)
        kabar.world.fail("sendMessage", SARI, kind=kind, times=2)
        push = await finished(kabar, await announce(kabar))
    assert (got(kabar, SARI), got(kabar, OLIVER)) == (1, 1)
    assert (push.sent, push.doubled) == (2, 1)  # it might have been: nobody can know


async def test_a_send_whose_answer_was_lost_is_counted_as_possibly_doubled(kabar: Kabar) -> None:
    async with kabar.running(roles=("deliver",)):
        await register(kabar, SARI, OLIVER)
        kabar.world.fail("sendMessage", SARI, kind="reset_after")
        push = await finished(kabar, await announce(kabar))
    assert (got(kabar, SARI), got(kabar, OLIVER)) == (2, 1)
    assert (push.sent, push.doubled) == (2, 1)


async def test_a_send_that_is_never_answered_is_given_up_after_four_more_tries(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(9)]
    async with kabar.running(roles=("deliver",)):
        await register(kabar, SARI, *readers)
        kabar.world.fail("sendMessage", SARI, kind="reset_before", times=99)
        push = await finished(kabar, await announce(kabar))
    assert (push.sent, push.lost) == (9, 1)
    assert kabar.world.faults[0].times == 99 - 1 - courier.TRIES


async def test_a_flood_wait_for_one_chat_holds_up_nobody_else(kabar: Kabar) -> None:
    async with kabar.running(roles=("deliver",)):
        await register(kabar, SARI, OLIVER)
        kabar.world.fail("sendMessage", SARI, kind="flood", retry_after=2)
        push_id = await announce(kabar)
        await kabar.world.wait_for(OLIVER, "Kabar uji")
        assert got(kabar, SARI) == 0
        push = await finished(kabar, push_id)
    assert (got(kabar, SARI), push.sent, push.doubled) == (1, 2, 0)


async def test_a_wait_of_hours_is_a_row_and_not_a_sleep(kabar: Kabar) -> None:
    async with kabar.running(roles=("deliver",)) as process:
        await register(kabar, SARI, OLIVER)
        kabar.world.fail("sendMessage", SARI, kind="flood", retry_after=43_837)
        push_id = await announce(kabar)
        await kabar.world.wait_for(OLIVER, "Kabar uji")
        await asyncio.sleep(0.5)
        async with process.database.read() as session:
            row = await session.scalar(
                select(Delivery).where(Delivery.push_id == push_id, Delivery.not_before.is_not(None))
            )
            clock = await session.moment()
    assert row is not None
    assert row.outcome == Mark.WAITING
    assert 43_000 < (row.not_before or 0) - clock < 43_838


async def test_a_flood_wait_of_two_chats_stops_the_whole_bot(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(30)]
    async with kabar.running(roles=("deliver",)):
        await register(kabar, SARI, OLIVER, *readers)
        for chat in (SARI, OLIVER):
            kabar.world.fail("sendMessage", chat, kind="flood", retry_after=2)
        push = await finished(kabar, await announce(kabar))
    times = sorted(call["at"] for call in kabar.world.calls("sendMessage"))
    longest = max(later - earlier for earlier, later in pairwise(times))
    assert longest > 1.5, [round(at - times[0], 2) for at in times]
    assert (push.sent, push.doubled) == (32, 0)


async def test_every_way_of_being_gone_becomes_the_right_state_and_costs_one_try(kabar: Kabar) -> None:
    world = kabar.world
    blocked, deactivated = world.add_user("A"), world.add_user("B")
    kicked, left, silent = (world.add_group(name, members=[SARI]) for name in "CDE")
    async with kabar.running(roles=("deliver",)):
        await register(kabar, SARI, blocked, deactivated, kicked, left, silent)
        world.chats[blocked].blocked = True
        world.deactivate(deactivated)
        world.kick(kicked)
        world.kick(left, "left")
        world.chats[silent].silent = True
        first = await finished(kabar, await announce(kabar))
        tries = len(world.calls("sendMessage"))
        second = await finished(kabar, await announce(kabar))
        states = [await state_of(kabar, chat) for chat in (blocked, deactivated, kicked, left, silent)]
    assert states == ["blocked", "blocked", "left", "left", "silent"]
    assert (first.sent, first.gone, second.total, second.sent) == (1, 5, 1, 1)
    assert len(world.calls("sendMessage")) == tries + 1


async def test_a_closed_topic_leaves_the_rest_of_the_group(kabar: Kabar) -> None:
    group = kabar.world.add_group("Forum", members=[SARI])
    topics = [kabar.world.add_topic(group, name) for name in ("satu", "dua")]
    async with kabar.running(roles=("deliver",), chat_rate=False):
        for topic in topics:
            await register(kabar, group, thread=topic)
        kabar.world.close_topic(group, topics[0])
        push = await finished(kabar, await announce(kabar))
        states = [await state_of(kabar, group, topic) for topic in topics]
    assert states == ["silent", "active"]
    assert (push.sent, push.gone) == (1, 1)
    assert kabar.world.from_bot(group)[-1]["message_thread_id"] == topics[1]


async def test_an_upgraded_group_is_moved_and_gets_the_message_at_once(kabar: Kabar) -> None:
    group = kabar.world.add_group("Warung", members=[SARI], supergroup=False)
    async with kabar.running(roles=("deliver",)):
        await register(kabar, group)
        new = kabar.world.upgrade_group(group)
        push = await finished(kabar, await announce(kabar))
        assert await state_of(kabar, new) == "active"
    assert (push.sent, got(kabar, new)) == (1, 1)


async def test_an_update_overtakes_running_broadcasts_which_go_on_afterwards(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(60)]
    async with kabar.running(send_rate=20, roles=("deliver", "ingest")) as process:
        await register(kabar, SARI, *readers)
        async with process.database.write() as session:
            sari = await session.scalar(select(Subscriber).filter_by(chat_id=SARI))
            assert sari is not None
            await subscriptions.follow(session, sari.id, "update")
        await kabar.primed()
        first, second = await announce(kabar), await announce(kabar)  # one for each range that is worked on at once
        await kabar.until(lambda: sum(kabar.world.sent_to.values()) >= 8)
        kabar.press.publish("update", 10001, "Yang mendesak")
        await kabar.world.wait_for(SARI, "Yang mendesak", timeout=PATIENCE)
        assert sum(got(kabar, reader) for reader in readers) < len(readers)  # half of what the broadcasts bring
        done = [await finished(kabar, push_id) for push_id in (first, second)]
    assert [push.sent for push in done] == [61, 61]
    assert all(got(kabar, reader) == 2 for reader in readers)


async def test_a_mistake_of_ours_in_the_pump_is_told_and_the_range_is_taken_up_again(
    kabar: Kabar, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ranges, "LEASE_SECONDS", 1.0)
    wait, mistakes = Window.wait, [RuntimeError("a mistake")]

    def mistaken(self: Window, now: float) -> float:
        if mistakes:
            raise mistakes.pop()
        return wait(self, now)

    async with kabar.running(roles=("deliver",)):
        await register(kabar, SARI, OLIVER)
        monkeypatch.setattr(Window, "wait", mistaken)
        push = await finished(kabar, await announce(kabar))
    assert (got(kabar, SARI), got(kabar, OLIVER), push.sent) == (1, 1, 2)
    assert "step_failed" in caplog.text
