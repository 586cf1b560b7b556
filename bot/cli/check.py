"""`kabar check`: settings, newsroom file, database, token and every source, one line each."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.app import user_agent
from bot.clock import utcnow
from bot.config import Newsroom, Settings, SourceTable
from bot.delivery.telegram import AiohttpRequest
from bot.i18n import choose, load_language
from bot.storage.engine import Database, OldSchema, prepare_schema
from bot.stories.items import Item
from bot.stories.poller import said
from bot.stories.reading.documents import ACCEPT, read
from bot.stories.reading.feeds import Unreadable
from bot.stories.reading.fetcher import Fetcher, FetchError, Response
from bot.stories.reading.pages import found_by


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    fine: bool
    found: str


async def check_everything(settings: Settings, newsroom: Newsroom) -> AsyncIterator[Finding]:
    """Settings and newsroom file were read already; look at the database, the token and every source."""
    yield Finding("settings", True, "in order")
    yield Finding(
        "newsroom file", True, f"{newsroom.name}: {len(newsroom.sections)} sections, {len(newsroom.sources)} sources"
    )
    yield await _check_database(settings)
    yield await _check_token(settings)
    if not settings.admin_ids:
        yield Finding("ADMIN_IDS", False, "not set: nobody may broadcast")
    async with Fetcher(private=settings.allow_private_sources, user_agent=user_agent(newsroom)) as fetcher:
        for found in await asyncio.gather(*(_check_source(fetcher, newsroom, each) for each in newsroom.sources)):
            yield found


async def _check_database(settings: Settings) -> Finding:
    try:
        async with Database(settings.database_url) as database:
            await prepare_schema(database)
            return Finding("database", True, f"{database.name}, current schema")
    except OldSchema as error:
        return Finding("database", False, str(error))
    except (SQLAlchemyError, OSError) as error:
        return Finding("database", False, str(error).splitlines()[0])


async def _check_token(settings: Settings) -> Finding:
    if not settings.bot_token:
        return Finding("token", False, "BOT_TOKEN is not set")
    bot = ExtBot(settings.bot_token, base_url=f"{settings.bot_api_url}/bot", request=AiohttpRequest(2))
    try:
        async with bot:
            return Finding("token", True, f"@{bot.username}")
    except TelegramError as error:
        return Finding("token", False, str(error).replace(settings.bot_token, "…"))


async def _check_source(fetcher: Fetcher, newsroom: Newsroom, table: SourceTable) -> Finding:
    what = f"source {table.id}"
    try:
        answer = await fetcher.fetch(table.url, accept=ACCEPT)
        if answer.status != 200:
            return Finding(what, False, f"{said(answer.status)} ({answer.url})")
        items = (await read(fetcher, table, answer, newsroom, utcnow())).items
    except FetchError as error:
        ours = "; if it is yours, name it in ALLOW_PRIVATE_SOURCES" if error.reason == "refused_address" else ""
        return Finding(what, False, f"{error.detail}{ours}")
    except Unreadable as error:
        return Finding(what, False, f"{error}{_hint(table, answer)}{_selected(table, answer, newsroom)}")
    fine = bool(items) or table.kind == "feed" or table.update
    return Finding(what, fine, f"{len(items)} stories{_selected(table, answer, newsroom, items)}")


def _hint(table: SourceTable, answer: Response) -> str:
    """What may be wrong with a document that could not be read."""
    if answer.url != table.url:
        return f"; the address led to {answer.url}"
    if table.kind == "feed" and answer.content_type.startswith("text/html"):
        return '; if the list is on the page itself: kind = "page" and select, see docs/sources.md'
    if table.kind == "page":
        return "; what a browser makes by script is not on the page that we get"
    return ""


def _selected(table: SourceTable, answer: Response, newsroom: Newsroom, items: tuple[Item, ...] = ()) -> str:
    """What each selector of a page found, for an editor, and how its times were understood."""
    if table.kind != "page" or table.select is None:
        return ""
    try:
        found = found_by(answer.body, table.select, content_type=answer.content_type)
    except Unreadable:
        return ""
    lines = [f"{name:<8} {count:>4} ×  {shown}" for name, (count, shown) in found.items()]
    times = [item.published_at for item in items if item.published_at]
    if times:
        lines.append(f"{len(times)} of {len(items)} times understood, the first as {_time(times[0], newsroom)}")
    elif items and found.get("time", (0,))[0]:
        lines.append("no time understood: a story gets that of its page, or of the moment when it was found")
    return "".join(f"\n    {line}" for line in lines)


def _time(moment: datetime, newsroom: Newsroom) -> str:
    return load_language(choose(newsroom.language, "en")).time(moment, newsroom.zone)
