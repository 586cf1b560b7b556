"""The composition root: builds the objects of a process for its roles, and starts and stops them in order."""

import asyncio
import gc
import os
import secrets
import signal
import socket
from contextlib import AsyncExitStack
from functools import partial
from typing import cast

import structlog
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ApplicationBuilder, ContextTypes, ExtBot

import handlers
from bot import loops
from bot.clock import utcnow
from bot.config import Newsroom, Settings, SettingsError
from bot.context import Context, NewsBot
from bot.delivery import budget
from bot.delivery.budget import AnswerLimiter, ChatPace, Window
from bot.delivery.courier import Courier
from bot.delivery.desk import Desk
from bot.delivery.ledger import Ledger
from bot.delivery.opened import OpenedCards
from bot.delivery.photos import Photos
from bot.delivery.recapper import Recapper
from bot.delivery.retries import Retries
from bot.delivery.sender import Sender
from bot.delivery.telegram import AiohttpRequest
from bot.housekeeping import Housekeeper
from bot.registration import Registration
from bot.reporter import Reporter
from bot.storage import engine
from bot.storage.engine import Database
from bot.stories import sources
from bot.stories.photo_files import fetch_jpeg, photo_fetcher
from bot.stories.poller import Poller
from bot.stories.reading import parsing, websub
from bot.stories.reading.fetcher import Fetcher
from bot.timekeeping import Timekeeper
from bot.updates.intake import Updates
from bot.web.clicks import Clicks
from bot.web.server import Server, webhook_secret

log = structlog.get_logger("kabar")

ROLES = ("chat", "ingest", "deliver")
RANGES_AT_ONCE = 2  # so that one can take a more urgent push while the other waits for its last answers
STOP_SECONDS = 9.5
RETRY_START_SECONDS = 5.0


def user_agent(newsroom: Newsroom) -> str:
    return f"Kabar/0.1 (+{newsroom.newsroom.url})"


async def prepare_database(database: Database, settings: Settings, newsroom: Newsroom) -> None:
    """Migrate an SQLite file, check the schema on PostgreSQL, and insert the rows of the budget and of each source.

    Raises OldSchema.
    """
    await engine.prepare_schema(database)
    async with database.write() as session:
        await budget.prepare(session, settings.send_rate)
        await sources.sync(session, newsroom.sources)


