"""Counted links: `GET /r/{code}` leads to the story, which is more popular by it. Of the reader nothing is kept."""

import asyncio
import re
from collections import Counter

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot import loops
from bot.context import NewsBot
from bot.messages.links import story_of
from bot.storage.models import StoryState
from bot.stories.showing import browse, popularity

log = structlog.get_logger("kabar.clicks")

WRITTEN_EVERY = 5.0  # seconds; a hundred clicks on one story are one statement. A crash loses so much of them
_MACHINE = re.compile(r"bot|crawl|spider|preview|fetch|curl|python|monitor", re.IGNORECASE)


class Clicks:
    def __init__(self, app: NewsBot) -> None:
        self._app = app
        self._counts: Counter[int] = Counter()

    def routes(self, site: web.Application) -> None:
        site.router.add_get("/r/{code}", self._follow)

    async def _follow(self, request: web.Request) -> web.Response:
        story_id = story_of(request.match_info["code"])
        async with self._app.database.read() as session:
            story = await browse.get(session, story_id) if story_id else None
        if story is None or story.state != StoryState.LIVE:
            return web.Response(status=404, text="404: no such story\n")
        if request.method == "GET" and not _MACHINE.search(request.headers.get("User-Agent", "bot")):
            self._counts[story.id] += 1
        headers = {"Location": story.url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return web.Response(status=302, headers=headers)

    async def run(self, stopping: asyncio.Event) -> None:
        """Write what was counted now and then, and at the end."""
        while not stopping.is_set():
            await loops.wait(stopping, WRITTEN_EVERY)
            await self._write()

    async def _write(self) -> None:
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        now = self._app.now()
        try:
            async with self._app.database.write() as session:
                for story_id in sorted(counts):  # in one order, as two processes may write at once
                    await popularity.count(session, story_id, popularity.CLICK * counts[story_id], now)
        except (SQLAlchemyError, OSError) as error:
            self._counts.update(counts)
            log.warning("clicks_not_written", error=repr(error)[:200])
