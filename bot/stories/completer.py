"""The completer: reads the article pages that are wanted, those first that an alert waits for."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import loops
from bot.config import Newsroom
from bot.logs import OngoingFailure
from bot.storage.engine import Database
from bot.stories import pipeline
from bot.stories.articles.lookups import Lookups
from bot.stories.reading.fetcher import Turns
from bot.stories.telling import wants
from bot.stories.telling.wants import Want

log = structlog.get_logger("kabar.articles")

AT_ONCE = 16  # pages that are asked or parsed; two of them at one host
OTHERS_AT_ONCE = 3  # of these, pages that no alert waits for: they are parsed one after the other
STORED_AT_ONCE = 2
IDLE_SECONDS = 0.5


class Completer:
    """Reads pages, several at a time, until `stopping`. `wake` says that there are new wants."""

    def __init__(
        self,
        *,
        database: Database,
        newsroom: Newsroom,
        lookups: Lookups,
        now: Callable[[], datetime],
        stopping: asyncio.Event,
        on_push: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._newsroom = newsroom
        self._lookups = lookups
        self._now = now
        self._on_push = on_push
        self._stopping = stopping
        self._turns = Turns()
        self._storing = asyncio.Semaphore(STORED_AT_ONCE)
        self._reading: dict[int, bool] = {}  # stories, and whether their alerts wait
        self._failure = OngoingFailure(log, "completing_delayed")
        self.wake = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            await loops.repeat(
                "completing",
                partial(self._start_due, group),
                stopping=self._stopping,
                idle_seconds=IDLE_SECONDS,
                wake=self.wake,
            )

    async def step(self) -> bool:
        """Read the pages that are due, and wait for them. False: there were none."""
        async with self._database.write() as session:
            due = await wants.claim(session, AT_ONCE, AT_ONCE)
        await asyncio.gather(*(self._complete(each) for each in due))
        return bool(due)

    async def _start_due(self, group: asyncio.TaskGroup) -> bool:
        """Begin reading pages that are due; how many are asked at once is bounded."""
        free = AT_ONCE - len(self._reading)
        others = OTHERS_AT_ONCE - sum(not urgent for urgent in self._reading.values())
        if free < 1 or not await self._is_any_due():
            return False
        async with self._database.write() as session:
            due = await wants.claim(session, free, others)
        for each in due:
            if each.story_id not in self._reading:  # else it still waits for its turn
                self._reading[each.story_id] = each.urgent
                group.create_task(self._complete(each))
        return False  # whoever is done wakes us

    async def _is_any_due(self) -> bool:
        async with self._database.read() as session:  # which disturbs no writer
            return await wants.is_any_due(session)

    async def _complete(self, want: Want) -> None:
        try:
            async with self._turns.of(want.url):
                if self._stopping.is_set():
                    return  # the lease runs out, and the page is asked after the next start
                article = await self._lookups.read(want.url, want.title, want.source_id)
            async with self._storing:
                stored = await pipeline.complete(self._database, self._newsroom, want, article, self._now())
            self._on_push()
            log.debug("article_read", story=want.story_id, read=article is not None, corrected=stored.corrected)
        except (SQLAlchemyError, OSError) as error:
            self._failure.note(error)
        except Exception:
            log.exception("completing_failed", story=want.story_id)
        else:
            self._failure.clear()
        finally:
            self._reading.pop(want.story_id, None)
            self.wake.set()
