"""`kabar ingest --once`."""

import asyncio
import os
from collections.abc import AsyncIterator

from bot.app import prepare_database, user_agent
from bot.cli.check import Finding
from bot.clock import utcnow
from bot.config import Newsroom, Settings
from bot.storage.engine import Database
from bot.stories import sources
from bot.stories.poller import Poller
from bot.stories.polls import Failed
from bot.stories.reading.fetcher import Fetcher


async def ingest_once(settings: Settings, newsroom: Newsroom) -> AsyncIterator[Finding]:
    """Poll every source once, store new stories and queue their alerts, which a running bot sends."""
    async with (
        Database(settings.database_url) as database,
        Fetcher(private=settings.allow_private_sources, user_agent=user_agent(newsroom)) as fetcher,
    ):
        await prepare_database(database, settings, newsroom)
        poller = Poller(
            database=database,
            fetcher=fetcher,
            newsroom=newsroom,
            owner=f"once:{os.getpid()}",
            now=utcnow,
            stopping=asyncio.Event(),
        )
        async with database.read() as session:
            rows = {row.id: row for row in await sources.everything(session)}
        for table in newsroom.sources:
            result = await poller.poll(rows[table.id])
            async with database.read() as session:
                row = next(each for each in await sources.everything(session) if each.id == table.id)
            if isinstance(result, Failed):
                yield Finding(f"source {table.id}", False, row.last_error)
            else:
                yield Finding(f"source {table.id}", True, f"{result.new} new, {result.queued} alerts queued")
        while await poller.completer.step():  # the pages that the new stories want
            continue
