"""What goes over the wire: method and body for every kind of push, chat and copy."""

from typing import Any

import orjson
import pytest

from bot.config import Newsroom
from bot.delivery.contents import DELETABLE_SECONDS, Alert, Broadcast, Content, Correction, Retraction, load
from bot.delivery.deliveries import Chat, Copy
from bot.delivery.outcomes import Mark, Refused
from bot.delivery.revisions import note
from bot.storage.engine import Database
from bot.storage.models import Push, Story
from tests.databases import on_sqlite
from tests.delivery.rows import NOW, add_push, add_story, moment
from tests.wire import newsroom

NEWSROOM = newsroom("https://news.example")
SARI = Chat(1, 1001, 0, "id")
OLIVER = Chat(2, 1003, 0, "en")
TOPIC = Chat(3, -1005, 77, "id")
PHOTO = "https://news.example/foto.jpg"
PHOTO_REFUSED = Refused("Bad Request: wrong file identifier", photo=True)
TEXT_REFUSED = Refused("Bad Request: message is too long")


def push(**fields: Any) -> Push:
    return Push(**{"kind": "section", "lane": 2, "state": "running", "audience": {}, "created_at": NOW, **fields})


def story(**fields: Any) -> Story:
    values = {"source_id": "dunia", "section": "dunia", "title": "Kereta malam", "url": "https://news.example/1"}
    made = Story(**values, published_at=NOW, first_seen_at=NOW, updated_at=NOW, **fields)
    made.id = 5
    note(made)
    return made


def alert(**fields: Any) -> Alert:
    return Alert(NEWSROOM, push(), story(**fields), "")


def having(chat: Chat, **fields: Any) -> Chat:
    """The chat with a copy, whose message has the number 11."""
    return chat._replace(
        copy=Copy(**{"push_id": 9, "message_id": 11, "revision": 1, "photo": False, "at": 1000, **fields})
    )


def call(content: Content, chat: Chat) -> tuple[str, dict[str, Any]]:
    method, body = content.body(chat)
    return method, orjson.loads(body)


def written(method: str, text_only: bool = False, **params: Any) -> Broadcast:
    return Broadcast(
        NEWSROOM, push(kind="broadcast", content={"method": method, "params": params}, text_only=text_only)
    )


@pytest.mark.parametrize(
    ("chat", "where"),
    [
        pytest.param(SARI, {"chat_id": 1001}, id="a person"),
        pytest.param(TOPIC, {"chat_id": -1005, "message_thread_id": 77}, id="a topic of a group"),
        pytest.param(having(SARI), {"chat_id": 1001, "message_id": 11}, id="a message that is there already"),
        pytest.param(having(TOPIC), {"chat_id": -1005, "message_id": 11}, id="a message in a topic"),
    ],
)
def test_the_body_is_the_written_message_and_where_it_goes(chat: Chat, where: dict[str, int]) -> None:
    assert call(written("sendMessage", text="Halo"), chat) == ("sendMessage", {**where, "text": "Halo"})


def test_a_broadcast_says_the_same_in_every_language() -> None:
    content = written("sendMessage", text="Halo")
    assert call(content, SARI)[1]["text"] == call(content, OLIVER)[1]["text"] == "Halo"


def test_an_alert_is_said_in_the_chats_language() -> None:
    content = alert()
    assert "Dunia" in call(content, SARI)[1]["text"]
    assert "World" in call(content, OLIVER)[1]["text"]
    assert "Dunia" in call(content, SARI)[1]["text"]


def test_a_chat_with_an_unknown_language_gets_the_newsrooms() -> None:
    assert "Dunia" in call(alert(), SARI._replace(language="xx"))[1]["text"]


def test_a_counted_link_is_the_servers_where_it_has_an_address() -> None:
    content = Alert(NEWSROOM, push(), story(), "https://k.example")
    entities = call(content, SARI)[1]["entities"]
    assert any(entity.get("url", "").startswith("https://k.example/r/") for entity in entities)


