"""A push whose photo Telegram does not take by its address: uploaded once, by file_id to all others, else text."""

from typing import Any

import pytest
from sqlalchemy import select

from bot.audience.subscribers import ACTIVE
from bot.clock import utcnow
from bot.delivery import photos as photos_module
from bot.delivery.outcomes import Gone, Mark, Refused
from bot.delivery.photos import NoPhoto, Photos
from bot.storage.engine import Database
from bot.storage.models import Card, Push, Story
from tests.delivery.rows import (
    add_budget,
    add_chats,
    add_delivery,
    add_push,
    add_story,
    deliveries_of,
    push_now,
    subscriber_now,
)
from tests.delivery.silent_wire import SilentWire, senders_on
from tests.delivery.test_photos import ADDRESS, FILE_ID, JPEG, Site

REFUSED = Refused("Bad Request: wrong type of the web page content", photo=True)


async def alert_of(database: Database, **fields: Any) -> Push:
    """An alert to three chats, of a story with a photo at ADDRESS."""
    story = await add_story(database, image_url=ADDRESS, **fields)
    await add_budget(database)
    await add_chats(database, 1, 2, 3)
    return await add_push(
        database, kind="section", lane=2, story_id=story.id, alert_of=story.id, ranges=[(0, 3)], ceiling=3, content=None
    )


def forms(wire: SilentWire) -> list[tuple[int, str]]:
    """To whom what went, in order: an address, a file_id, "attach://photo", or "" for a text."""
    return [(body["chat_id"], body.get("photo") or body.get("media", {}).get("media", "")) for body in wire.bodies]


async def kept_file_id(database: Database) -> str:
    async with database.read() as session:
        return (await session.scalars(select(Story.image_file_id))).one()


async def test_what_telegram_refuses_by_address_is_uploaded_once(database: Database) -> None:
    push = await alert_of(database)
    wire, site = SilentWire(), Site()
    wire.fail(1, REFUSED)
    await senders_on(database, wire, photos=Photos(site.fetch)).sender.step()
    assert forms(wire) == [(1, ADDRESS), (1, "attach://photo"), (2, "foto-besar"), (3, "foto-besar")]
    assert (wire.uploads, site.fetched) == ([JPEG], [ADDRESS])
    assert await kept_file_id(database) == "foto-besar"
    rows = await deliveries_of(database, push.id)
    assert [(row.outcome, row.photo) for row in rows.values()] == [(Mark.SENT, True)] * 3
    assert not (await push_now(database, push.id)).text_only


async def test_a_first_chat_that_is_gone_leaves_the_upload_to_the_next(database: Database) -> None:
    await alert_of(database)
    wire = SilentWire()
    wire.fail(1, REFUSED, Gone("blocked", "bot was blocked by the user"))
    await senders_on(database, wire, photos=Photos(Site().fetch)).sender.step()
    assert forms(wire) == [(1, ADDRESS), *((chat, "attach://photo") for chat in (1, 2)), (3, "foto-besar")]


async def test_a_file_id_of_another_bot_is_replaced(database: Database) -> None:
    await alert_of(database, image_file_id=FILE_ID)
    wire = SilentWire()
    wire.fail(1, Refused("Bad Request: wrong file identifier/HTTP URL specified", photo=True))
    await senders_on(database, wire, photos=Photos(Site().fetch)).sender.step()
    assert {(1, FILE_ID), (1, "attach://photo")} <= set(forms(wire))
    assert await kept_file_id(database) == "foto-besar"


async def test_only_where_the_file_fails_too_the_card_is_text(database: Database) -> None:
    push = await alert_of(database)
    wire, site = SilentWire(), Site()
    wire.fail(1, REFUSED, Refused("Bad Request: IMAGE_PROCESS_FAILED", photo=True))
    await senders_on(database, wire, photos=Photos(site.fetch)).sender.step()
    assert forms(wire) == [(1, ADDRESS), (1, "attach://photo"), (1, ""), (2, ""), (3, "")]
    assert (await push_now(database, push.id)).text_only


