from bot.delivery.brake import Brake
from bot.delivery.outcomes import Mark


def reason(*marks: Mark, total: int = 1000) -> Mark | None:
    brake = Brake()
    for mark in marks:
        brake.note(mark)
    return brake.reason(total)


def test_a_message_that_everybody_refuses_is_stopped_after_three() -> None:
    assert reason(Mark.REFUSED, Mark.REFUSED) is None
    assert reason(Mark.REFUSED, Mark.REFUSED, Mark.REFUSED) == Mark.REFUSED


def test_the_refusal_of_one_chat_does_not_stop_a_push() -> None:
    assert reason(Mark.SENT, Mark.SENT, Mark.REFUSED) is None


def test_chats_that_are_gone_do_not_stop_a_push() -> None:
    assert reason(*[Mark.GONE] * 50) is None


def test_half_of_the_last_two_hundred_is_not_over_half() -> None:
    assert reason(*[Mark.SENT, Mark.UNKNOWN] * 100) is None
    assert reason(*[Mark.SENT, Mark.UNKNOWN] * 100, Mark.UNKNOWN, Mark.UNKNOWN) == Mark.UNKNOWN


def test_few_failures_do_not_stop_a_push_and_many_do() -> None:
    assert reason(*[Mark.UNKNOWN] * 19) is None
    assert reason(*[Mark.UNKNOWN] * 20) == Mark.UNKNOWN


def test_retries_of_one_chat_do_not_stop_a_push() -> None:
    brake = Brake()
    for _ in range(50):
        brake.note(Mark.UNKNOWN, again=True)
    assert brake.reason(1000) is None


def test_two_reasons_do_not_add_up() -> None:
    assert reason(*[Mark.UNKNOWN, Mark.REFUSED, Mark.SENT] * 60) is None


def test_a_push_to_one_chat_stops_at_its_one_refusal() -> None:
    assert reason(Mark.REFUSED, total=1) == Mark.REFUSED


def test_chats_that_wait_have_not_been_tried() -> None:
    assert reason(*[Mark.WAITING] * 50) is None
    assert reason(Mark.REFUSED, Mark.REFUSED, Mark.REFUSED, *[Mark.WAITING] * 50) == Mark.REFUSED


def test_only_the_last_two_hundred_sends_are_looked_at() -> None:
    assert reason(Mark.UNKNOWN, *[Mark.UNKNOWN, Mark.SENT] * 100) is None
    assert reason(*[Mark.SENT] * 500, *[Mark.UNKNOWN] * 101) == Mark.UNKNOWN


def test_exactly_half_is_not_most() -> None:
    assert reason(*[Mark.UNKNOWN, Mark.SENT] * 20) is None


def test_the_most_frequent_reason_stops_nothing_while_it_is_not_over_half() -> None:
    assert reason(*[Mark.UNKNOWN] * 50, *[Mark.REFUSED] * 40, *[Mark.SENT] * 40) is None


def test_the_window_is_cleared_only_when_a_reason_was_returned() -> None:
    brake = Brake()
    for _ in range(30):
        brake.note(Mark.SENT)
    assert brake.reason(1000) is None
    for _ in range(3):
        brake.note(Mark.REFUSED)
    assert brake.reason(1000) is None  # three of thirty-three
    stopped = Brake()
    for _ in range(3):
        stopped.note(Mark.REFUSED)
    assert [stopped.reason(1000) for _ in range(2)] == [Mark.REFUSED, None]


def test_a_push_without_sends_is_not_stopped() -> None:
    assert reason() is None
