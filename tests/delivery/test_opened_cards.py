"""A card that a reader opened from a list or a link is a copy too: it is corrected and withdrawn for two days."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bot.clock import utcnow
from bot.delivery import cards, corrections, opened
from bot.delivery.outcomes import Gone, Missing, Unknown
from bot.storage.engine import Database
from bot.storage.models import Card, Story, StoryState
from tests.delivery.rows import add_budget, add_chats, add_push, add_story, change, moment, subscriber_now
from tests.delivery.silent_wire import SilentWire, senders_on
from tests.wire import OLIVER, SARI, Kabar


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(corrections, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(opened, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr("bot.delivery.desk.DESK_SECONDS", 0.05)
    yield


def shows(kabar: Kabar, chat: int, words: str) -> bool:
    return any(words in str(message.get("text")) for message in kabar.world.from_bot(chat))


async def test_an_opened_card_is_corrected_though_its_reader_follows_nothing(kabar: Kabar) -> None:
    async with kabar.running() as process:
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Gempa berkekuatan 5,1")
        await kabar.polled()
        while await stored(process.database) is None:
            await kabar.polled()
        for reader in (SARI, OLIVER):
            await kabar.ask(reader, "/start")
            await kabar.ask(reader, "/start story_1", "5,1")
        before = len(kabar.world.from_bot(SARI))
        kabar.press.feeds["dunia"][0]["title"] = "Gempa berkekuatan 6,1"
        await kabar.until(lambda: all(shows(kabar, reader, "6,1") for reader in (SARI, OLIVER)))
        assert not shows(kabar, SARI, "5,1")
        async with process.database.write() as session:
            story = (await session.scalars(select(Story))).one()
            await corrections.retract(session, story, utcnow())
        await kabar.until(lambda: not shows(kabar, SARI, "6,1") and not shows(kabar, OLIVER, "6,1"))
        assert shows(kabar, SARI, "menarik")
        assert len(kabar.world.from_bot(SARI)) == before
    assert kabar.world.violations == []


async def stored(database: Database) -> int | None:
    async with database.read() as session:
        return await session.scalar(select(Story.id))


async def add_card(database: Database, story: Story, chat: int = 101, age: float = 0.0, **fields: object) -> None:
    at = await moment(database) - age
    values = {"message_id": 70, "language": "id", "revision": 1, "photo": False, "sent_at": at, **fields}
    async with database.write() as session:
        session.add(Card(story_id=story.id, chat_id=chat, **values))


async def cards_of(database: Database) -> list[Card]:
    async with database.read() as session:
        return list((await session.scalars(select(Card).order_by(Card.id))).all())


async def step(database: Database, wire: SilentWire) -> bool:
    return await senders_on(database, wire).cards.step()


async def test_only_cards_that_show_something_else_are_edited_and_each_once(database: Database) -> None:
    await add_budget(database)
    story = await add_story(database, revision=2, updated_at=utcnow())
    await add_card(database, story, 101)
    await add_card(database, story, 102, revision=2)
    wire = SilentWire()
    assert await step(database, wire)
    assert (wire.taken, wire.methods) == ([101], ["editMessageText"])
    assert [card.revision for card in await cards_of(database)] == [2, 2]
    assert not await step(database, wire)


async def test_a_change_that_has_not_settled_is_waited_for(database: Database) -> None:
    await add_budget(database)
    story = await add_story(database, revision=2, correct_at=1e10, updated_at=utcnow())
    await add_card(database, story)
    assert not await step(database, SilentWire())
    await change(database, Story, correct_at=None)
    assert await step(database, SilentWire())


async def test_after_two_days_a_card_is_left_alone_and_forgotten(database: Database) -> None:
    await add_budget(database)
    story = await add_story(database, revision=2, updated_at=utcnow())
    await add_card(database, story, age=cards.KEPT_SECONDS + 1)
    assert not await step(database, SilentWire())
    async with database.write() as session:
        assert await cards.prune(session, 10) == 1
    assert await cards_of(database) == []


async def test_a_withdrawn_story_s_cards_become_a_notice_before_others_are_corrected(database: Database) -> None:
    await add_budget(database)
    changed = await add_story(database, revision=2, updated_at=utcnow())
    fields = {"state": StoryState.RETRACTED, "updated_at": utcnow()}
    withdrawn = await add_story(database, url="https://news.example/2", **fields)
    await add_card(database, changed, 101)
    await add_card(database, withdrawn, 102, photo=True)
    wire = SilentWire()
    assert await step(database, wire)
    assert list(zip(wire.taken, wire.methods, strict=True)) == [
        (102, "editMessageCaption"),
        (101, "editMessageText"),
    ]
    assert [card.chat_id for card in await cards_of(database)] == [101]


@pytest.mark.parametrize(
    "outcome", [Missing("message to edit not found"), Gone("blocked", "bot was blocked by the user")]
)
async def test_a_card_that_is_gone_is_not_tried_again(database: Database, outcome: Missing | Gone) -> None:
    await add_budget(database)
    await add_chats(database, 101)
    await add_card(database, await add_story(database, revision=2, updated_at=utcnow()))
    wire = SilentWire()
    wire.fail(101, outcome)
    assert await step(database, wire)
    assert await cards_of(database) == []
    assert (await subscriber_now(database, 1)).state == ("blocked" if isinstance(outcome, Gone) else "active")


async def test_an_edit_without_an_answer_is_tried_again_later(database: Database) -> None:
    await add_budget(database)
    await add_card(database, await add_story(database, revision=2, updated_at=utcnow()))
    wire = SilentWire()
    wire.fail(101, Unknown("no answer"))
    assert await step(database, wire)
    (card,) = await cards_of(database)
    assert (card.tries, card.revision) == (1, 1)
    assert card.not_before > await moment(database)
    assert not await step(database, wire)
    await change(database, Card, not_before=0.0)
    assert await step(database, wire)
    assert (await cards_of(database))[0].revision == 2


async def test_while_a_push_waits_only_cards_of_withdrawn_stories_are_edited(database: Database) -> None:
    await add_budget(database)
    fields = {"state": StoryState.RETRACTED, "updated_at": utcnow()}
    await add_card(database, await add_story(database, revision=2, updated_at=utcnow()), 101)
    await add_card(database, await add_story(database, url="https://news.example/2", **fields), 102)
    await add_push(database, ranges=[(0, 9)])
    wire = SilentWire()
    assert await step(database, wire)
    assert wire.taken == [102]
    assert not await step(database, wire)
