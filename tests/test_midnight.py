"""Midnight in the newsroom's zone stands for a date without a time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.config import Newsroom
from bot.i18n import load_language
from bot.storage.engine import Database
from bot.storage.models import Story
from bot.stories import pipeline
from bot.stories.items import Item
from bot.stories.telling.copies import RecentStories
from tests.databases import on_sqlite
from tests.wire import newsroom

JAKARTA = ZoneInfo("Asia/Jakarta")  # UTC+7
JAYAPURA = ZoneInfo("Asia/Jayapura")
NOW = datetime(2026, 2, 22, 2, 40, tzinfo=UTC)  # 09:40 WIB


@pytest.mark.parametrize(
    ("moment", "zone", "shown"),
    [
        pytest.param(
            "2026-02-21T17:00Z", JAKARTA, "Minggu, 22 Februari 2026", id="midnight of the newsroom has no hour"
        ),
        pytest.param(
            "2026-02-22T00:00Z", JAKARTA, "Minggu, 22 Februari 2026 | 07:00 WIB", id="midnight of UTC is seven o'clock"
        ),
        pytest.param(
            "2026-02-21T17:00Z", JAYAPURA, "Minggu, 22 Februari 2026 | 02:00 WIT", id="midnight of another zone is not"
        ),
        pytest.param(
            "2026-02-21T17:00:01Z", JAKARTA, "Minggu, 22 Februari 2026 | 00:00 WIB", id="a second later is an hour"
        ),
    ],
)
def test_a_storys_time_is_shown_in_the_newsrooms_zone(moment: str, zone: ZoneInfo, shown: str) -> None:
    assert load_language("id").time(datetime.fromisoformat(moment), zone) == shown


@pytest.mark.parametrize(
    ("in_source", "stored"),
    [
        pytest.param("2026-02-21T17:00Z", NOW, id="today's midnight of the newsroom means now"),
        pytest.param("2026-02-22T00:00Z", "2026-02-22T00:00Z", id="today's midnight of UTC is seven o'clock"),
        pytest.param("2026-02-20T17:00Z", "2026-02-20T17:00Z", id="yesterday's midnight stays a day without an hour"),
        pytest.param("2026-02-22T02:39Z", "2026-02-22T02:39Z", id="a minute ago is a minute ago"),
        pytest.param("2026-02-22T02:41Z", NOW, id="a time to come is now"),
        pytest.param(None, NOW, id="no time is now"),
    ],
)
@on_sqlite
async def test_a_story_has_its_sources_time_unless_that_is_todays_date_or_in_the_future(
    database: Database, in_source: str | None, stored: str | datetime
) -> None:
    assert await published_at(database, newsroom("https://news.example"), in_source, NOW) == moment_of(stored)


@on_sqlite
async def test_which_day_is_today_is_the_newsrooms_calendar(database: Database) -> None:
    now = datetime(2026, 2, 21, 18, 30, tzinfo=UTC)  # 01:30 WIB of the 22nd; still the 21st in UTC
    assert await published_at(database, newsroom("https://news.example"), "2026-02-21T17:00Z", now) == now
    yesterday = now - timedelta(hours=25, minutes=30)
    assert await published_at(database, newsroom("https://news.example"), yesterday.isoformat(), now) == yesterday


def moment_of(text: str | datetime) -> datetime:
    return text if isinstance(text, datetime) else datetime.fromisoformat(text)


async def published_at(database: Database, newsroom: Newsroom, in_source: str | None, now: datetime) -> datetime:
    """The stored publication time of a story whose item has the time `in_source`."""
    moment = None if in_source is None else datetime.fromisoformat(in_source)
    item = Item(url=f"https://news.example/{in_source}", title=f"Kereta malam {in_source}", published_at=moment)
    await pipeline.take_in(database, newsroom, newsroom.sources[0], [item], now, push=False, recent=RecentStories())
    async with database.read() as session:
        story = await session.scalar(select(Story).order_by(Story.id.desc()).limit(1))
    assert story is not None
    return story.published_at
