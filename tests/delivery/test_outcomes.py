from dataclasses import replace

import pytest

from bot.audience.subscribers import BLOCKED, LEFT, SILENT
from bot.delivery.outcomes import Gone, Missing, Moved, Outcome, Refused, Sent, Unknown, Wait, classify


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


@pytest.mark.parametrize(
    "description",
    ["Bad Request: not enough rights to send photos to the chat", "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN"],
)
def test_a_chat_that_takes_no_photos_is_not_gone(description: str) -> None:
    assert refusal(400, description) == Refused(description, here=True)


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


@pytest.mark.parametrize(
    ("description", "outcome"),
    [
        ("Forbidden: user is deactivated", Gone(BLOCKED, "")),
        ("Forbidden: bot can't send messages to bots", Gone(BLOCKED, "")),
        ("Bad Request: user_deleted", Gone(LEFT, "")),
        ("Bad Request: CHAT_ID_INVALID", Gone(LEFT, "")),
        ("Bad Request: CHANNEL_PRIVATE", Gone(LEFT, "")),
        ("Bad Request: group chat was deactivated", Gone(LEFT, "")),
        ("Bad Request: have no rights to send a message", Gone(SILENT, "")),
        ("Bad Request: CHAT_SEND_PLAIN_FORBIDDEN", Gone(SILENT, "")),
        ("Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN", Refused("", here=True)),
        ("Bad Request: CHAT_RESTRICTED", Gone(SILENT, "")),
        ("Bad Request: USER_BANNED_IN_CHANNEL", Gone(SILENT, "")),
        ("Bad Request: CHAT_ADMIN_REQUIRED", Gone(SILENT, "")),
        ("Bad Request: TOPIC_DELETED", Gone(SILENT, "", topic_only=True)),
        ("Bad Request: topic closed", Gone(SILENT, "", topic_only=True)),
        ("Bad Request: topic not found", Gone(SILENT, "", topic_only=True)),
        ("Bad Request: message is not modified: specified new message content is the same", Sent(0)),
        ("Bad Request: message to delete not found", Sent(0)),
        ("Bad Request: message to edit not found", Missing("")),
        ("Bad Request: message can't be edited", Missing("")),
        ("Bad Request: MESSAGE_ID_INVALID", Missing("")),
        ("Bad Request: wrong HTTP URL specified", Refused("", photo=True)),
        ("Bad Request: wrong file identifier/HTTP URL specified", Refused("", photo=True)),
        ("Bad Request: invalid file HTTP URL specified: Unsupported URL protocol", Refused("", photo=True)),
        ("Bad Request: there is no photo in the request", Refused("", photo=True)),
        ("Bad Request: photo has unsupported extension", Refused("", photo=True)),
        ("Bad Request: IMAGE_PROCESS_FAILED", Refused("", photo=True)),
        ("Bad Request: can't use file of type Video as Photo", Refused("", photo=True)),
        ("Bad Request: WEBPAGE_CURL_FAILED", Refused("", photo=True)),
        ("Bad Request: file must be non-empty", Refused("", photo=True)),
        ("Bad Request: wrong file_id or the file is temporarily unavailable", Refused("", photo=True)),
        ("Bad Request: MEDIA_EMPTY", Refused("", photo=True)),
        ("Bad Request: message text is empty", Refused("")),
        ("", Refused("")),
    ],
)
def test_every_text_of_the_server_has_its_outcome(description: str, outcome: Outcome) -> None:
    wanted = outcome if isinstance(outcome, Sent) else replace(outcome, reason=description)  # type: ignore[type-var]  # all others have one
    assert refusal(400, description) == wanted


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(None, 1.0), (0, 1.0), (-5, 1.0), ("9", 1.0), (2.5, 2.5), (7, 7.0)],
    ids=lambda value: f"{value}",
)
def test_a_flood_wait_without_a_good_time_is_a_second(asked: object, seconds: float) -> None:
    answer = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": asked}}
    assert classify(429, answer) == Wait(seconds, "Too Many Requests", flood=True)


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (401, 401, Wait(60, "x")),
        (404, 404, Wait(60, "x")),
        (500, 500, Unknown("x")),
        (503, 503, Unknown("x")),
        (200, 502, Unknown("x")),
        (499, 499, Refused("x")),
        (403, "403", Refused("x")),
    ],
)
def test_the_code_in_the_answer_decides(status: int, code: object, outcome: Outcome) -> None:
    assert classify(status, {"ok": False, "error_code": code, "description": "x"}) == outcome


def test_the_http_status_decides_where_the_answer_has_no_code() -> None:
    assert classify(429, {"ok": False, "description": "x"}) == Wait(1.0, "x", flood=True)
    assert classify(502, {"ok": False}) == Unknown("HTTP 502")


@pytest.mark.parametrize("result", [True, [], {"message_id": "7"}, {"date": 1}, None])
def test_a_taken_message_without_a_number_is_taken(result: object) -> None:
    assert classify(200, {"ok": True, "result": result}) == Sent(0)
