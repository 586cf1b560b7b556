"""A bot of plain aiohttp that does what a test scripts, over the Bot API's wire."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientError, ClientSession

from tests.wire import PATIENCE


class ScriptedBot:
    """`seen`: the updates it got. `answers`: by a button's data, what a press is answered with (`edit` first)."""

    def __init__(self, url: str, token: str, session: ClientSession) -> None:
        self.base, self.session = f"{url}/bot{token}", session
        self.seen: list[dict[str, Any]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self._came = asyncio.Event()

    async def call(self, method: str, **params: Any) -> Any:
        """The result; AssertionError if the server refuses."""
        async with self.session.post(f"{self.base}/{method}", json=params) as answer:
            body = await answer.json()
        assert body["ok"], body
        return body["result"]

    async def send(self, chat: int, text: str, *rows: list[dict[str, str]], **more: Any) -> int:
        """A text, with rows of inline buttons; the message's id."""
        markup = {"reply_markup": {"inline_keyboard": list(rows)}} if rows else {}
        return int((await self.call("sendMessage", chat_id=chat, text=text, **markup, **more))["message_id"])

    async def poll(self) -> None:
        offset = 0
        while True:
            try:
                updates = await self.call("getUpdates", offset=offset, timeout=20)
            except (ClientError, OSError):  # the server is away: a test's doing
                await asyncio.sleep(0.05)
                continue
            for update in updates:
                offset = update["update_id"] + 1
                self.seen.append(update)
                await self._answer(update.get("callback_query"))
            self._came.set()

    async def _answer(self, query: dict[str, Any] | None) -> None:
        if query is None:
            return
        answer = dict(self.answers.get(query["data"], {}))
        edit = answer.pop("edit", None)
        if edit is not None:
            place = {"chat_id": query["message"]["chat"]["id"], "message_id": query["message"]["message_id"]}
            await self.call("editMessageText", **place, **edit)
        await self.call("answerCallbackQuery", callback_query_id=query["id"], **answer)

    async def got(self, kind: str, *, number: int = 1) -> dict[str, Any]:
        """The `number`th update of that kind, waited for."""
        async with asyncio.timeout(PATIENCE):
            while True:
                fitting = [update[kind] for update in self.seen if kind in update]
                if len(fitting) >= number:
                    return dict(fitting[number - 1])
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def playing(url: str, token: str) -> AsyncIterator[ScriptedBot]:
    async with ClientSession() as session, asyncio.TaskGroup() as group:
        bot = ScriptedBot(url, token, session)
        polling = group.create_task(bot.poll())
        try:
            yield bot
        finally:
            polling.cancel()
