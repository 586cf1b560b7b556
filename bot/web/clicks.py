"""Counted links: `GET /r/{code}` redirects to the story and counts the reader once a day, without a record."""

import asyncio
import re
from collections import defaultdict

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot import loops
from bot.context import NewsBot
from bot.messages.links import story_of
from bot.storage.models import StoryState
from bot.stories.showing import browse, popularity, readers

log = structlog.get_logger("kabar.clicks")

WRITTEN_EVERY = 5.0  # seconds; all clicks on a story in that time are one statement. A crash loses at most these
_MACHINE = re.compile(r"bot|crawl|spider|preview|fetch|curl|python|monitor", re.IGNORECASE)


class Clicks:
    def __init__(self, app: NewsBot) -> None:
        self._app = app
        self._weights: defaultdict[int, float] = defaultdict(float)  # by story, since they were last stored

    def routes(self, site: web.Application) -> None:
        site.router.add_get("/r/{code}", self._follow)

    async def _follow(self, request: web.Request) -> web.Response:
        story_id = story_of(request.match_info["code"])
        async with self._app.database.read() as session:
            story = await browse.get(session, story_id) if story_id else None
        if story is None or story.state != StoryState.LIVE:
            return web.Response(status=404, text="404: no such story\n")
        agent = request.headers.get("User-Agent", "")  # every browser sends one
        if request.method == "GET" and agent and not _MACHINE.search(agent):
            self._count(request, story.id, agent)
        headers = {"Location": story.url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return web.Response(status=302, headers=headers)

    def _count(self, request: web.Request, story_id: int, agent: str) -> None:
        reader = readers.of_browser(request.remote, request.headers.getall("X-Forwarded-For", []), agent)
        more = self._app.readers.earn(story_id, reader, popularity.CLICK, self._app.now())
        if more:
            self._weights[story_id] += more

    async def run(self, stopping: asyncio.Event) -> None:
        """Store what was counted every WRITTEN_EVERY seconds, and once more after `stopping`."""
        while not stopping.is_set():
            await loops.wait(stopping, WRITTEN_EVERY)
            await self._write()

    async def _write(self) -> None:
        weights, self._weights = self._weights, defaultdict(float)
        if not weights:
            return
        now = self._app.now()
        try:
            async with self._app.database.write() as session:
                for story_id in sorted(weights):  # always in the same order, so that two processes don't deadlock
                    await popularity.count(session, story_id, weights[story_id], now)
        except (SQLAlchemyError, OSError) as error:
            for story_id, weight in weights.items():
                self._weights[story_id] += weight
            log.warning("clicks_not_written", error=repr(error)[:200])
