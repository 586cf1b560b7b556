"""Registration: what Telegram is to know of the bot: its command menus, its description, how it receives updates.

Each call is tried until it succeeds, apart from the others, so that one that failed at the start leaves no menu empty
and no webhook unset. While a webhook is used, Telegram is asked every minute whether it still is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

import structlog
from telegram import BotCommand, BotCommandScopeChat, WebhookInfo
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot import loops
from bot.commands import Role, menu
from bot.context import NewsBot
from bot.delivery import notices
from bot.i18n import choose, load_language, spoken
from bot.messages import privacy
from bot.storage.engine import DATABASE_ERRORS
from bot.updates.intake import ALLOWED

log = structlog.get_logger("kabar.registration")

ANSWER_SECONDS = 5.0  # a call without an answer for so long counts as failed
AT_ONCE = 16
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0  # seconds between two tries; doubled with each
TOKEN_REFUSED_WAIT = 30.0
WATCH_SECONDS = 60.0


@dataclass(slots=True)
class Call:
    """A call that must succeed once. `failures`: how many tries in a row got no verdict. `pending`: it is to be tried.

    `personal`: Telegram refuses it until its admin has written to the bot. `vital`: the bot is deaf without it, so it
    is tried again even when it was refused, since Telegram refuses an address that it could not look up just then.
    """

    name: str
    make: Callable[[], Awaitable[object]]
    personal: bool = False
    vital: bool = False
    failures: int = 0
    pending: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """What getWebhookInfo said: how many updates wait, and when Telegram last failed to hand one over."""

    pending: int
    failed_at: float


def is_failing(before: Look | None, now: Look) -> bool | None:
    """Whether updates don't arrive: handing them over failed since the last look, and more wait. None: not clear."""
    if not now.pending:
        return False
    if before is None:
        return None
    failed, more = now.failed_at > before.failed_at, now.pending - before.pending
    if failed and more > 0:
        return True
    return False if not failed and more < 0 else None


