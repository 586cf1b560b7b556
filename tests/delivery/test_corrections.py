"""What happens to the copies of a story that changes, or is withdrawn."""

import asyncio
from collections.abc import Iterator
from copy import deepcopy

import pytest
from sqlalchemy import select, update

from bot.clock import utcnow
from bot.config import Newsroom
from bot.delivery import corrections, pushes
from bot.sandbox.world import Message
from bot.storage.engine import Database
from bot.storage.models import Delivery, Notice, Push, Story
from tests.delivery.steps import follow, shown
from tests.wire import OLIVER, SARI, Kabar, newsroom

PHOTO = "/news/foto.png"


@pytest.fixture(autouse=True)
def still_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A change has settled after a moment instead of a minute."""
    monkeypatch.setattr(corrections, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr("bot.delivery.desk.DESK_SECONDS", 0.1)
    yield


async def published(kabar: Kabar, title: str = "Sepuluh orang mengungsi", **more: str) -> Message:
    """Sari follows Dunia, and everybody has got the story; what Sari got, as it was then."""
    await follow(kabar, SARI)
    await kabar.primed()
    kabar.press.publish("dunia", 10001, title, **more)
    message = deepcopy(await kabar.world.wait_for(SARI, title))
    while not (found := await pushes_of(kabar, "section")) or found[0].state != pushes.FINISHED:
        await asyncio.sleep(0.05)
    return message


def rewrite(kabar: Kabar, **fields: str) -> None:
    kabar.press.feeds["dunia"][0] |= fields


async def pushes_of(kabar: Kabar, kind: str) -> list[Push]:
    async with Database(kabar.database_url, pool=False) as database, database.read() as session:
        return list((await session.scalars(select(Push).where(Push.kind == kind).order_by(Push.id))).all())


async def story_now(kabar: Kabar) -> Story:
    async with Database(kabar.database_url, pool=False) as database, database.read() as session:
        return (await session.scalars(select(Story))).one()


async def test_a_changed_title_is_corrected_in_every_chat_with_a_line_that_says_so(kabar: Kabar) -> None:
    async with kabar.running():
        await follow(kabar, OLIVER)
        message = await published(kabar)
        await kabar.world.wait_for(OLIVER, "Sepuluh")
        rewrite(kabar, title="Sebelas orang mengungsi")
        await kabar.until(lambda: "Sebelas" in shown(kabar, message))
        await kabar.until(lambda: any("Sebelas" in str(each.get("text")) for each in kabar.world.from_bot(OLIVER)))
    assert "Dikoreksi" in shown(kabar, message)
    assert len(kabar.world.from_bot(SARI)) == 1  # edited, and nobody's phone rang
    assert kabar.now(message)["reply_markup"]["inline_keyboard"][0][0]["url"].endswith("/10001/kabar")


async def test_a_change_that_has_not_settled_is_waited_for(kabar: Kabar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "SETTLE_SECONDS", 3600.0)
    async with kabar.running():
        message = await published(kabar)
        rewrite(kabar, title="Sebelas orang mengungsi")
        await kabar.ask(SARI, "/latest")
        while (await story_now(kabar)).revision == 1:
            await kabar.polled()
        await kabar.polled()
    assert "Sepuluh" in shown(kabar, message)
    assert await pushes_of(kabar, "correction") == []


async def test_a_story_that_says_again_what_it_said_leaves_the_copies_alone(
    kabar: Kabar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrections, "SETTLE_SECONDS", 3600.0)
    async with kabar.running() as process:
        message = await published(kabar)
        rewrite(kabar, title="Sebelas orang mengungsi")
        while (await story_now(kabar)).revision == 1:
            await kabar.polled()
        rewrite(kabar, title="Sepuluh orang mengungsi")
        while (await story_now(kabar)).revision == 2:
            await kabar.polled()
        async with process.database.write() as session:
            await session.execute(update(Story).values(correct_at=1.0))
        while (await story_now(kabar)).correct_at is not None:
            await kabar.polled()
    assert await pushes_of(kabar, "correction") == []
    assert "edit_date" not in kabar.now(message)


async def test_a_photo_gets_another_caption_and_another_photo(kabar: Kabar) -> None:
    async with kabar.running():
        message = await published(kabar, photo=kabar.url + PHOTO)
        rewrite(kabar, title="Sebelas orang mengungsi")
        await kabar.until(lambda: "Sebelas" in shown(kabar, message))
        assert kabar.now(message)["photo"] == message["photo"]
        rewrite(kabar, photo=kabar.url + "/news/lain.png")
        await kabar.until(lambda: kabar.now(message)["photo"] != message["photo"])
    assert "Sebelas" in shown(kabar, message)
    assert (await story_now(kabar)).image_file_id  # learnt from the edit, for the next


async def test_a_copy_that_was_deleted_stops_nobody(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(12)]
    async with kabar.running():
        await follow(kabar, *readers)
        message = await published(kabar)
        for reader in readers:
            await kabar.world.wait_for(reader, "Sepuluh")
            kabar.world.chats[reader].messages.clear()
        rewrite(kabar, title="Sebelas orang mengungsi")
        await kabar.until(lambda: "Sebelas" in shown(kabar, message))
        while (done := await pushes_of(kabar, "correction"))[0].state != pushes.FINISHED:
            await kabar.polled()
    assert (done[0].sent, done[0].gone) == (1, 12)


async def test_a_feed_that_flaps_is_stopped_and_an_editor_told(kabar: Kabar) -> None:
    titles = ("Sebelas orang mengungsi", "Sepuluh orang mengungsi")
    async with kabar.running(roles=("ingest", "deliver")) as process:
        message = await published(kabar)
        for number in range(corrections.ROUNDS * 2):
            title = titles[number % 2]
            rewrite(kabar, title=title)
            await kabar.until(lambda title=title: title in shown(kabar, message))  # type: ignore[misc]  # its own
        rewrite(kabar, title=titles[0])
        notice = None
        while notice is None:
            await kabar.polled()
            async with process.database.read() as session:
                notice = await session.scalar(select(Notice))
    assert notice.kind == "story_flaps"
    assert titles[1] in shown(kabar, message)
    assert len(await pushes_of(kabar, "correction")) == corrections.ROUNDS * 2


async def test_a_newer_revision_replaces_a_correction_that_is_running(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(40)]
    async with kabar.running(send_rate=40) as process:
        await follow(kabar, *readers)
        await published(kabar)
        for reader in readers:
            await kabar.world.wait_for(reader, "Sepuluh")
        process.limiter._window.rate = 10
        rewrite(kabar, title="Sebelas orang mengungsi")
        await kabar.until(lambda: sum(edited(kabar, reader, "Sebelas") for reader in readers) >= 3)
        rewrite(kabar, title="Dua belas orang mengungsi")
        await kabar.until(lambda: all(edited(kabar, reader, "Dua belas") for reader in readers))
        first, second = await pushes_of(kabar, "correction")
        while (second := (await pushes_of(kabar, "correction"))[1]).state != pushes.FINISHED:
            await kabar.polled()
    assert first.state == pushes.CANCELLED
    assert first.sent < 41
    assert second.sent >= 41  # who was between the two is edited again


def edited(kabar: Kabar, chat: int, words: str) -> bool:
    return any(words in str(message.get("text")) for message in kabar.world.from_bot(chat))


async def retract(kabar: Kabar) -> bool:
    assert kabar.process is not None
    async with kabar.process.database.write() as session:
        story = (await session.scalars(select(Story))).one()
        done = await corrections.retract(session, story, utcnow())
    kabar.process.wake.set()
    return done


def deleting(kabar: Kabar) -> Newsroom:
    """A newsroom that has withdrawn stories' messages deleted."""
    file = newsroom(kabar.url)
    return file.model_copy(update={"newsroom": file.newsroom.model_copy(update={"retract": "delete"})})


