"""The poller: due sources → fetch → parse → store, and queue pushes in the same transaction."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import loops
from bot.config import Newsroom, SourceTable
from bot.delivery import corrections, notices
from bot.logs import OngoingFailure
from bot.storage.engine import Database, Session
from bot.storage.models import Source, Story
from bot.stories import sources
from bot.stories.articles.lookups import Lookups
from bot.stories.ingest import Ingested, missing, take_in, unknown
from bot.stories.items import Item
from bot.stories.reading import websub
from bot.stories.reading.documents import ACCEPT, Document, body_digest_of, read
from bot.stories.reading.feeds import Unreadable
from bot.stories.reading.fetcher import Fetcher, FetchError, Response, Turns
from bot.stories.telling.duplicates import RecentStories

log = structlog.get_logger("kabar.poller")

AT_ONCE = 100  # polls of one process that wait for a document or hold one
CLAIMED_AT_MOST = 500  # polls with those that wait for the turn of their host: one that hangs must not fill the places
STORED_AT_ONCE = 4  # readers' writes stand in one line with them, and should not wait for a hundred
BUSY_SECONDS, IDLE_SECONDS = 0.25, 0.5  # between looks at what is due
CLAIMED_AT_A_LOOK = 25  # which makes a hundred a second, and not all of them at one moment
STILL_SHARE = 0.02  # of the time since the last change: what has not changed for a day is asked every half hour
SLOWER_AT_MOST = 3  # times the setting; a source of UPDATEs is never asked less often
FAILING_LONG = timedelta(hours=1)  # before the admins are told
BACKOFF_AT_MOST = 3600.0  # seconds
GONE_AGAIN = 86_400.0  # a source that answers 410 is asked once a day whether it is back


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
        self.stopping = stopping

    async def run(self) -> None:
        """Several polls at a time, two of them at one host, until `stopping`."""
        async with asyncio.TaskGroup() as group:
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

    async def poll(self, source: Source) -> Ingested | None:
        """Poll one source now; None if it failed, with the failure noted on it."""
        table = self._tables[source.id]
        response: Response | None = None
        try:
            response = await self._fetcher.fetch(
                self._address(source), etag=source.etag, last_modified=source.last_modified, accept=ACCEPT
            )
            body_digest = source.body_digest
            if response.status != 304:
                body_digest = body_digest_of(response.body, table.kind)
            document = await self._read(source, table, response, body_digest)
            if document is not None and document.failed:
                log.warning("source_in_part", source=source.id, error=document.failed)
                if not source.primed:
                    raise Unreadable(document.failed)  # else what it lacks would be news at the next poll
        except (FetchError, Unreadable, _BadStatus) as error:
            await self._failed(source, table, str(getattr(error, "detail", error)), response)
            return None
        except Exception as error:
            log.exception("poll_failed", source=source.id)
            await self._failed(source, table, f"a mistake of ours ({type(error).__name__})", response)
            return None
        digest = source.digest if document is None else document.digest
        news = None
        if document is not None and digest != source.digest:
            items, whole = await self._with_articles(table, document.items)
            news = replace(document, items=items)
            digest = digest if whole else ""
        now = self._now()

        async def note(session: Session, done: Ingested) -> None:
            await self._succeeded(session, source, table, response, document, (body_digest, digest), done, now)
            if news is not None and self._public_url:
                await websub.want(session, source.id, news.hub, news.topic)

        async with self._storing:
            if news is None:
                done = Ingested()
                async with self._database.write() as session:
                    await note(session, done)
            else:
                done = await take_in(
                    self._database,
                    self._newsroom,
                    table,
                    news.items,
                    now,
                    push=source.primed,
                    recent=self._recent,
                    then=note,
                )
        if news is not None and table.list != "popular" and source.primed:
            async with self._database.read() as session:
                self._unlisted[source.id] = await missing(session, table.id, news.items, now)
        if self._unlisted.get(source.id):
            await self._withdraw_what_is_gone(source, self._unlisted[source.id])
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

    async def _succeeded(
        self,
        session: Session,
        source: Source,
        table: SourceTable,
        response: Response,
        document: Document | None,
        digests: tuple[str, str],
        done: Ingested,
        now: datetime,
    ) -> None:
        if source.told_failing:
            await notices.add(session, "source_recovered", {"source": source.id}, now)
        etag, last_modified = response.etag, response.last_modified
        if response.status == 304:
            etag, last_modified = etag or source.etag, last_modified or source.last_modified
        if document is not None and (document.in_parts or not digests[1]):
            etag = last_modified = ""  # "not changed" would hide what an index names, or what is left to read
        await sources.succeeded(
            session,
            source,
            moved_to=response.moved_to,
            etag=etag,
            last_modified=last_modified,
            body_digest=digests[0] if digests[1] else "",
            digest=digests[1],
            primed=source.primed or bool(digests[1]) or document is None,
            again_in=self._interval(source, table, response, done.changed),
            changed=done.changed,
            now=now,
        )

    async def _read(self, source: Source, table: SourceTable, response: Response, body_digest: str) -> Document | None:
        """The document; None where it is the one that we have. An index of sitemaps may stay while they change."""
        if response.status not in (200, 304):
            raise _BadStatus(said(response.status))
        if response.status == 304 and not (source.etag or source.last_modified):
            raise _BadStatus("HTTP 304: nothing has changed, it says, since we never asked")
        if response.status == 304 or (body_digest == source.body_digest and table.kind != "sitemap"):
            return None
        return await read(self._fetcher, table, response, self._newsroom, self._now())

    async def _with_articles(self, table: SourceTable, items: tuple[Item, ...]) -> tuple[tuple[Item, ...], bool]:
        """What a document lacks is looked up on the articles' own pages, for stories that are not known yet.

        False: there were too many for one poll, and some still have no title.
        """
        lacking = self._lookups.lacking(table, items)
        if not lacking:
            return items, True
        async with self._database.read() as session:
            new = await unknown(session, table.id, lacking)
        found = await self._lookups.complete(table, new)
        whole = not any(not item.title and self._lookups.may_ask(item.url) for item in new)
        return tuple(found.get(item, item) for item in items), whole

    async def _withdraw_what_is_gone(self, source: Source, unlisted: dict[str, int]) -> None:
        """A story that its source no longer lists, and whose page is gone for good, is withdrawn from every chat."""
        for url in await self._lookups.are_gone(list(unlisted)):
            story_id, now = unlisted[url], self._now()
            async with self._database.write() as session:
                story = await session.get_one(Story, story_id, with_for_update=True)
                own = (story.url, story.source_id) == (url, source.id)  # else it has moved, or the CMS words it now
                if own and await corrections.retract(session, story, now):
                    await notices.add(session, "story_gone", {"source": source.id, "title": story.title}, now)
            unlisted.pop(url)
            if own:
                log.info("story_retracted", source=source.id, story=story_id, reason="its page answers 410")
                self._on_push()

    async def _failed(self, source: Source, table: SourceTable, error: str, response: Response | None) -> None:
        again_in = min(table.every.total_seconds() * 2 ** min(source.failures + 1, 12), BACKOFF_AT_MOST)
        again_in = max(again_in, table.every.total_seconds()) * random.uniform(0.9, 1.1)
        if response is not None and response.retry_after is not None:
            again_in = max(again_in, response.retry_after)
        if response is not None and response.status == 410:
            again_in = GONE_AGAIN
        now = self._now()
        if source.last_error != error:  # once, not at every try
            log.warning("source_failed", source=source.id, error=error, again_in=round(again_in))
        async with self._database.write() as session:
            since = await sources.failed(
                session, source.id, error=error, again_in=again_in, now=now, tell_after=FAILING_LONG
            )
            if since is not None:
                data = {"source": source.id, "error": error, "since": since.isoformat()}
                await notices.add(session, "source_failing", data, now)

    def _interval(self, source: Source, table: SourceTable, response: Response, changed: bool) -> float:
        """How long until the next poll: as set; longer where the source asks for it, or has been still for long."""
        every = table.every.total_seconds()
        if table.adaptive:
            still = (self._now() - source.last_change_at).total_seconds() if source.last_change_at else 0.0
            if not changed and not table.update:
                every = min(max(every, still * STILL_SHARE), every * SLOWER_AT_MOST)
            if response.max_age and not table.update:
                every = max(every, min(response.max_age, 3600.0))
        return every * random.uniform(0.95, 1.05)


def said(status: int) -> str:
    """A status in words for an editor."""
    words = {401: "asks for a password", 403: "refuses us", 404: "is not there", 410: "is gone for good"}
    words |= {429: "asks us to come less often", 500: "is broken", 502: "is broken", 503: "is overloaded"}
    return f"HTTP {status}" + (f": the address {words[status]}" if status in words else "")


class _BadStatus(Exception):
    """An answer that is neither 200 nor 304."""