class Registration:
    """`begin` says how updates are to come, `run` sets the menus and tries again what failed, until `stopping`.

    `webhook_secret` is what Telegram is to send with each update.
    """

    def __init__(self, app: NewsBot, webhook_secret: str, stopping: asyncio.Event) -> None:
        self._app = app
        self._secret = webhook_secret
        self._stopping = stopping
        self._places = asyncio.Semaphore(AT_ONCE)
        self._intake = Call("setWebhook" if app.settings.webhook_url else "deleteWebhook", self._set_intake, vital=True)
        self._intake_wait: float | None = 0.0  # seconds until it is to be tried again; None if it need not
        self._last: Look | None = None

    async def begin(self) -> None:
        """Try it once; it takes ANSWER_SECONDS at most."""
        self._intake_wait = await self.attempt(self._intake)

    async def run(self) -> None:
        """Set the menus, try again what failed, and watch the webhook."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._go_on(self._intake, self._intake_wait))
            for call in (*self._menus(), *self._descriptions()):
                group.create_task(self._go_on(call, 0.0))
            if self._app.settings.webhook_url:
                group.create_task(
                    loops.repeat("webhook_watch", self.watch, stopping=self._stopping, idle_seconds=WATCH_SECONDS)
                )

    async def _go_on(self, call: Call, wait: float | None) -> None:
        """Make the call after `wait` seconds, and until it need not be made again."""
        while wait is not None:
            await loops.wait(self._stopping, wait)
            if self._stopping.is_set():
                return
            wait = await self.attempt(call)

    async def attempt(self, call: Call) -> float | None:
        """Make the call; seconds until it should be made again, None if it need not."""
        call.pending = True
        wait = await self._attempt(call)
        call.pending = wait is not None
        return wait

    async def _attempt(self, call: Call) -> float | None:
        try:
            async with self._places, asyncio.timeout(ANSWER_SECONDS):
                await call.make()
        except RetryAfter as error:
            wait = error.retry_after
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return self._delayed(call, error, max(seconds, FIRST_WAIT))
        except InvalidToken:
            log.error("token_refused", call=call.name)
            return TOKEN_REFUSED_WAIT
        except (BadRequest, Forbidden) as error:
            return await self._refused(call, error)
        except (TelegramError, TimeoutError) as error:
            return self._failed(call, error)
        except Exception as error:  # for example an answer that the library cannot read, from a proxy
            log.exception("registration_failed", call=call.name)
            return self._failed(call, error)
        if call.failures:
            log.info("registered", call=call.name, failures=call.failures)
        call.failures = 0
        await self._tell(notices.REGISTRATION, call.name, False, {})
        return None

    def _failed(self, call: Call, error: Exception) -> float:
        call.failures += 1
        return self._delayed(call, error, min(FIRST_WAIT * 2.0 ** min(call.failures - 1, 20), LONGEST_WAIT))

    def _delayed(self, call: Call, error: Exception, seconds: float) -> float:
        reason = str(error)[:200] or type(error).__name__
        log.warning("registration_delayed", call=call.name, reason=reason, again_in=seconds)
        return seconds

    async def _refused(self, call: Call, error: TelegramError) -> float | None:
        if call.personal:  # tried again at the next start
            log.debug("no_menu_for_admin", call=call.name, reason=str(error))
            return None
        if await self._tell(notices.REGISTRATION, call.name, True, {"reason": str(error)[:300]}):
            log.error("registration_refused", call=call.name, reason=str(error))
        return LONGEST_WAIT if call.vital else None

    async def _tell(self, trouble: notices.Trouble, name: str, is_on: bool, data: dict[str, object]) -> bool:
        """Tell the admins once when the trouble begins and when it is over; whether that was now."""
        try:
            async with self._app.database.write() as session:
                return await notices.tell_of(session, trouble, name, is_on, data, self._app.now())
        except DATABASE_ERRORS as error:
            log.warning("registration_untold", call=name, error=repr(error)[:200])
            return is_on  # so that it is in the log at least

    async def _set_intake(self) -> None:
        settings = self._app.settings
        if settings.webhook_url:
            await self._app.bot.set_webhook(settings.webhook_url, secret_token=self._secret, allowed_updates=ALLOWED)
        else:
            await self._app.bot.delete_webhook()

    def _menus(self) -> Iterator[Call]:
        """The readers' menu and each admin's, in every language and for those who have none of them."""
        for code in (None, *spoken()):
            language = load_language(code or choose(None, self._app.newsroom.language))
            commands = {
                role: [BotCommand(name, text) for name, text in menu(self._app.commands, role, language)]
                for role in Role
            }
            set_menu = partial(self._app.bot.set_my_commands, language_code=code)
            name = f"setMyCommands {code or 'default'}"
            yield Call(name, partial(set_menu, commands[Role.READER]))
            for admin in self._app.settings.admin_ids:
                of_admin = partial(set_menu, commands[Role.OWNER], scope=BotCommandScopeChat(admin))
                yield Call(f"{name} {admin}", of_admin, personal=True)

    def _descriptions(self) -> Iterator[Call]:
        """What a person reads of the bot before the first message, in every language."""
        for code in (None, *spoken()):
            language, newsroom = load_language(code or choose(None, self._app.newsroom.language)), self._app.newsroom
            whole, short = privacy.description(newsroom, language), privacy.short_description(newsroom, language)
            name = code or "default"
            bot = self._app.bot
            yield Call(f"setMyDescription {name}", partial(bot.set_my_description, whole, language_code=code))
            yield Call(
                f"setMyShortDescription {name}", partial(bot.set_my_short_description, short, language_code=code)
            )

    async def watch(self) -> bool:
        """Ask whether the webhook is ours and updates arrive; set it again, and tell the admins, if not."""
        info = await self._app.bot.get_webhook_info()
        if _address(info.url) == _address(self._app.settings.webhook_url):
            await self._note(info)
        elif not self._intake.pending:
            log.warning("webhook_lost", url=info.url)
            await self._go_on(self._intake, await self.attempt(self._intake))
        return False

    async def _note(self, info: WebhookInfo) -> None:
        failed_at = info.last_error_date.timestamp() if info.last_error_date else 0.0
        before, self._last = self._last, Look(info.pending_update_count, failed_at)
        failing = is_failing(before, self._last)
        if failing is None:
            return
        data: dict[str, object] = {"reason": info.last_error_message or "", "count": info.pending_update_count}
        if not await self._tell(notices.WEBHOOK, "webhook", failing, data):
            return
        if failing:
            log.error("webhook_failing", **data)
        else:
            log.info("webhook_recovered")


def _address(url: str) -> str:
    """As the Bot API server writes it: scheme and host in lower case."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.lower()).geturl()
