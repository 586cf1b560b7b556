"""The poller: due sources → fetch → parse → store, and queue pushes in the same transaction."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.config import Newsroom, SourceTable
from bot.logs import Trouble
from bot.storage.engine import Database
from bot.storage.models import Source
from bot.stories import sources
from bot.stories.feeds import NotAFeed, parse_feed
from bot.stories.fetcher import Fetcher, FetchError, Response
from bot.stories.ingest import Ingested, KeyTaken, ingest
from bot.stories.items import Item

log = structlog.get_logger("kabar.poller")

AT_ONCE = 8  # polls of one process
ATTEMPTS = 4  # at storing what another source may be storing too
IDLE_SECONDS = 0.5
BACKOFF_AT_MOST = 3600.0  # seconds
GONE_AGAIN = 86_400.0  # a source that answers 410 is asked once a day whether it is back
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)


class Poller:
    """Polls the newsroom's sources, each by one process at a time. `on_push` is called when pushes were queued."""

    def __init__(
        self,
        *,
        database: Database,
        fetcher: Fetcher,
        newsroom: Newsroom,
        owner: str,
        now: Callable[[], datetime],
        stopping: asyncio.Event,
        on_push: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._newsroom = newsroom
        self._owner = owner
        self._now = now
        self._on_push = on_push
        self._database_away = Trouble(log, "database_away")
        self._tables = {source.id: source for source in newsroom.sources}
        self.stopping = stopping

    async def run(self) -> None:
        """Several polls at a time, until `stopping`."""
        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, max(1, len(self._tables)))):
                group.create_task(self._loop())

    async def _loop(self) -> None:
        while not self.stopping.is_set():
            more = False
            try:
                more = await self.step()
            except (SQLAlchemyError, OSError) as error:
                self._database_away.met(error)
            except Exception:
                log.exception("poller_failed")
            else:
                self._database_away.over()
            if not more:
                try:
                    async with asyncio.timeout(IDLE_SECONDS * random.uniform(0.5, 1.0)):
                        await self.stopping.wait()
                except TimeoutError:
                    continue

    async def step(self) -> bool:
        """Poll one source that is due. False: none was."""
        async with self._database.write() as session:
            source = await sources.claim(self._database, session, self._owner, list(self._tables))
        if source is None:
            return False
        await self.poll(source)
        return True

    async def poll(self, source: Source) -> Ingested | None:
        """Poll one source now; None if it failed, with the failure noted on it."""
        table = self._tables[source.id]
        response: Response | None = None
        try:
            response = await self._fetcher.fetch(
                table.url, etag=source.etag, last_modified=source.last_modified, accept=ACCEPT
            )
            if response.status != 304:
                items = await self._parse(table, response)
            else:
                items = None
        except (FetchError, NotAFeed, _BadStatus) as error:
            await self._failed(source, table, str(getattr(error, "detail", error)), response)
            return None
        done = await self._store(source, table, response, items)
        if source.failures:
            log.info("source_recovered", source=source.id, failures=source.failures)
        if done.changed:
            log.info(
                "source_polled",
                source=source.id,
                new=done.new,
                corrected=done.corrected,
                queued=done.queued,
                held=done.held,
                first=not source.primed,
            )
        if done.queued:
            self._on_push()
        return done

    async def _store(
        self, source: Source, table: SourceTable, response: Response, items: tuple[Item, ...] | None
    ) -> Ingested:
        """Ingest and note the success, in one transaction; again when another one was storing the same story."""
        for attempt in range(ATTEMPTS):
            try:
                async with self._database.write() as session:
                    return await self._store_once(session, source, table, response, items)
            except (KeyTaken, DBAPIError):  # two that wait for each other's keys are told apart by PostgreSQL
                if attempt == ATTEMPTS - 1:
                    raise
                await asyncio.sleep(random.uniform(0, 0.2))
        raise AssertionError("the last attempt returns or raises")

    async def _store_once(
        self,
        session: AsyncSession,
        source: Source,
        table: SourceTable,
        response: Response,
        items: tuple[Item, ...] | None,
    ) -> Ingested:
        now = self._now()
        done = Ingested()
        if items is not None:
            done = await ingest(session, self._newsroom, table, items, now, push=source.primed)
        await sources.succeeded(
            self._database,
            session,
            source.id,
            etag=response.etag or (source.etag if items is None else ""),
            last_modified=response.last_modified or (source.last_modified if items is None else ""),
            again_in=self._interval(table, response),
            changed=done.changed,
            now=now,
        )
        return done

    async def _parse(self, table: SourceTable, response: Response) -> tuple[Item, ...]:
        if response.status != 200:
            raise _BadStatus(f"HTTP {response.status}")
        if table.kind != "feed":
            raise NotAFeed(f"sources of kind {table.kind} are not read by this version")
        feed = await asyncio.to_thread(
            parse_feed,
            response.body,
            url=response.url,
            content_type=response.content_type,
            default_zone=self._newsroom.zone,
            now=self._now(),
        )
        return feed.items

    async def _failed(self, source: Source, table: SourceTable, error: str, response: Response | None) -> None:
        again_in = min(table.every.total_seconds() * 2 ** min(source.failures + 1, 12), BACKOFF_AT_MOST)
        again_in = max(again_in, table.every.total_seconds()) * random.uniform(0.9, 1.1)
        if response is not None and response.retry_after is not None:
            again_in = max(again_in, response.retry_after)
        if response is not None and response.status == 410:
            again_in = GONE_AGAIN
        if source.last_error != error:  # once, not at every try
            log.warning("source_failed", source=source.id, error=error, again_in=round(again_in))
        async with self._database.write() as session:
            await sources.failed(self._database, session, source.id, error=error, again_in=again_in)

    def _interval(self, table: SourceTable, response: Response) -> float:
        every = table.every
        if table.adaptive and response.max_age:
            every = max(every, min(timedelta(seconds=response.max_age), timedelta(hours=1)))
        return every.total_seconds() * random.uniform(0.95, 1.05)


class _BadStatus(Exception):
    """An answer that is neither 200 nor 304."""