@pytest.mark.parametrize(
    ("fields", "method", "has_new_photo", "records_photo"),
    [
        pytest.param({}, "sendMessage", False, False, id="a story without a photo is text"),
        pytest.param({"image_url": PHOTO}, "sendPhoto", True, True, id="a photo goes by its address first"),
        pytest.param(
            {"image_url": PHOTO, "image_file_id": "AgAC"}, "sendPhoto", False, True, id="a known photo by its file_id"
        ),
    ],
)
def test_how_a_story_goes_out(fields: dict[str, Any], method: str, has_new_photo: bool, records_photo: bool) -> None:
    content = alert(**fields)
    assert (call(content, SARI)[0], content.has_new_photo) == (method, has_new_photo)
    record = content.record(SARI, 70)
    assert (record.mark, record.message_id, record.revision, record.photo) == (Mark.SENT, 70, 1, records_photo)


def answer(**result: Any) -> bytes:
    return orjson.dumps({"ok": True, "result": {"message_id": 1, **result}})


def test_the_largest_size_of_the_first_photo_is_used_from_then_on() -> None:
    content = alert(image_url=PHOTO)
    assert call(content, SARI)[1]["photo"] == PHOTO
    assert content.learn_photo(answer(photo=[{"file_id": "kecil"}, {"file_id": "besar"}])) == "besar"
    assert (call(content, SARI)[1]["photo"], content.has_new_photo) == ("besar", False)


@pytest.mark.parametrize(
    "answered",
    [
        pytest.param(answer(), id="a message without a photo"),
        pytest.param(answer(photo=[]), id="no sizes"),
        pytest.param(answer(photo="x"), id="something that is no list"),
        pytest.param(answer(photo=[{"width": 90}]), id="a size without a file_id"),
        pytest.param(b'{"ok":true,"result":true}', id="only that it was taken"),
        pytest.param(b'{"ok":true}', id="no result"),
    ],
)
def test_an_answer_that_names_no_photo_teaches_none_and_the_push_goes_on(answered: bytes) -> None:
    content = alert(image_url=PHOTO)
    assert content.learn_photo(answered) == ""
    assert (content.has_new_photo, call(content, SARI)[1]["photo"]) == (False, PHOTO)


def test_a_broadcast_and_a_retraction_have_no_photo_to_learn() -> None:
    content = written("sendPhoto", photo="AgAC", caption="Halo")
    assert (content.has_new_photo, content.learn_photo(answer(photo=[{"file_id": "x"}])), content.story_id) == (
        *(False, ""),
        None,
    )


def test_a_refused_photo_makes_the_rest_of_the_push_text() -> None:
    content = alert(image_url=PHOTO)
    assert call(content, SARI)[0] == "sendPhoto"
    assert content.fallback(SARI, PHOTO_REFUSED) == SARI
    assert call(content, SARI)[0] == "sendMessage"
    assert (content.text_only, content.has_new_photo, content.record(SARI, 1).photo) == (True, False, False)
    assert content.fallback(OLIVER, PHOTO_REFUSED) == OLIVER  # one that was on the wire meanwhile


def test_a_push_that_went_text_only_before_stays_so() -> None:
    content = Alert(NEWSROOM, push(text_only=True), story(image_url=PHOTO), "")
    assert (call(content, SARI)[0], content.has_new_photo) == ("sendMessage", False)


@pytest.mark.parametrize("content", [alert(image_url=PHOTO), written("sendMessage", text="Halo")])
def test_a_refused_text_has_no_fallback(content: Content) -> None:
    assert content.fallback(SARI, TEXT_REFUSED) is None
    assert not content.text_only


@pytest.mark.parametrize(
    ("params", "text"),
    [
        pytest.param({"photo": "AgAC", "caption": "Halo"}, {"text": "Halo"}, id="the caption becomes the text"),
        pytest.param({"photo": "AgAC"}, {"text": "…"}, id="a photo without a word becomes an ellipsis"),
        pytest.param(
            {"photo": "AgAC", "caption": "Halo", "caption_entities": [{"type": "bold", "offset": 0, "length": 4}]},
            {"text": "Halo", "entities": [{"type": "bold", "offset": 0, "length": 4}]},
            id="with what is bold in it",
        ),
        pytest.param(
            {"photo": "AgAC", "caption": "Halo", "reply_markup": {"inline_keyboard": []}},
            {"text": "Halo", "reply_markup": {"inline_keyboard": []}},
            id="and its buttons",
        ),
    ],
)
def test_a_broadcast_whose_photo_was_refused_goes_as_text(params: dict[str, Any], text: dict[str, Any]) -> None:
    content = written("sendPhoto", **params)
    assert call(content, SARI) == ("sendPhoto", {"chat_id": 1001, **params})
    content.fallback(SARI, PHOTO_REFUSED)
    assert call(content, SARI) == ("sendMessage", {"chat_id": 1001, **text})