async def test_a_retracted_story_becomes_a_notice_everywhere_and_leaves_the_lists(kabar: Kabar) -> None:
    async with kabar.running():
        message = await published(kabar)
        assert await retract(kabar)
        await kabar.until(lambda: "telah menarik berita ini" in shown(kabar, message))
        assert "Sepuluh" not in shown(kabar, message)
        await kabar.polled()
        assert "Sepuluh" not in (await kabar.ask(SARI, "/terbaru"))["text"]


async def test_a_retracted_story_is_deleted_everywhere_where_the_newsroom_prefers_it(kabar: Kabar) -> None:
    async with kabar.running(newsroom=deleting(kabar)):
        await follow(kabar, OLIVER)
        await published(kabar)
        await kabar.world.wait_for(OLIVER, "Sepuluh")
        assert await retract(kabar)
        await kabar.until(lambda: not kabar.world.from_bot(SARI) and not kabar.world.from_bot(OLIVER))
        await kabar.polled()  # the feed still has it, and it stays away
        assert "Sepuluh" not in (await kabar.ask(SARI, "/terbaru"))["text"]
        assert not await retract(kabar)
    (push,) = await pushes_of(kabar, "retraction")
    assert (push.lane, push.sent) == (1, 2)


@pytest.mark.parametrize("photo", [False, True])
async def test_a_copy_too_old_to_delete_becomes_a_notice(kabar: Kabar, photo: bool) -> None:
    async with kabar.running(newsroom=deleting(kabar)) as process:
        message = await published(kabar, **({"photo": kabar.url + PHOTO} if photo else {}))
        async with process.database.write() as session:
            await session.execute(update(Delivery).values(at=Delivery.at - 3 * 86_400))
        await retract(kabar)
        await kabar.until(lambda: "telah menarik berita ini" in shown(kabar, message))
    assert "reply_markup" not in kabar.now(message)


