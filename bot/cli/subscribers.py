"""`kabar subscribers import` and `export`: CSV with `chat_id,language,sections,update`, sections separated by `;`.

A further column, `stopped`, is true for chats that stopped all alerts and keep their choices. It is written if there
are any.
"""

import csv
from collections.abc import Iterable
from datetime import datetime
from typing import IO

from bot.audience import subscribers, subscriptions
from bot.config import Newsroom
from bot.i18n import spoken
from bot.storage.engine import Database
from bot.targets import UPDATE, of_section, section_of

COLUMNS = ("chat_id", "language", "sections", "update")
STOPPED = "stopped"
AT_ONCE = 500  # rows in one transaction, so that a running bot is not held up


Row = tuple[int, str, set[str], bool | None]


class BadRow(Exception):
    """A row that cannot be imported; the text tells the operator why."""


async def read_rows(
    database: Database, newsroom: Newsroom, lines: Iterable[str], now: datetime
) -> tuple[int, list[tuple[int, str]]]:
    """Import every valid row. Returns the number of imported rows, and (line number, problem) of the invalid ones."""
    reader = csv.DictReader(lines)
    if reader.fieldnames is None or "chat_id" not in reader.fieldnames:
        return 0, [(1, f"the first line must name the columns: {','.join(COLUMNS)}")]
    imported, bad_rows = 0, []
    batch: list[Row] = []
    for row in reader:
        try:
            batch.append(_parse(row, newsroom))
        except BadRow as error:
            bad_rows.append((reader.line_num, str(error)))
        if len(batch) >= AT_ONCE:
            imported += await _store(database, batch, now)
            batch = []
    return imported + await _store(database, batch, now), bad_rows


def _parse(row: dict[str, str | None], newsroom: Newsroom) -> Row:
    """The chat id, language and targets of a row, and whether its alerts are stopped, if it says so. Raises BadRow."""
    value = {name: (row.get(name) or "").strip() for name in (*COLUMNS, STOPPED)}
    try:
        chat_id = int(value["chat_id"])
    except ValueError:
        raise BadRow(f"chat_id is not a number: {value['chat_id'][:40]!r}") from None
    if not 0 < abs(chat_id) < 2**52:  # https://core.telegram.org/bots/api#chat
        raise BadRow(f"chat_id is out of range: {chat_id}")
    language = value["language"] or newsroom.language
    if language not in spoken():
        raise BadRow(f"language {language[:20]!r} is not spoken; accepted: {', '.join(spoken())}")
    for name in ("update", STOPPED):
        if value[name].lower() not in ("true", "false", ""):
            raise BadRow(f"{name} must be true or false, not {value[name][:20]!r}")
    targets = {UPDATE} if value["update"].lower() == "true" else set()
    for name in filter(None, (part.strip() for part in value["sections"].split(";"))):
        slug = newsroom.find_section(name)
        if slug is None:
            raise BadRow(f"no section {name[:40]!r}")
        targets.add(of_section(slug))
    return chat_id, language, targets, value[STOPPED].lower() == "true" if value[STOPPED] else None


async def _store(database: Database, rows: list[Row], now: datetime) -> int:
    async with database.write() as session:
        for chat_id, language, targets, stopped in rows:
            subscriber = await subscribers.greet(session, chat_id, kind=_kind(chat_id), language=language, now=now)
            subscriber.language = language
            if stopped is not None:
                subscriber.paused = stopped
            await session.flush()
            await subscriptions.replace(session, subscriber.id, targets)
    return len(rows)


def _kind(chat_id: int) -> str:
    """The kind of chat by the range of its id: https://core.telegram.org/api/bots/ids."""
    return "private" if chat_id > 0 else "supergroup" if chat_id < -(10**12) else "group"


async def write_rows(database: Database, lines: IO[str]) -> int:
    """Write a row for every active chat, not for its single topics; returns the number of rows."""
    writer = csv.writer(lines)
    async with database.read() as session:
        some_stopped = await subscribers.any_paused(session)
    columns = (*COLUMNS, STOPPED) if some_stopped else COLUMNS
    writer.writerow(columns)
    count = after = 0
    while True:
        async with database.read() as session:
            page = await subscribers.page_with_targets(session, after, AT_ONCE)
        for subscriber_id, chat_id, language, stopped, targets in page:
            sections = ";".join(sorted(section_of(target) for target in targets if target != UPDATE))
            flags = ["true" if flag else "false" for flag in (UPDATE in targets, stopped)]
            writer.writerow((chat_id, language, sections, *flags)[: len(columns)])
            after = subscriber_id
            count += 1
        if len(page) < AT_ONCE:
            return count
