"""`kabar check`: settings, newsroom file, database, token and every source, one line each."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.app import user_agent
from bot.clock import utcnow
from bot.config import Newsroom, SelectTable, Settings, SourceTable
from bot.delivery.telegram import AiohttpRequest
from bot.i18n import choose, load_language
from bot.messages import sources as messages
from bot.storage.engine import Database, OldSchema, prepare_schema
from bot.stories import polls
from bot.stories.items import Item
from bot.stories.reading.addresses import site_of
from bot.stories.reading.documents import ACCEPT, AllElsewhere, named, own_sites, read
from bot.stories.reading.feeds import Unreadable
from bot.stories.reading.fetcher import Fetcher, FetchError, Response
from bot.stories.reading.pages import found_by


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `detail` is shown to the operator and may have several lines."""

    subject: str
    passed: bool
    detail: str


async def check_everything(settings: Settings, newsroom: Newsroom) -> AsyncIterator[Finding]:
    """Check the database, the token and every source; the settings and the newsroom file were read without an error."""
    yield Finding("settings", True, "in order")
    yield Finding(
        "newsroom file", True, f"{newsroom.name}: {len(newsroom.sections)} sections, {len(newsroom.sources)} sources"
    )
    yield await _check_database(settings)
    yield await _check_token(settings)
    if not settings.admin_ids:
        yield Finding("ADMIN_IDS", False, "not set: nobody may broadcast")
    async with Fetcher(private=settings.allow_private_sources, user_agent=user_agent(newsroom)) as fetcher:
        checked = await asyncio.gather(*(_check_source(fetcher, newsroom, table) for table in newsroom.sources))
    for finding, twin in zip((finding for finding, _ in checked), _twins(newsroom.sources, checked), strict=True):
        yield replace(finding, detail=finding.detail + _warned(twin)) if twin else finding


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


async def _check_source(fetcher: Fetcher, newsroom: Newsroom, table: SourceTable) -> tuple[Finding, frozenset[str]]:
    """Check one source; returns also the addresses of its stories, for the comparison with other sources."""
    subject, answer = f"source {table.id}", None
    try:
        answer = await fetcher.fetch(table.url, accept=ACCEPT)
        if answer.status != 200:
            return Finding(subject, False, f"{polls.said(answer.status)} ({answer.url})"), frozenset()
        document = await read(fetcher, table, answer, newsroom, utcnow())
    except FetchError as error:
        hint = "; if it is yours, name it in ALLOW_PRIVATE_SOURCES" if error.reason == "refused_address" else ""
        return Finding(subject, False, f"{error.detail}{hint}"), frozenset()
    except Unreadable as error:
        hint = _hint(table, answer) if answer and not isinstance(error, AllElsewhere) else ""
        shown = f"{error}{hint}{_selected(table, answer, newsroom)}" if answer else str(error)
        return Finding(subject, False, shown), frozenset()
    items = document.items
    problem = document.failed or _nothing_found(table, answer)
    nothing_usable = bool(document.unusable) and not items
    fine = not problem and not nothing_usable and (bool(items) or table.kind != "page" or table.update)
    shown = f"{len(items)} stories" + (f", but {problem}" if problem else "")
    shown += _selected(table, answer, newsroom, items)
    shown += _warned(_other_hosts(table, newsroom, answer, items))
    said = replace(document, failed="").complaints  # why it failed in part is said above
    shown += "".join(map(_warned, messages.complaints(load_language("en"), said)))
    return Finding(subject, fine, shown), frozenset(item.url for item in items)


def _nothing_found(table: SourceTable, answer: Response) -> str:
    """The problem if a required selector matches nothing on a page; "" if there is none."""
    if table.kind != "page" or table.select is None:
        return ""
    counts = {name: count for name, (count, _) in _matches(table.select, answer).items()}
    if table.update and not counts.get("item"):
        container = table.select.item.replace(">", " ").split()[:-1]
        around = table.select.model_copy(update={"item": " ".join(container)})
        if container and _matches(around, answer).get("item", (0,))[0]:
            return ""  # the list exists; without breaking news it is empty
        return f"item = {table.select.item!r} finds nothing on the page: UPDATE can never come from here"
    given = table.select.model_fields_set & {"title", "link"}
    unmatched = [name for name in ("title", "link") if name in given and not counts.get(name) and counts.get("item")]
    return "; ".join(f"{name} = {getattr(table.select, name)!r} finds nothing in any entry" for name in unmatched)


def _other_hosts(table: SourceTable, newsroom: Newsroom, answer: Response, items: tuple[Item, ...]) -> str:
    """A warning that names hosts of stories other than the source's and the newsroom's; "" if there are none.

    Those of a page are left out, which is a complaint of its document.
    """
    own = own_sites(table, newsroom, answer.url)
    others = Counter(urlsplit(item.url).hostname or "" for item in items if site_of(item.url) not in own)
    return (
        f"{others.total()} of {len(items)} entries lead to another host: {named(others.most_common())}"
        if others
        else ""
    )


def _twins(tables: Sequence[SourceTable], checked: Sequence[tuple[Finding, frozenset[str]]]) -> list[str]:
    """For each source a warning if an earlier one lists exactly the same stories, otherwise ""."""
    first: dict[frozenset[str], str] = {}
    warnings = []
    for table, (_, urls) in zip(tables, checked, strict=True):
        twin = first.setdefault(urls, table.id) if urls else table.id
        warnings.append("" if twin == table.id else f"the same list as source {twin}: the same stories, all of them")
    return warnings


def _warned(warning: str) -> str:
    return f"\n    ! {warning}" if warning else ""


def _hint(table: SourceTable, answer: Response) -> str:
    """A likely reason why a document could not be read; "" if none is known."""
    if answer.url != table.url:
        return f"; the address led to {answer.url}"
    if table.kind == "feed" and answer.content_type.startswith("text/html"):
        return '; if the list is on the page itself: kind = "page" and select, see docs/sources.md'
    if table.kind == "page":
        return "; what scripts add in a browser is not on the page that we get"
    return ""


def _selected(table: SourceTable, answer: Response, newsroom: Newsroom, items: tuple[Item, ...] = ()) -> str:
    """What each selector of a page matched, how many times could be parsed, and warnings, one a line."""
    if table.kind != "page" or table.select is None:
        return ""
    matches = _matches(table.select, answer)
    lines = [f"{name:<8} {count:>4} ×  {first_text}" for name, (count, first_text) in matches.items()]
    times = [item.published_at for item in items if item.published_at]
    if times:
        lines.append(f"{len(times)} of {len(items)} times understood, the first as {_time(times[0], newsroom)}")
    elif items and matches.get("time", (0,))[0]:
        lines.append(
            "! no time understood: a story gets the time on its own page, otherwise the time when it was found"
        )
    entries = matches.get("item", (0,))[0]
    for name in ("time", "summary", "image"):
        if entries and name in matches and not matches[name][0]:
            lines.append(f"! {name} 0 ×: {name} = {getattr(table.select, name)!r} finds nothing in any entry")
    return "".join(f"\n    {line}" for line in lines)


def _matches(select: SelectTable, answer: Response) -> dict[str, tuple[int, str]]:
    """The count and the first text of each selector's matches; empty if the page or a selector can't be parsed."""
    try:
        return found_by(answer.body, select, content_type=answer.content_type)
    except Unreadable:
        return {}


def _time(moment: datetime, newsroom: Newsroom) -> str:
    return load_language(choose(newsroom.language, "en")).time(moment, newsroom.zone)
