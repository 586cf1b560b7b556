"""The reporter: updates the progress messages of pushes, and sends notices to the admins."""

import asyncio

import structlog
from telegram.error import BadRequest, Forbidden, TelegramError

from bot import loops
from bot.audience import subscribers
from bot.context import NewsBot
from bot.delivery import figures, notices, pushes
from bot.i18n import Language, choose, load_language
from bot.messages import broadcasts
from bot.messages import notices as messages
from bot.storage.models import Push

log = structlog.get_logger("kabar.reporter")

EVERY_SECONDS = 3.0  # Telegram counts edits towards the chat's limit of one message a second


class Reporter:
    def __init__(self, app: NewsBot, stopping: asyncio.Event) -> None:
        self._app = app
        self._stopping = stopping

    async def run(self) -> None:
        await loops.repeat("reports", self.step, stopping=self._stopping, idle_seconds=EVERY_SECONDS)

    async def step(self) -> bool:
        """Update every progress message, and send each new notice once to every admin."""
        async with self._app.database.read() as session:
            watched = await pushes.with_progress_message(session)
            unsaid = await notices.unsaid(session)
        for push in watched:
            await self._report(push)
        for notice in unsaid:
            for admin in self._app.settings.admin_ids:
                message = messages.notice(self._app.newsroom, await self._language(admin), notice.kind, notice.data)
                try:
                    await self._app.answers.send(admin, message)
                except (BadRequest, Forbidden) as error:  # for example an admin who never wrote to the bot
                    log.warning("admin_unreachable", admin=admin, reason=str(error))
            async with self._app.database.write() as session:
                await notices.said(session, notice.id, self._app.now())
        return False

    async def _language(self, admin: int) -> Language:
        async with self._app.database.read() as session:
            subscriber = await subscribers.find(session, admin)
        return load_language(choose(subscriber.language if subscriber else None, self._app.newsroom.language))

    async def _report(self, push: Push) -> None:
        if push.author is None or push.progress_message_id is None:
            return
        async with self._app.database.read() as session:
            state = await figures.progress(session, push.id)
            clock = await session.moment()
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
            await self._app.answers.edit(push.author, push.progress_message_id, message)
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