class Process:
    """One `kabar run`. Setting `stopping` ends it in order; `run` returns when everything has stopped."""

    def __init__(self, settings: Settings, newsroom: Newsroom, roles: tuple[str, ...] = ROLES) -> None:
        if not settings.bot_token:
            raise SettingsError(
                "BOT_TOKEN: is not set; accepted: a token as BotFather gives it; ./kabar init asks for it"
            )
        self.settings = settings
        self.newsroom = newsroom
        self.roles = roles
        self.stopping = asyncio.Event()
        self.started = asyncio.Event()
        self.owner = f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.database = Database(settings.database_url)
        self.wake = asyncio.Event()
        pace = ChatPace() if settings.chat_rate else None
        window = Window(settings.send_rate)
        self.limiter = AnswerLimiter(self.database, settings.send_rate, window, pace)
        self.updates_request = AiohttpRequest(4)
        self.answers_request = AiohttpRequest()
        self.bot: ExtBot[None] = ExtBot(
            settings.bot_token,
            base_url=f"{settings.bot_api_url}/bot",
            base_file_url=f"{settings.bot_api_url}/file/bot",
            request=self.answers_request,
            get_updates_request=self.updates_request,
            rate_limiter=self.limiter,
        )
        private = settings.allow_private_sources
        self.photo_fetcher = photo_fetcher(private=private, user_agent=user_agent(newsroom))
        self.photos = Photos(partial(fetch_jpeg, self.photo_fetcher))
        services = {
            "database": self.database,
            "settings": settings,
            "newsroom": newsroom,
            "now": utcnow,
            "wake": self.wake,
            "commands": handlers.COMMANDS,
            "photos": self.photos,
        }
        built = (
            ApplicationBuilder()
            .application_class(NewsBot, services)
            .bot(self.bot)
            .context_types(ContextTypes(context=Context))
            .updater(None)
            .job_queue(None)
            .build()
        )
        self.app = cast(NewsBot, built)  # the builder's types don't follow application_class
        handlers.register(self.app)
        self.push_request = AiohttpRequest()
        ledger = Ledger(self.database, utcnow, self.stopping)
        base_url = f"{settings.bot_api_url}/bot{settings.bot_token}"
        courier = Courier(ledger, self.push_request, base_url, pace, self.photos)
        self.sender = Sender(ledger, courier, newsroom, window, self.owner, settings.public_url)
        self.retries = Retries(ledger, courier, newsroom, window, settings.public_url)
        self.cards = OpenedCards(ledger, courier, newsroom, window, settings.public_url)
        self.recapper = Recapper(ledger, courier, newsroom, window)
        self.desk = Desk(ledger, self.wake)
        self.clicks = Clicks(self.app)
        self.updates: Updates | None = None
        self.registration: Registration | None = None
        if "chat" in roles:
            address = f"{settings.bot_api_url}/bot{settings.bot_token}/getUpdates"
            polls = not settings.webhook_url
            self.updates = Updates(self.app, self.owner, self.stopping, self.updates_request, address, polls=polls)
            secret = webhook_secret(settings.bot_token, settings.webhook_secret)
            self.registration = Registration(self.app, secret, self.stopping)

    async def run(self) -> None:
        """Start, work until `stopping` is set, and stop in the reverse order. Raises SettingsError and OldSchema."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.database.close)
            stack.callback(parsing.stop)
            await prepare_database(self.database, self.settings, self.newsroom)
            if self.settings.http_port:  # before the first update is taken
                server = Server(self.app, self.updates, self.clicks)
                await server.start()
                stack.push_async_callback(server.stop)
            if not await self._reach_telegram():
                return
            stack.push_async_callback(self.app.shutdown)
            await self.push_request.initialize()
            stack.push_async_callback(self.push_request.shutdown)
            fetcher = await stack.enter_async_context(
                Fetcher(private=self.settings.allow_private_sources, user_agent=user_agent(self.newsroom))
            )
            await stack.enter_async_context(self.photo_fetcher)
            stack.push_async_callback(self.photos.close)
            if self.registration is not None:
                await self.registration.begin()
            log.info("started", roles=",".join(self.roles), bot=self.bot.username, owner=self.owner)
            self.started.set()
            await self._work(fetcher)
        log.info("stopped")

    async def _reach_telegram(self) -> bool:
        """Call getMe until Telegram answers; False if `stopping` is set before. Raises SettingsError."""
        while not self.stopping.is_set():
            try:
                await self.app.initialize()
                return True
            except InvalidToken:
                raise SettingsError(
                    "BOT_TOKEN: rejected by Telegram; accepted: the token that BotFather shows"
                ) from None
            except TelegramError as error:
                log.warning("telegram_unreachable", reason=str(error), again_in=RETRY_START_SECONDS)
                await loops.wait(self.stopping, RETRY_START_SECONDS)
        return False

    def _websub(self, fetcher: Fetcher) -> websub.Subscriber:
        return websub.Subscriber(
            database=self.database,
            fetcher=fetcher,
            public_url=self.settings.public_url,
            source_ids={source.id for source in self.newsroom.sources},
            stopping=self.stopping,
        )

    def _timekeeper(self) -> Timekeeper:
        return Timekeeper(
            database=self.database,
            requests=(self.push_request, self.answers_request, self.updates_request),
            undo_seconds=self.settings.undo_seconds,
            now=utcnow,
            stopping=self.stopping,
        )

    async def _work(self, fetcher: Fetcher) -> None:
        poller = Poller(
            database=self.database,
            fetcher=fetcher,
            newsroom=self.newsroom,
            owner=self.owner,
            now=utcnow,
            stopping=self.stopping,
            public_url=self.settings.public_url,
            on_push=self.wake.set,
        )
        async with asyncio.TaskGroup() as group:
            background = [group.create_task(self.limiter.run())]
            working = [group.create_task(self._timekeeper().run())]
            if self.settings.http_port:
                working.append(group.create_task(self.clicks.run(self.stopping)))
            if "deliver" in self.roles:
                working += [group.create_task(self.sender.run(self.wake)) for _ in range(RANGES_AT_ONCE)]
                working.append(group.create_task(self.retries.run(self.wake)))
                working.append(group.create_task(self.cards.run()))
                working.append(group.create_task(self.recapper.run()))
                working.append(group.create_task(self.desk.run()))
                keeper = Housekeeper(self.database, self.settings.retention_days, self.stopping)
                working.append(group.create_task(keeper.run()))
            if "ingest" in self.roles:
                working.append(group.create_task(poller.run()))
                if self.settings.public_url:
                    working.append(group.create_task(self._websub(fetcher).run()))
            if self.registration is not None:
                working.append(group.create_task(self.registration.run()))
            if self.updates is not None:
                working.append(group.create_task(Reporter(self.app, self.stopping).run()))
                working.append(group.create_task(self.updates.run()))
            await self.stopping.wait()
            log.info("stopping")
            _, late = await asyncio.wait(working, timeout=STOP_SECONDS)
            for task in (*background, *late):
                task.cancel()


def spare_collector() -> None:
    """Exclude the objects of the start from Python's cyclic garbage collection, and run it less often.

    A push creates tens of thousands of objects and hardly any cycles; collection was 40 % of the cost of a message.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def run(settings: Settings, newsroom: Newsroom, roles: tuple[str, ...] = ROLES) -> None:
    """Run a process until SIGTERM or SIGINT."""
    process = Process(settings, newsroom, roles)
    spare_collector()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, process.stopping.set)
    await process.run()
