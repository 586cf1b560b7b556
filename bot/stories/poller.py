"""The poller: says when a source is asked. What it says then goes through bot.stories.pipeline."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import loops
from bot.config import Newsroom, SourceTable
from bot.delivery import notices
from bot.logs import OngoingFailure
from bot.storage.engine import Database, Session
from bot.storage.models import Source
from bot.stories import pipeline, polls, sources
from bot.stories.articles.lookups import Lookups
from bot.stories.completer import Completer
from bot.stories.items import Item
from bot.stories.pipeline import Stored
from bot.stories.polls import Failed, Read, Unchanged
from bot.stories.reading import websub
from bot.stories.reading.fetcher import Fetcher, Turns
from bot.stories.telling import recognise
from bot.stories.telling.copies import RecentStories

log = structlog.get_logger("kabar.poller")

AT_ONCE = 100  # polls of one process that wait for a document or hold one
CLAIMED_AT_MOST = 500  # polls with those that wait for the turn of their host: one that hangs must not fill the places
STORED_AT_ONCE = 4  # readers' writes stand in one line with them, and should not wait for a hundred
BUSY_SECONDS, IDLE_SECONDS = 0.25, 0.5  # between looks at what is due
CLAIMED_AT_A_LOOK = 25  # which makes a hundred a second, and not all of them at one moment
FAILING_LONG = timedelta(hours=1)  # before the admins are told


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
        public_url: str = "",
        on_push: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._newsroom = newsroom
        self._owner = owner
        self._now = now
        self._on_push = on_push
        self._public_url = public_url
        self._database_away = OngoingFailure(log, "database_away")
        self._tables = {source.id: source for source in newsroom.sources}
        self._polling: set[str] = set()  # sources
        self._places = asyncio.Semaphore(AT_ONCE)
        self._turns = Turns()
        self._storing = asyncio.Semaphore(STORED_AT_ONCE)
        self._recent = RecentStories()
        self._unlisted: dict[str, dict[str, int]] = {}  # by source: what its document left out when last it changed
        self._lookups = Lookups(fetcher=fetcher, newsroom=newsroom, now=now)
        self.completer = Completer(
            database=database, newsroom=newsroom, lookups=self._lookups, now=now, stopping=stopping, on_push=on_push
        )
        self.stopping = stopping

    async def run(self) -> None:
        """Several polls at a time, two of them at one host, and the pages that they want, until `stopping`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.completer.run())
            await loops.repeat(
                "polls",
                partial(self._start_due, group),
                stopping=self.stopping,
                idle_seconds=IDLE_SECONDS,
                busy_seconds=BUSY_SECONDS,
            )
        with self._failures_logged():
            async with self._database.write() as session:
                await sources.release(session, self._owner)

    async def _start_due(self, group: asyncio.TaskGroup) -> bool:
        """Claim sources that are due and poll them in the background; whether there were any."""
        due = await self.claim(min(CLAIMED_AT_A_LOOK, CLAIMED_AT_MOST - len(self._polling)))
        for source in due:
            if source.id not in self._polling:  # else it still waits for its turn, and has a new lease now
                self._polling.add(source.id)
                group.create_task(self._poll_claimed(source))
        return bool(due)

    async def claim(self, at_most: int) -> list[Source]:
        """Sources that are due, which no other process polls meanwhile."""
        if at_most < 1:
            return []
        async with self._database.write() as session:
            claimed = await sources.claim(session, self._owner, at_most)
        return [source for source in claimed if source.id in self._tables]  # the others are of a newer newsroom file

    async def _poll_claimed(self, source: Source) -> None:
        try:
            async with self._turns.of(self._address(source)), self._places:
                if not self.stopping.is_set():
                    with self._failures_logged():
                        await self.poll(source)
        finally:
            self._polling.discard(source.id)

    def _address(self, source: Source) -> str:
        return source.moved_to or self._tables[source.id].url

    @contextmanager
    def _failures_logged(self) -> Iterator[None]:
        """What fails is logged, and tried again when the source's lease has run out."""
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            self._database_away.note(error)
        except Exception:
            log.exception("poller_failed")
        else:
            self._database_away.clear()

    async def poll(self, source: Source) -> Failed | Stored:
        """Poll one source now: what came of it, or why it could not be read, which is noted on it."""
        table = self._tables[source.id]
        found = await polls.look(self._fetcher, self._address(source), source, table, self._newsroom, self._now())
        if isinstance(found, Failed):
            await self._failed(source, table, found)
            return found
        stored = await self._store(source, table, found)
        if isinstance(found, Read) and table.list != "popular" and source.primed:
            async with self._database.read() as session:
                unlisted = await recognise.missing(session, table.id, found.document.items, self._now())
            self._unlisted[source.id] = unlisted
        if self._unlisted.get(source.id):
            await self._withdraw_what_is_gone(source, self._unlisted[source.id])
        self._tell_of(source, stored)
        return stored

    async def _store(self, source: Source, table: SourceTable, found: Unchanged | Read) -> Stored:
        """Store what a poll found, and that it went well, in one transaction."""
        now = self._now()
        items, whole = await self._titled(table, found.document.items) if isinstance(found, Read) else ((), True)

        async def note(session: Session, stored: Stored) -> None:
            await self._succeeded(session, source, found, stored, whole)
            if isinstance(found, Read) and self._public_url:
                await websub.want(session, source.id, found.document.hub, found.document.topic)

        async with self._storing:
            if isinstance(found, Read):
                return await pipeline.take_in(
                    self._database,
                    self._newsroom,
                    table,
                    items,
                    now,
                    push=source.primed,
                    recent=self._recent,
                    then=note,
                )
            async with self._database.write() as session:
                await note(session, Stored())
            return Stored()

    def _tell_of(self, source: Source, stored: Stored) -> None:
        """Log what a poll brought, and wake who has work now."""
        if source.failures:
            log.info("source_recovered", source=source.id, failures=source.failures)
        if stored.changed:
            counts = {name: getattr(stored, name) for name in ("new", "corrected", "queued", "held")}
            log.info("source_polled", source=source.id, first=not source.primed, **counts)
            self.completer.wake.set()
        if stored.queued:
            self._on_push()

    async def _titled(self, table: SourceTable, items: tuple[Item, ...]) -> tuple[tuple[Item, ...], bool]:
        """The items with the titles that a document lacks, read on the pages of stories that are not known yet.

        False: there were too many for one poll, and some still have no title.
        """
        untitled = [item for item in items if not item.title]
        if not untitled:
            return items, True
        async with self._database.read() as session:
            new = await recognise.unknown(session, table.id, untitled)
        titled = await self._lookups.titled(table, new)
        whole = not any(item not in titled and self._lookups.may_ask(item.url) for item in new)
        return tuple(titled.get(item, item) for item in items), whole

    async def _succeeded(
        self, session: Session, source: Source, found: Unchanged | Read, stored: Stored, whole: bool
    ) -> None:
        """Note on the source that a poll went well, and when the next is due."""
        now, response, table = self._now(), found.response, self._tables[source.id]
        if source.told_failing:
            await notices.add(session, "source_recovered", {"source": source.id}, now)
        etag, last_modified = response.etag, response.last_modified
        if response.status == 304:
            etag, last_modified = etag or source.etag, last_modified or source.last_modified
        if (found.document is not None and found.document.in_parts) or not whole:
            etag = last_modified = ""  # "not changed" would hide what an index names, or what is left to read
        digest = found.document.digest if isinstance(found, Read) else source.digest
        spread = random.uniform(0.95, 1.05)
        wait = polls.next_in(found, source, table, changed=stored.changed, now=now, spread=spread)
        await sources.succeeded(
            session,
            source,
            moved_to=response.moved_to,
            etag=etag,
            last_modified=last_modified,
            body_digest=found.body_digest if whole and digest else "",
            digest=digest if whole else "",
            primed=source.primed or (whole and bool(digest)) or found.document is None,
            again_in=wait,
            changed=stored.changed,
            complaints=found.document.complaints if found.document is not None else source.complaints,
            page_overrun=self._page_overrun(source),
            now=now,
        )

    def _page_overrun(self, source: Source) -> dict[str, Any]:
        """The last of its articles' pages that exceeded the limits, here or in the process that polled it before."""
        return max(self._lookups.overruns.get(source.id, {}), source.page_overrun, key=lambda each: each.get("at", ""))

    async def _withdraw_what_is_gone(self, source: Source, unlisted: dict[str, int]) -> None:
        """A story that its source no longer lists, and whose page is gone for good, is withdrawn from every chat."""
        for url in await self._lookups.are_gone(list(unlisted)):
            story_id = unlisted.pop(url)
            async with self._database.write() as session:
                withdrawn = await pipeline.withdraw(session, source.id, story_id, url, self._now())
            if withdrawn:
                log.info("story_retracted", source=source.id, story=story_id, reason="its page answers 410")
                self._on_push()

    async def _failed(self, source: Source, table: SourceTable, found: Failed) -> None:
        now = self._now()
        wait = polls.next_in(found, source, table, changed=False, now=now, spread=random.uniform(0.9, 1.1))
        if source.last_error != found.error:  # once, not at every try
            log.warning("source_failed", source=source.id, error=found.error, again_in=round(wait))
        async with self._database.write() as session:
            since = await sources.failed(
                session, source.id, error=found.error, again_in=wait, now=now, tell_after=FAILING_LONG
            )
            if since is not None:
                data = {"source": source.id, "error": found.error, "since": since.isoformat()}
                await notices.add(session, "source_failing", data, now)
