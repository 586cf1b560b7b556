import pytest

from bot.audience.subscribers import BLOCKED, LEFT, SILENT
from bot.delivery.outcomes import Gone, Moved, Outcome, Refused, Sent, Unknown, Wait, classify


def refusal(code: int, description: str, **parameters: int) -> Outcome:
    return classify(code, {"ok": False, "error_code": code, "description": description, "parameters": parameters})


def test_a_taken_message_is_sent() -> None:
    assert classify(200, {"ok": True, "result": {"message_id": 7}}) == Sent(7)


@pytest.mark.parametrize(
    ("code", "description", "state"),
    [
        (403, "Forbidden: bot was blocked by the user", BLOCKED),
        (403, "Forbidden: user is deactivated", BLOCKED),
        (403, "Forbidden: bot can't initiate conversation with a user", BLOCKED),
        (403, "Forbidden: bot was kicked from the supergroup chat", LEFT),
        (403, "Forbidden: bot is not a member of the channel chat", LEFT),
        (403, "Forbidden: the group chat was deleted", LEFT),
        (400, "Bad Request: chat not found", LEFT),
        (400, "Bad Request: PEER_ID_INVALID", LEFT),
        (400, "Bad Request: not enough rights to send text messages to the chat", SILENT),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", SILENT),
        (400, "Bad Request: need administrator rights in the channel chat", SILENT),
        (403, "Forbidden: something new", LEFT),
    ],
)
def test_a_chat_that_cannot_be_reached_is_gone_and_says_why(code: int, description: str, state: str) -> None:
    assert refusal(code, description) == Gone(state, description)


@pytest.mark.parametrize("description", ["Bad Request: TOPIC_CLOSED", "Bad Request: message thread not found"])
def test_a_closed_topic_is_not_the_whole_group(description: str) -> None:
    assert refusal(400, description) == Gone(SILENT, description, topic_only=True)


def test_an_upgraded_group_names_where_it_went() -> None:
    text = "Bad Request: group chat was upgraded to a supergroup chat"
    assert refusal(400, text, migrate_to_chat_id=-1005) == Moved(-1005)


@pytest.mark.parametrize("seconds", [1, 35, 43_837])
def test_a_flood_wait_is_waited_out_as_long_as_asked(seconds: int) -> None:
    text = f"Too Many Requests: retry after {seconds}"
    assert refusal(429, text, retry_after=seconds) == Wait(seconds, text, flood=True)


@pytest.mark.parametrize(
    "description",
    [
        "Bad Request: failed to get HTTP URL content",
        "Bad Request: wrong type of the web page content",
        "Bad Request: wrong remote file identifier specified: can't unserialize it. Wrong last symbol",
        "Bad Request: PHOTO_INVALID_DIMENSIONS",
    ],
)
def test_a_refused_photo_is_not_a_refused_message(description: str) -> None:
    assert refusal(400, description) == Refused(description, photo=True)


@pytest.mark.parametrize("description", ["Bad Request: message is too long", "Bad Request: BUTTON_DATA_INVALID"])
def test_any_other_400_is_about_the_message(description: str) -> None:
    assert refusal(400, description) == Refused(description, photo=False)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (502, None),
        (200, None),
        (500, {"ok": False, "error_code": 500, "description": "Internal Server Error"}),
    ],
)
def test_an_answer_that_says_nothing_is_unknown(status: int, answer: dict[str, object] | None) -> None:
    assert isinstance(classify(status, answer), Unknown)


def test_a_refused_token_is_waited_out_and_blamed_on_no_chat() -> None:
    assert isinstance(refusal(401, "Unauthorized"), Wait)


@pytest.mark.parametrize("answer", [{}, {"ok": True}, {"ok": True, "result": []}, {"ok": False, "parameters": 7}])
def test_a_strange_answer_makes_it_fail_no_more_than_an_ordinary_one(answer: dict[str, object]) -> None:
    assert isinstance(classify(200, answer), Sent | Refused)
