"""The web server: webhook, health and readiness, and the routes of the other modules in this folder."""

import asyncio
import hashlib
import hmac
import time

import orjson
import structlog
from aiohttp import web
from sqlalchemy import text

from bot.context import NewsBot
from bot.incoming import number_of
from bot.updates.intake import Updates
from bot.web.api import Api
from bot.web.clicks import Clicks
from bot.web.metrics import Metrics
from bot.web.websub import WebSub

log = structlog.get_logger("kabar.web")

UPDATE_LIMIT = 1_000_000  # bytes; Telegram's own updates are far smaller
STALE_SECONDS = 120.0  # after so long without an answer to getUpdates, /readyz reports a problem
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name


def webhook_secret(token: str, given: str) -> str:
    """The secret that Telegram sends with each update: `given`, the setting, or if empty one derived from the token.

    https://core.telegram.org/bots/api#setwebhook
    """
    return given or hmac.new(token.encode(), b"kabar webhook", hashlib.sha256).hexdigest()


class Server:
    """Listens on `HTTP_HOST:HTTP_PORT`. `updates` is None in a process that has no chat role."""

    def __init__(self, app: NewsBot, updates: Updates | None, clicks: Clicks) -> None:
        self._app = app
        self._updates = updates
        self._clicks = clicks
        self._secret = webhook_secret(app.settings.bot_token, app.settings.webhook_secret)
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self) -> None:
        site = web.Application(client_max_size=UPDATE_LIMIT)
        site.router.add_get("/healthz", self._health)
        site.router.add_get("/readyz", self._ready)
        Metrics(self._app).routes(site)
        Api(self._app).routes(site)
        WebSub(self._app).routes(site)
        self._clicks.routes(site)
        if self._updates is not None:
            site.router.add_post("/telegram", self._telegram)
        self._runner = web.AppRunner(site, access_log=None, handle_signals=False, shutdown_timeout=5)
        await self._runner.setup()
        settings = self._app.settings
        await web.TCPSite(self._runner, settings.http_host, settings.http_port).start()
        self.port = self._runner.addresses[0][1]
        log.info("web_listening", host=settings.http_host, port=self.port)

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _telegram(self, request: web.Request) -> web.Response:
        """Store an update; 200 once it is safe, 503 if it could not be stored, so that Telegram sends it again."""
        secret = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), self._secret.encode()):
            return web.Response(status=403)
        try:
            update = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            update = None
        if number_of(update) is None:
            log.warning("webhook_without_update")
            return web.Response(status=400)
        if self._updates is not None and not await self._updates.receive(update):
            return web.Response(status=503)
        return web.Response()

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _: web.Request) -> web.Response:
        problems = []
        try:
            async with asyncio.timeout(5), self._app.database.read() as session:
                await session.execute(text("SELECT 1"))
        except Exception as error:
            problems.append(f"database: {type(error).__name__}")
        polling = self._updates is not None and not self._app.settings.webhook_url
        if polling and self._updates is not None and self._updates.holds_lease:
            silence = time.monotonic() - self._updates.last_taken
            if silence > STALE_SECONDS:
                problems.append(f"updates: getUpdates unanswered for {silence:.0f} s")
        return web.Response(status=503 if problems else 200, text="\n".join(problems or ["ready"]) + "\n")
