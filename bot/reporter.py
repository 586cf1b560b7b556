"""The reporter: keeps progress messages up to date, and tells the admins what they should know."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.audience import subscribers
from bot.context import NewsBot
from bot.delivery import notices, pushes
from bot.i18n import Language, choose, load_language
from bot.logs import OngoingFailure
from bot.messages import broadcasts
from bot.storage.models import Push

log = structlog.get_logger("kabar.reporter")

EVERY_SECONDS = 3.0  # edits draw on the chat's own send limit


class Reporter:
    def __init__(self, app: NewsBot, stopping: asyncio.Event) -> None:
        self._app = app
        self._stopping = stopping
        self._failure = OngoingFailure(log, "reports_delayed")

    async def run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.step()
            except (SQLAlchemyError, OSError, TelegramError) as error:
                self._failure.note(error)
            except Exception:
                log.exception("reporter_failed")
            else:
                self._failure.clear()
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def step(self) -> None:
        """Bring every progress message up to date, and say every notice once."""
        async with self._app.database.read() as session:
            watched = await pushes.with_progress_message(session)
            unsaid = await notices.unsaid(session)
        for push in watched:
            await self._report(push)
        for notice in unsaid:
            for admin in self._app.settings.admin_ids:
                message = broadcasts.notice(self._app.newsroom, await self._language(admin), notice.kind, notice.data)
                try:
                    await self._app.bot.send_message(admin, message.text, reply_markup=message.markup)
                except (BadRequest, Forbidden) as error:  # an admin who never wrote to the bot
                    log.warning("admin_unreachable", admin=admin, reason=str(error))
            async with self._app.database.write() as session:
                await notices.said(session, notice.id, self._app.now())

    async def _language(self, admin: int) -> Language:
        async with self._app.database.read() as session:
            known = await subscribers.find(session, admin)
        return load_language(choose(known.language if known else None, self._app.newsroom.language))

    async def _report(self, push: Push) -> None:
        if push.author is None or push.progress_message_id is None:
            return
        async with self._app.database.read() as session:
            state = await pushes.progress(session, push.id)
            clock = await self._app.database.moment(session)
        if state is None:
            return
        undo = state.push.state == pushes.RUNNING and state.push.not_before > clock
        message = broadcasts.progress(
            self._app.newsroom, await self._language(push.author), state.push, state.waiting, "", undo=undo
        )
        final = state.push.state in (pushes.FINISHED, pushes.CANCELLED)
        if message.text == push.progress_shown and not final:
            return
        try:
            await self._app.bot.edit_message_text(
                message.text,
                push.author,
                push.progress_message_id,
                entities=message.entities,
                reply_markup=message.markup,
            )
        except BadRequest as error:
            if "not modified" not in str(error).lower():
                log.warning("progress_lost", push=push.id, reason=str(error))
                final = True
        except TelegramError as error:
            log.warning("progress_delayed", push=push.id, reason=str(error))
            return
        async with self._app.database.write() as session:
            shown = "final" if final else message.text
            await pushes.note_shown(session, push.id, shown)
