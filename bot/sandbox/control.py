"""HTTP routes with which the chat page, and tests in other processes, read and change the world. JSON bodies."""

import asyncio
import base64
import binascii
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from bot.sandbox.world import World

PAGE = Path(__file__).parent / "page"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'"
EVENTS_BEHIND = 2000  # unsent events after which a slow page is disconnected; it reconnects and loads everything anew
STATUS_SECONDS = 1.0

Status = Callable[[], Awaitable[dict[str, Any]]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    def __init__(self, world: World, status: Status | None) -> None:
        self.world = world
        self._status = status

    def routes(self, app: web.Application) -> None:
        router = app.router
        router.add_get("/", self._index)
        router.add_get("/page/{name}", self._page)
        router.add_get("/sandbox/state", self._state)
        router.add_get("/sandbox/events", self._events)
        router.add_get("/sandbox/bot", self._bot)
        router.add_get("/sandbox/calls", self._calls)
        router.add_get("/sandbox/violations", self._violations)
        router.add_get("/sandbox/photos/{file_id}", self._photo)
        router.add_get("/sandbox/chats/{chat}/messages", self._messages)
        for path, handler in (
            ("/sandbox/chats/{chat}/messages", self._say),
            ("/sandbox/chats/{chat}/press", self._press),
            ("/sandbox/chats/{chat}/edit", self._edit),
            ("/sandbox/chats/{chat}/membership", self._membership),
            ("/sandbox/chats/{chat}/upgrade", self._upgrade),
            ("/sandbox/people", self._add_person),
            ("/sandbox/people/{chat}/block", self._block),
            ("/sandbox/start/{chat}", self._start),
            ("/sandbox/faults", self._fault),
        ):
            router.add_post(path, _refuse_bad_bodies(handler))

    async def _index(self, request: web.Request) -> web.Response:
        return self._serve("index.html")

    async def _page(self, request: web.Request) -> web.Response:
        return self._serve(request.match_info["name"])

    def _serve(self, name: str) -> web.Response:
        path = PAGE / name
        if path.parent != PAGE or path.suffix not in TYPES or not path.is_file():
            return web.Response(status=404)
        headers = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY}
        return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], headers=headers)

    async def _state(self, _: web.Request) -> web.Response:
        world = self.world
        chats = [
            {
                **chat.public(),
                "language": chat.language,
                "blocked": chat.blocked,
                "bot_status": chat.bot,
                "members": [{"id": user, "status": status} for user, status in chat.members.items()],
                "commands": self._menu(chat.id, chat.language),
                "last_message": next(reversed(world.messages(chat.id)), None),
            }
            for chat in world.chats.values()
        ]
        return _json({"bot": world.me, "chats": chats})

    def _menu(self, chat: int, language: str) -> list[dict[str, str]]:
        for scope in (f"chat:{chat}", "default"):
            for code in (language, ""):
                if menu := self.world.menus.get((scope, code)):
                    return menu
        return []

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: what happens, in one chat only with `?chat=`, and the bot's status every second."""
        only = request.query.get("chat")
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(EVENTS_BEHIND)
        fell_behind = asyncio.Event()

        def listen(event: dict[str, Any]) -> None:
            if event["type"] == "update" or (only and event.get("chat") not in (None, int(only))):
                return
            if queue.full():
                fell_behind.set()
            else:
                queue.put_nowait(event)

        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        forget = self.world.listen(listen)
        try:
            await response.write(b"retry: 1000\n\n")
            status_due = time.monotonic() + STATUS_SECONDS
            while not fell_behind.is_set():
                try:
                    async with asyncio.timeout(max(0.0, status_due - time.monotonic())):
                        event = await queue.get()
                except TimeoutError:
                    status_due = time.monotonic() + STATUS_SECONDS
                    event = {"type": "status", "status": await self._status()} if self._status else {"type": "tick"}
                await response.write(b"data: " + orjson.dumps(event) + b"\n\n")
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            forget()
        return response

    async def _bot(self, _: web.Request) -> web.Response:
        return _json(await self._status() if self._status else {})

    async def _calls(self, request: web.Request) -> web.Response:
        calls = self.world.calls(request.query.get("method"))
        return _json([{**call, "params": _without_bytes(call["params"])} for call in calls[-1000:]])

    async def _violations(self, _: web.Request) -> web.Response:
        return _json(
            [{**violation, "params": _without_bytes(violation["params"])} for violation in self.world.violations]
        )

    async def _photo(self, request: web.Request) -> web.Response:
        content = self.world.photos.content(request.match_info["file_id"])
        if content is None:
            return web.Response(status=404)
        kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
        return web.Response(body=content, content_type=kind, headers={"Cache-Control": "max-age=86400"})

    async def _messages(self, request: web.Request) -> web.Response:
        return _json(self.world.messages(int(request.match_info["chat"])))

    async def _say(self, request: web.Request) -> web.Response:
        body = await request.json()
        chat = int(request.match_info["chat"])
        photo = None
        if body.get("photo"):
            try:
                photo = base64.b64decode(str(body["photo"]).partition(",")[2], validate=True)
            except binascii.Error as error:
                raise ValueError("photo must be a data: URL") from error
        number = self.world.say(
            int(body.get("as") or chat),
            str(body.get("text") or ""),
            chat=chat,
            thread=int(body.get("thread") or 0),
            photo=photo,
        )
        return _json({"message_id": number})

    async def _press(self, request: web.Request) -> web.Response:
        body = await request.json()
        chat = int(request.match_info["chat"])
        answer = await self.world.press(int(body.get("as") or chat), chat, int(body["message_id"]), str(body["data"]))
        return _json(answer)

    async def _edit(self, request: web.Request) -> web.Response:
        body = await request.json()
        chat = int(request.match_info["chat"])
        self.world.edit(int(body.get("as") or chat), chat, int(body["message_id"]), str(body["text"]))
        return _json({})

    async def _membership(self, request: web.Request) -> web.Response:
        status = str((await request.json())["status"])
        chat = int(request.match_info["chat"])
        if status in ("kicked", "left"):
            self.world.kick(chat, status)
        else:
            self.world.add_bot(chat, status)
        return _json({})

    async def _upgrade(self, request: web.Request) -> web.Response:
        return _json({"id": self.world.upgrade_group(int(request.match_info["chat"]))})

    async def _add_person(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = str(body["name"]).strip()[:64]
        if not name:
            raise ValueError("a name is needed")
        return _json({"id": self.world.add_user(name, language=str(body.get("language") or "id")[:8])})

    async def _block(self, request: web.Request) -> web.Response:
        blocked = bool((await request.json())["blocked"])
        (self.world.block if blocked else self.world.unblock)(int(request.match_info["chat"]))
        return _json({})

    async def _start(self, request: web.Request) -> web.Response:
        payload = request.query.get("payload", "")
        chat = int(request.match_info["chat"])
        self.world.unblock(chat)
        return _json({"message_id": self.world.say(chat, f"/start {payload}".strip())})

    async def _fault(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.world.fail(body.pop("method", None), body.pop("chat", None), kind=str(body.pop("kind")), **body)
        return _json({})


def _refuse_bad_bodies(handler: Handler) -> Handler:
    """Answers 400 where the body lacks a name, has a wrong value, or names somebody unknown."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (KeyError, ValueError, TypeError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)

    return answer


def _without_bytes(params: dict[str, Any]) -> dict[str, Any]:
    return {name: f"{len(value)} bytes" if isinstance(value, bytes) else value for name, value in params.items()}


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
