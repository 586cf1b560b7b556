"""The pace of one chat: one message a second, and twenty a minute to a group."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.budget import ChatPace, Window, pace_of

PERSON, OTHER, GROUP = 1001, 1002, -1001


def send_all(pace: ChatPace, chat: int, count: int, start: float = 100.0) -> list[float]:
    """When `count` messages to the chat go out, each as soon as it may."""
    now, sent = start, []
    for _ in range(count):
        while wait := pace.wait(chat, now):
            now += wait
        sent.append(now)
    return sent


@pytest.mark.parametrize("chat", [PERSON, GROUP])
def test_a_chat_gets_one_message_a_second(chat: int) -> None:
    assert send_all(ChatPace(), chat, 4) == [100.0, 101.0, 102.0, 103.0]


def test_a_group_gets_twenty_messages_a_minute_and_then_waits_for_the_first_to_be_a_minute_old() -> None:
    sent = send_all(ChatPace(), GROUP, 42)
    assert sent[:20] == [100.0 + second for second in range(20)]
    assert sent[20:22] == [160.0, 161.0]
    assert sent[40] == 220.0


def test_a_person_may_get_more_than_twenty_a_minute() -> None:
    assert send_all(ChatPace(), PERSON, 42)[-1] == 141.0


def test_one_chat_does_not_wait_for_another() -> None:
    pace = ChatPace()
    assert [pace.wait(chat, 100.0) for chat in (PERSON, OTHER, GROUP)] == [0.0, 0.0, 0.0]


def test_asking_takes_a_place_only_where_it_is_free() -> None:
    pace = ChatPace()
    assert [pace.wait(PERSON, now) for now in (100.0, 100.25, 100.5, 101.0)] == [0.0, 0.75, 0.5, 0.0]


def test_twenty_answers_to_a_group_leave_a_push_nothing_of_that_minute() -> None:
    pace = ChatPace()
    assert [pace.turn(GROUP, 100.0 + number) for number in range(20)] == [0.0] * 20
    assert pace.wait(GROUP, 130.0) == 30.0
    assert pace.wait(GROUP, 160.0) == 0.0


def test_the_twenty_first_answer_to_a_group_waits_for_the_first_to_be_a_minute_old() -> None:
    pace = ChatPace()
    for number in range(20):
        pace.turn(GROUP, 100.0 + number)
    assert pace.turn(GROUP, 130.0) == 30.0  # at 160
    assert pace.turn(GROUP, 130.0) == 31.0


@pytest.mark.parametrize("chat", [PERSON, GROUP])
def test_five_answers_go_at_once_and_then_one_a_second(chat: int) -> None:
    pace = ChatPace()
    assert [pace.turn(chat, 100.0) for _ in range(8)] == [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0]
    assert pace.turn(OTHER, 100.0) == 0.0
    assert [pace.turn(chat, 106.0) for _ in range(4)] == [0.0, 0.0, 0.0, 1.0]  # three have become free since 103


def test_an_answer_delays_the_push_to_its_chat_by_a_second() -> None:
    pace = ChatPace()
    pace.turn(PERSON, 100.0)
    assert (pace.wait(PERSON, 100.25), pace.wait(OTHER, 100.25)) == (0.75, 0.0)


def test_chats_of_more_than_a_minute_ago_are_forgotten_and_later_ones_are_not() -> None:
    pace = ChatPace()
    for number in range(1, 1000):
        pace.wait(number, 100.0)
    send_all(pace, GROUP, 20, start=110.0)
    pace.wait(PERSON, 165.0)  # the first sweep that finds the thousand a minute old
    assert len(pace._sent) < 5
    assert pace.wait(GROUP, 169.0) == 1.0


@given(
    st.lists(st.tuples(st.sampled_from([PERSON, GROUP]), st.floats(0, 8), st.booleans()), min_size=20, max_size=150),
)
def test_whatever_is_asked_when_a_chats_limits_hold(asked: list[tuple[int, float, bool]]) -> None:
    pace, now = ChatPace(), 1000.0
    sent: dict[int, list[float]] = {PERSON: [], GROUP: []}
    for chat, later, is_answer in asked:
        now += later
        earlier = sent[chat]
        if is_answer:
            at = now + pace.turn(chat, now)
            assert len(earlier) < 5 or at - earlier[-5] >= 1
            assert chat > 0 or len(earlier) < 20 or at - earlier[-20] >= 60 - 1e-6
            earlier.append(at)
        elif pace.wait(chat, now) == 0.0:
            assert not earlier or now - earlier[-1] >= 1 - 1e-6
            assert chat > 0 or len(earlier) < 20 or now - earlier[-20] >= 60 - 1e-6
            earlier.append(now)


@pytest.mark.parametrize(
    ("rate", "pace"), [(0, 0), (1, 0.5), (2, 1), (30, 29), (100, 98.5), (1000, 985)], ids=lambda value: f"{value}"
)
def test_pushes_keep_one_a_second_and_a_little_of_the_rate_free(rate: float, pace: float) -> None:
    assert pace_of(rate) == pace


def test_a_window_without_a_rate_never_waits() -> None:
    window = Window(0)
    window.note(5.0)
    assert [window.wait(5.0) for _ in range(100)] == [0.0] * 100


def test_a_window_is_full_at_the_rate_and_a_little_longer_than_a_second() -> None:
    window = Window(10)
    assert [window.wait(5.0) for _ in range(10)] == [0.0] * 10
    wait = window.wait(5.0)
    assert 1.05 < wait < 1.1  # 1 + 0.6 of the ninth by which ten exceed the pace of nine
    assert window.wait(5.0 + wait - 0.001) > 0
    assert window.wait(5.0 + wait) == 0.0


def test_asking_a_full_window_again_takes_no_place() -> None:
    window = Window(1)
    assert window.wait(5.0) == 0.0
    waits = [window.wait(now) for now in (5.5, 6.0)]
    assert waits[0] - waits[1] == pytest.approx(0.5)


async def test_a_turn_waits_for_its_place_and_takes_it() -> None:
    window = Window(1)
    await window.turn()
    assert window.wait(time.monotonic()) > 0.9