async def test_a_page_in_place_of_a_photo_costs_one_fetch_for_all_chats_and_pushes(database: Database) -> None:
    push = await alert_of(database)
    wire, site = SilentWire(), Site()
    site.error = NoPhoto("no picture")
    wire.fail(1, REFUSED)
    photos = Photos(site.fetch)
    await senders_on(database, wire, photos=photos).sender.step()
    assert forms(wire) == [(1, ADDRESS), (1, ""), (2, ""), (3, "")]
    rows = await deliveries_of(database, push.id)
    assert [row.photo for row in rows.values()] == [False] * 3
    await add_push(database, kind="section", lane=2, story_id=push.story_id, ranges=[(0, 3)], ceiling=3, content=None)
    await senders_on(database, wire, photos=photos).sender.step()
    assert forms(wire)[4:] == [(1, ""), (2, ""), (3, "")]
    assert site.fetched == [ADDRESS]


async def test_a_chat_that_takes_no_photos_gets_text_alone_and_goes_on_to_get_it(database: Database) -> None:
    push = await alert_of(database)
    wire = SilentWire()
    wire.fail(1, Refused("Bad Request: not enough rights to send photos to the chat", here=True))
    await senders_on(database, wire, photos=Photos(Site().fetch)).sender.step()
    assert forms(wire) == [(1, ADDRESS), (1, ""), (2, ADDRESS), (3, "foto-besar")]
    rows = await deliveries_of(database, push.id)
    assert [(row.outcome, row.photo) for row in rows.values()] == [(Mark.SENT, one) for one in (False, True, True)]
    assert (await subscriber_now(database, 1)).state == ACTIVE
    assert not (await push_now(database, push.id)).text_only


async def test_an_opened_card_that_was_text_becomes_a_photo(database: Database) -> None:
    story = await add_story(database, image_url=ADDRESS, revision=2, updated_at=utcnow())
    await add_budget(database)
    async with database.write() as session:
        values = {"message_id": 70, "language": "id", "revision": 1, "photo": False, "sent_at": await session.moment()}
        session.add(Card(story_id=story.id, chat_id=101, **values))
    wire = SilentWire()
    wire.fail(101, REFUSED)
    await senders_on(database, wire, photos=Photos(Site().fetch)).cards.step()
    assert forms(wire) == [(101, ADDRESS), (101, "attach://photo")]
    async with database.read() as session:
        card = (await session.scalars(select(Card))).one()
    assert (card.revision, card.photo) == (2, True)


async def test_an_update_goes_with_our_own_file(database: Database) -> None:
    await alert_of(database, is_update=True)
    wire = SilentWire()
    await senders_on(database, wire, photos=Photos(Site().fetch)).sender.step()
    assert forms(wire) == [(1, "attach://photo"), (2, "foto-besar"), (3, "foto-besar")]


async def test_an_update_whose_photo_is_late_goes_as_text_to_everybody(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos_module, "UPDATE_SECONDS", 0.05)
    push = await alert_of(database, is_update=True)
    wire, site = SilentWire(), Site()
    site.holds = True
    photos = Photos(site.fetch)
    await senders_on(database, wire, photos=photos).sender.step()
    assert forms(wire) == [(1, ""), (2, ""), (3, "")]
    assert (await push_now(database, push.id)).text_only
    await photos.close()


async def test_a_correction_brings_the_photo_to_copies_that_are_text(database: Database) -> None:
    """The first by upload, and each copy is known as a photo from then on."""
    story = await add_story(database, image_url=ADDRESS, revision=2)
    await add_budget(database)
    await add_chats(database, 1, 2)
    alert = await add_push(database, kind="section", lane=2, state="finished", story_id=story.id, alert_of=story.id)
    for number in (1, 2):
        await add_delivery(database, alert.id, number, revision=1)
    await add_push(
        database,
        kind="correction",
        lane=5,
        story_id=story.id,
        revision=2,
        audience={"copies_of": alert.id, "other_than": 2},
        ranges=[(0, 2)],
        ceiling=2,
        content=None,
    )
    wire = SilentWire()
    wire.fail(1, REFUSED)
    await senders_on(database, wire, photos=Photos(Site().fetch)).sender.step()
    assert set(wire.methods) == {"editMessageMedia"}
    assert forms(wire) == [(1, ADDRESS), (1, "attach://photo"), (2, "foto-besar")]
    rows = await deliveries_of(database, alert.id)
    assert [(row.revision, row.photo) for row in rows.values()] == [(2, True)] * 2
    assert await kept_file_id(database) == "foto-besar"