def test_a_text_broadcast_that_is_text_only_is_as_it_was() -> None:
    assert call(written("sendMessage", text_only=True, text="Halo"), SARI)[1]["text"] == "Halo"


def correction(text_only: bool = False, **fields: Any) -> Correction:
    """Of a story that had another title, and the same photo, at revision 1."""
    changed = story(**fields)
    changed.title = "Kereta pagi"
    note(changed)
    return Correction(NEWSROOM, push(kind="correction", text_only=text_only), changed, "")


@pytest.mark.parametrize(
    ("fields", "copy", "method"),
    [
        pytest.param({}, {"photo": False}, "editMessageText", id="a text is edited as a text"),
        pytest.param({"image_url": PHOTO}, {"photo": False}, "editMessageMedia", id="where there is a photo, it comes"),
        pytest.param(
            {"image_url": PHOTO, "text_only": True},
            {"photo": False},
            "editMessageText",
            id="but not one that Telegram refused",
        ),
        pytest.param({"image_url": PHOTO}, {"photo": True}, "editMessageCaption", id="the same photo keeps its place"),
        pytest.param({}, {"photo": True}, "editMessageCaption", id="a photo that the story lost stays in the chat"),
        pytest.param(
            {"image_url": PHOTO}, {"photo": True, "revision": 7}, "editMessageMedia", id="another photo is exchanged"
        ),
        pytest.param(
            {"image_url": PHOTO, "text_only": True},
            {"photo": True, "revision": 7},
            "editMessageCaption",
            id="nor in a photo's place",
        ),
    ],
)
def test_how_a_copy_is_corrected(fields: dict[str, Any], copy: dict[str, Any], method: str) -> None:
    content = correction(**fields)
    chat = having(SARI, **copy)
    name, params = call(content, chat)
    assert name == method
    assert (params["chat_id"], params["message_id"]) == (1001, 11)
    words = params.get("text") or params.get("caption") or params["media"]["caption"]
    assert "Kereta pagi" in words
    assert params["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://news.example/1"
    assert ("photo" in params, "text" in params) == (False, method == "editMessageText")
    if method == "editMessageMedia":
        assert (params["media"]["type"], params["media"]["media"]) == ("photo", PHOTO)
        assert params["media"]["caption_entities"]
    record = content.record(chat, 0)
    assert (record.message_id, record.revision, record.photo) == (11, 2, method != "editMessageText")


def test_chats_with_a_text_and_chats_with_a_photo_get_each_its_own_correction() -> None:
    content = correction()
    text, photo = having(SARI), having(SARI, photo=True)
    assert [call(content, chat)[0] for chat in (text, photo, text)] == [
        *("editMessageText", "editMessageCaption"),
        "editMessageText",
    ]


def test_an_old_server_that_adds_no_photo_to_a_text_gets_texts() -> None:
    content, text, photo = correction(image_url=PHOTO), having(SARI), having(OLIVER, photo=True, revision=7)
    refused = Refused("Bad Request: there is no media in the message to edit")
    assert call(content, text)[0] == "editMessageMedia"
    assert content.fallback(text, refused) == text
    assert [call(content, chat)[0] for chat in (text, photo)] == ["editMessageText", "editMessageMedia"]
    assert not content.record(text, 0).photo


@pytest.mark.parametrize(
    ("content", "chat", "name"),
    [(alert(image_url=PHOTO), SARI, "photo"), (correction(image_url=PHOTO), having(SARI), "media")],
)
def test_a_file_of_our_own_goes_with_one_message_and_its_file_id_with_the_others(
    content: Alert, chat: Chat, name: str
) -> None:
    content.use_photo(b"jpeg")
    assert (content.photo, content.has_new_photo) == (b"jpeg", True)
    sent = call(content, chat)[1][name]
    assert (sent if name == "photo" else sent["media"]) == "attach://photo"
    assert content.learn_photo(answer()) == ""  # an answer without a photo: the file is still to be sent
    assert content.has_new_photo
    assert content.learn_photo(answer(photo=[{"file_id": "besar"}])) == "besar"
    assert (content.photo, content.has_new_photo) == ("besar", False)
    sent = call(content, chat)[1][name]
    assert (sent if name == "photo" else sent["media"]) == "besar"


def test_a_file_id_that_was_refused_is_replaced_by_the_file_that_takes_its_place() -> None:
    content = alert(image_url=PHOTO, image_file_id="AgAC")
    assert (content.photo, content.replaced_file_id, content.has_new_photo) == ("AgAC", "AgAC", False)
    content.use_photo("AgAC")
    assert not content.has_new_photo
    content.use_photo(b"jpeg")
    assert content.has_new_photo
    content.use_photo("")
    assert (content.photo, content.has_new_photo, call(content, SARI)[0]) == ("", False, "sendMessage")


@pytest.mark.parametrize(
    ("content", "chat", "method"),
    [
        (alert(image_url=PHOTO), SARI, "sendMessage"),
        (written("sendPhoto", photo="AgAC", caption="Halo"), SARI, "sendMessage"),
        (correction(image_url=PHOTO), having(SARI), "editMessageText"),
        (correction(image_url=PHOTO), having(SARI, photo=True, revision=7), "editMessageCaption"),
    ],
)
def test_a_chat_that_takes_no_photos_gets_words_and_others_get_photos(
    content: Content, chat: Chat, method: str
) -> None:
    before = call(content, chat)[0]
    assert call(content, chat._replace(plain=True))[0] == method
    assert call(content, chat)[0] == before != method


def test_only_an_updates_alert_is_in_a_hurry() -> None:
    assert alert(image_url=PHOTO, is_update=True).is_urgent
    assert not alert(image_url=PHOTO).is_urgent
    assert not correction(image_url=PHOTO, is_update=True).is_urgent
    assert not written("sendMessage", text="Halo").is_urgent


@pytest.mark.parametrize(
    ("reason", "was_photo", "is_photo"),
    [
        ("Bad Request: there is no text in the message to edit", False, True),
        ("Bad Request: there is no caption in the message to edit", True, False),
    ],
)
def test_a_copy_that_is_not_what_we_thought_is_corrected_as_what_it_is(
    reason: str, was_photo: bool, is_photo: bool
) -> None:
    other = correction(image_url=PHOTO).fallback(having(SARI, photo=was_photo), Refused(reason))
    assert other == having(SARI, photo=is_photo)


def test_a_correction_has_a_fallback_for_a_refused_photo_and_none_for_a_refused_text() -> None:
    content, chat = correction(image_url=PHOTO), having(SARI, photo=True, revision=7)
    assert content.fallback(chat, TEXT_REFUSED) is None
    assert content.fallback(chat, PHOTO_REFUSED) == chat
    assert call(content, chat)[0] == "editMessageCaption"


SENT_AT = 1_000_000


DELETING = NEWSROOM.model_copy(update={"newsroom": NEWSROOM.newsroom.model_copy(update={"retract": "delete"})})


def retraction(age: float, newsroom: Newsroom = DELETING) -> Retraction:
    """Of copies that were sent at SENT_AT, when they are `age` seconds old; by a newsroom that has them deleted."""
    return Retraction(newsroom, push(kind="retraction"), SENT_AT + age)


@pytest.mark.parametrize(("photo", "method"), [(False, "editMessageText"), (True, "editMessageCaption")])
@pytest.mark.parametrize("age", [0, DELETABLE_SECONDS])
def test_a_copy_becomes_a_notice_unless_the_newsroom_prefers_otherwise(age: float, photo: bool, method: str) -> None:
    content, chat = retraction(age, NEWSROOM), having(SARI, photo=photo, at=SENT_AT)
    name, params = call(content, chat)
    assert (name, params["message_id"], "reply_markup" in params) == (method, 11, False)
    words = str(params.get("text") or params.get("caption"))
    assert words.startswith("Kabar Contoh telah menarik berita ini.\n"), words
    assert words.endswith("WIB"), "when it was withdrawn"
    assert content.record(chat, 0).message_id == 11


@pytest.mark.parametrize(
    ("age", "photo", "method", "keeps_number"),
    [
        pytest.param(0, False, "deleteMessage", False, id="a fresh copy is deleted"),
        pytest.param(DELETABLE_SECONDS - 1, True, "deleteMessage", False, id="so is one of almost two days"),
        pytest.param(DELETABLE_SECONDS, False, "editMessageText", True, id="an older text becomes a notice"),
        pytest.param(DELETABLE_SECONDS, True, "editMessageCaption", True, id="an older photo gets it as its caption"),
    ],
)
def test_how_a_copy_is_retracted(age: float, photo: bool, method: str, keeps_number: bool) -> None:
    content, chat = retraction(age), having(SARI, photo=photo, at=SENT_AT)
    name, params = call(content, chat)
    assert (name, params["chat_id"], params["message_id"]) == (method, 1001, 11)
    words = params.get("text") or params.get("caption")
    assert (words is None) is (method == "deleteMessage")
    assert words is None or words.startswith("Kabar Contoh telah menarik berita ini.")
    record = content.record(chat, 0)
    assert (record.message_id, record.photo) == (11 if keeps_number else None, photo)


def test_telegram_deletes_a_message_for_two_days_and_we_stop_a_little_earlier() -> None:
    assert 47 * 3600 < DELETABLE_SECONDS < 48 * 3600


def test_a_notice_is_in_the_chats_language() -> None:
    content = retraction(DELETABLE_SECONDS)
    english = call(content, having(OLIVER, at=SENT_AT))[1]["text"]
    assert english.startswith("Kabar Contoh has withdrawn this story.")
    assert call(content, having(SARI, at=SENT_AT))[1]["text"] != english


def test_old_and_fresh_copies_of_one_retraction_are_treated_each_by_its_age() -> None:
    content = retraction(DELETABLE_SECONDS)
    ways = [
        call(content, having(SARI, at=at, photo=photo))[0] for at, photo in ((SENT_AT, False), (SENT_AT + 1, False))
    ]
    assert ways == ["editMessageText", "deleteMessage"]


@pytest.mark.parametrize(
    ("reason", "then"),
    [
        ("Bad Request: message can't be deleted for everyone", "editMessageText"),
        ("Bad Request: there is no text in the message to edit", "deleteMessage"),
    ],
)
def test_a_refused_retraction_has_a_fallback(reason: str, then: str) -> None:
    content = retraction(0)
    other = content.fallback(having(SARI, at=SENT_AT), Refused(reason))
    assert other is not None
    assert call(content, other)[0] == then
    assert other.copy is not None
    assert other.copy.photo is ("no text" in reason)


def test_a_retraction_refused_for_another_reason_has_no_fallback() -> None:
    assert retraction(0).fallback(having(SARI, at=SENT_AT), PHOTO_REFUSED) is None


def test_a_correction_of_a_chat_without_a_copy_is_a_mistake_that_is_told() -> None:
    with pytest.raises(ValueError, match="1001"):
        correction().body(SARI)


@on_sqlite
@pytest.mark.parametrize(
    ("kind", "made"),
    [("section", Alert), ("update", Alert), ("correction", Correction), ("retraction", Retraction)],
)
async def test_a_push_of_a_story_loads_the_story_as_it_is_now(database: Database, kind: str, made: type) -> None:
    kept = await add_story(database)
    row = await add_push(database, kind=kind, story_id=kept.id, content=None)
    async with database.write() as session:
        content = await load(session, NEWSROOM, row)
        (await session.get_one(Story, kept.id)).title = "Judul lain"
    assert type(content) is made
    if made is Alert:
        assert "Sepuluh orang mengungsi" in call(content, SARI)[1]["text"]  # as it was when it was loaded
        assert content.story_id == kept.id


async def test_a_push_without_a_story_is_what_a_person_wrote(database: Database) -> None:
    row = await add_push(database)
    async with database.read() as session:
        content = await load(session, NEWSROOM, row)
    assert call(content, SARI) == ("sendMessage", {"chat_id": 1001, "text": "Kabar"})


async def test_a_retraction_knows_the_age_of_copies_by_the_databases_clock(database: Database) -> None:
    kept = await add_story(database)
    row = await add_push(database, kind="retraction", story_id=kept.id, content=None)
    now = await moment(database)
    async with database.read() as session:
        content = await load(session, DELETING, row)
    assert call(content, having(SARI, at=int(now) - 3600))[0] == "deleteMessage"
    assert call(content, having(SARI, at=int(now - DELETABLE_SECONDS) - 3600))[0] == "editMessageText"
