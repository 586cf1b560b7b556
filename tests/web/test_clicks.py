"""Counted links redirect to the story, add to its popularity, and keep no record of the reader."""

import asyncio
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.messages.links import code_of, story_of
from bot.stories.showing import browse, popularity
from bot.web import clicks
from tests.delivery.steps import follow
from tests.web.cms import STORY, cms
from tests.wire import SARI, Kabar, button

READER = {"User-Agent": "Mozilla/5.0 (Android 15; Mobile)"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clicks, "WRITTEN_EVERY", 0.05)


def counted(message: dict[str, Any]) -> str:
    """The address that the card's title leads to."""
    entities = message.get("entities") or message.get("caption_entities") or []
    return next(str(entity["url"]) for entity in entities if entity["type"] == "text_link")


async def heat(kabar: Kabar) -> float | None:
    assert kabar.process is not None
    async with kabar.process.database.read() as session:
        stories = (await browse.latest(session)).stories
    return stories[0].heat


async def test_a_counted_link_leads_to_the_story_and_counts_readers_only(kabar: Kabar) -> None:
    async with cms(kabar, public_url="https://kabar.example/bot/") as newsroom, aiohttp.ClientSession() as client:
        await follow(kabar, SARI)
        await newsroom.publish()
        card = await kabar.world.wait_for(SARI, str(STORY["title"]))
        assert button(card, "")["url"] == STORY["url"]  # the button does not depend on our server
        address = counted(card)
        assert address.startswith("https://kabar.example/bot/r/")
        ours = newsroom.url + address.removeprefix("https://kabar.example/bot")
        for agent in ("TelegramBot (like TwitterBot)", "curl/8.5.0", ""):
            async with client.get(ours, allow_redirects=False, headers={"User-Agent": agent}) as answer:
                assert (answer.status, answer.headers["Location"]) == (302, STORY["url"])
        assert kabar.process is not None
        await kabar.process.clicks._write()
        assert await heat(kabar) is None
        for _ in range(3):
            async with client.get(ours, allow_redirects=False, headers=READER) as answer:
                assert (answer.status, answer.headers["Location"]) == (302, STORY["url"])
                assert answer.cookies == {}
        while (once := await heat(kabar)) is None:
            await kabar.process.clicks._write()
        assert once == pytest.approx(popularity.warmed(None, kabar.process.app.now(), popularity.CLICK), abs=0.01)
        proxied = READER | {"X-Forwarded-For": "198.51.100.7"}  # another reader: our peer is on loopback
        async with client.get(ours, allow_redirects=False, headers=proxied) as answer:
            assert answer.status == 302
        while (twice := await heat(kabar)) == once:
            await kabar.process.clicks._write()
        assert twice == pytest.approx(once + 1, abs=0.01)
        for code in ("zzz", "0", "-1", "%00", "a" * 500, "١٢", "1/2"):
            async with client.get(f"{newsroom.url}/r/{code}", allow_redirects=False, headers=READER) as answer:
                assert answer.status == 404
        await newsroom.call("DELETE", "/api/stories/artikel-7")
        async with client.get(ours, allow_redirects=False, headers=READER) as answer:
            assert answer.status == 404


async def test_without_a_public_address_the_title_is_no_link(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        await follow(kabar, SARI)
        await newsroom.publish()
        card = await kabar.world.wait_for(SARI, str(STORY["title"]))
    assert {entity["type"] for entity in card.get("entities", [])} == {"bold"}


async def test_an_open_by_a_shared_link_counts_more_than_one_by_a_button(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        await newsroom.publish()
        title = str(STORY["title"])
        await kabar.ask(SARI, "/start story_1", title)
        assert kabar.process is not None
        now = kabar.process.app.now()
        while (measured := await heat(kabar)) is None:  # it is counted after the answer
            await asyncio.sleep(0.05)
    assert measured == pytest.approx(popularity.warmed(None, now, popularity.SHARED), abs=0.01)


def test_codes_are_short_and_name_their_story_again() -> None:
    assert [code_of(number) for number in (1, 35, 36, 1_000_000)] == ["1", "z", "10", "lfls"]
    assert all(story_of(code_of(number)) == number for number in range(1, 5_000, 7))


def test_heat_halves_in_a_day_and_adds_up() -> None:
    now = datetime(2026, 2, 22, tzinfo=UTC)
    once = popularity.warmed(None, now)
    assert popularity.warmed(once, now) == pytest.approx(popularity.warmed(None, now, 2.0))
    assert popularity.warmed(None, now + timedelta(days=1)) == pytest.approx(once + 1)
    assert math.isfinite(popularity.warmed(once, now + timedelta(days=3_000)))