async def test_where_telegram_does_not_delete_the_copy_becomes_a_notice(kabar: Kabar) -> None:
    async with kabar.running(newsroom=deleting(kabar)):
        message = await published(kabar)
        kabar.world.fail(
            "deleteMessage", SARI, kind="refuse", code=400, description="Bad Request: message can't be deleted"
        )
        await retract(kabar)
        await kabar.until(lambda: "telah menarik berita ini" in shown(kabar, message))


async def test_a_retraction_stops_the_alert_and_gets_what_was_on_the_wire(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(40)]
    async with kabar.running(send_rate=15):
        await follow(kabar, *readers)
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Sepuluh orang mengungsi")
        await kabar.until(lambda: sum(edited(kabar, reader, "Sepuluh") for reader in readers) >= 5)
        await retract(kabar)
        while not (done := await pushes_of(kabar, "retraction")) or done[0].state != pushes.FINISHED:
            await kabar.polled()
    (alert,) = await pushes_of(kabar, "section")
    assert alert.state == pushes.CANCELLED
    assert 5 <= alert.sent < 40
    assert done[0].sent == alert.sent
    assert not any("Sepuluh" in str(message) for reader in readers for message in kabar.world.from_bot(reader))


async def test_a_correction_during_the_alert_reaches_whoever_got_the_earlier_text(kabar: Kabar) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(40)]
    async with kabar.running(send_rate=15):
        await follow(kabar, *readers)
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Sepuluh orang mengungsi")
        await kabar.until(lambda: sum(edited(kabar, reader, "Sepuluh") for reader in readers) >= 5)
        rewrite(kabar, title="Sebelas orang mengungsi")
        await kabar.until(lambda: all(edited(kabar, reader, "Sebelas") for reader in readers))
    (alert,) = await pushes_of(kabar, "section")
    assert (alert.sent, alert.doubled) == (40, 0)
    assert all(len(kabar.world.from_bot(reader)) == 1 for reader in readers)
