"""The WebSub callback: a hub verifies our subscription here, and delivers new content. https://www.w3.org/TR/websub/"""

import asyncio

import structlog
from aiohttp import web

from bot.context import NewsBot
from bot.storage.models import Source
from bot.stories.pipeline import take_in
from bot.stories.reading import websub
from bot.stories.reading.documents import read_delivered
from bot.stories.reading.feeds import MAX_BYTES, Unreadable
from bot.stories.telling.copies import RecentStories

log = structlog.get_logger("kabar.websub")

AT_ONCE = 4  # deliveries read at the same time; bounds memory: each may have MAX_BYTES, and anybody can send one
READ_SECONDS = 30


class WebSub:
    """`GET,POST /websub/{source}`. Without PUBLIC_URL we subscribe to no hub, so every verification is refused."""

    def __init__(self, app: NewsBot) -> None:
        self._app = app
        self._tables = {source.id: source for source in app.newsroom.sources}
        self._recent = RecentStories()
        self._reading = asyncio.Semaphore(AT_ONCE)

    def routes(self, site: web.Application) -> None:
        site.router.add_get("/websub/{source}", self._verify)
        site.router.add_post("/websub/{source}", self._receive)

    async def _verify(self, request: web.Request) -> web.Response:
        """Confirm or deny a subscription. §5.2, §5.3"""
        source, query = request.match_info["source"], request.query
        mode, topic = query.get("hub.mode", ""), query.get("hub.topic", "")
        database = self._app.database
        async with database.write() as session:
            if mode == "denied":
                is_ours = await websub.deny(session, source, topic, query.get("hub.reason", ""))
                return web.Response(status=200 if is_ours else 404)
            challenge, lease = query.get("hub.challenge", ""), query.get("hub.lease_seconds", "")
            if not challenge or not await websub.verify(session, source, mode, topic, lease):
                return web.Response(status=404)
        return web.Response(text=challenge, content_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})

    async def _receive(self, request: web.Request) -> web.Response:
        """Take in a delivery. One that is not signed with our secret gets the same answer, but is ignored. §7.1"""
        table = self._tables.get(request.match_info["source"])
        async with self._app.database.read() as session:
            row = await websub.find(session, request.match_info["source"])
            source = await session.get(Source, request.match_info["source"])
        if table is None or row is None or not row.active:
            return web.Response(status=410)  # 410 tells the hub to end the subscription
        signature, body = request.headers.get("X-Hub-Signature", ""), b""
        if signature:  # without one the body would be ignored anyway
            try:
                async with self._reading, asyncio.timeout(READ_SECONDS):
                    body = await request.clone(client_max_size=MAX_BYTES).read()  # a feed may be larger than an update
            except TimeoutError:
                return web.Response(status=408)
        if not websub.is_signed(body, signature, row.secret):
            log.warning("websub_unsigned", source=table.id)
            return web.Response(status=202)
        now = self._app.now()
        try:
            kind = request.headers.get("Content-Type", "")
            document = await read_delivered(table, body, kind, row.topic, self._app.newsroom, now)
        except Unreadable as error:
            log.warning("websub_unreadable", source=table.id, error=str(error))
            return web.Response(status=202)
        push = source is not None and source.primed
        result = await take_in(
            self._app.database, self._app.newsroom, table, document.items, now, push=push, recent=self._recent
        )
        log.info("websub_received", source=table.id, new=result.new, corrected=result.corrected, queued=result.queued)
        if result.queued:
            self._app.wake.set()
        return web.Response(status=202)
