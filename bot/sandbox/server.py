"""An HTTP server with the Bot API (https://core.telegram.org/bots/api#making-requests), the chat page and its routes.

`python -m bot.sandbox.server --port N` runs it as a process of its own.
"""

import argparse
import asyncio
import math
import re
import signal
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any, Protocol, Self

import orjson
from aiohttp import web

from bot.sandbox import faults, schema
from bot.sandbox.control import Control
from bot.sandbox.errors import Refusal
from bot.sandbox.flood import ABSORBED
from bot.sandbox.intake import Intake
from bot.sandbox.loopback import is_loopback, refuse_foreign_requests
from bot.sandbox.methods import EDITING, SENDING, Methods
from bot.sandbox.world import World

BODY_LIMIT = 60_000_000  # bytes; an upload may be large
PROXY_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"

Status = Callable[[], Awaitable[dict[str, Any]]]


class Newsroom(Protocol):
    def routes(self, app: web.Application) -> None: ...


class Server:
    """An async context manager; `url` is its address. `port` 0 takes a free one.

    Raises ValueError for a `host` that other machines could reach.
    """

    def __init__(
        self,
        world: World,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        status: Status | None = None,
        newsroom: Newsroom | None = None,
    ) -> None:
        if not is_loopback(host):
            raise ValueError(f"the sandbox has no passwords and listens on loopback only, not on {host!r}")
        self.world = world
        self._host, self._port = host, port
        self._methods = Methods(world)
        self._intake = Intake(world)
        self.app = web.Application(client_max_size=BODY_LIMIT, middlewares=[refuse_foreign_requests])
        self.app.router.add_route("*", "/bot{token}/{method}", self._bot)
        self.app.router.add_get("/file/bot{token}/photos/{name}", self._file)
        self.app.on_response_prepare.append(self._date)
        Control(world, status).routes(self.app)
        if newsroom is not None:
            newsroom.routes(self.app)
        self._runner = web.AppRunner(self.app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        self._hooks: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._port}"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port, reuse_address=True).start()
        self._port = self._runner.addresses[0][1]
        self._hooks = asyncio.get_running_loop().create_task(self._intake.run_webhook())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._hooks is not None:
            self._hooks.cancel()
            await asyncio.wait([self._hooks])
        await self._runner.cleanup()

    async def _date(self, _: web.Request, response: web.StreamResponse) -> None:
        if self.world.clock_ahead:
            response.headers["Date"] = formatdate(time.time() + self.world.clock_ahead, usegmt=True)

    async def _bot(self, request: web.Request) -> web.StreamResponse:
        if request.method not in ("GET", "POST"):
            return web.Response(status=501)
        try:
            method, params = await self._read(request)
        except Refusal as refusal:
            return _answer(refusal.body(), refusal.code)
        except (orjson.JSONDecodeError, ValueError):
            response = web.Response(status=400)
            response.force_close()
            return response
        fault = faults.take(self.world.faults, method, params.get("chat_id"))
        if fault is not None:
            return await self._fault(request, fault, method, params)
        return await self._call(method, params)

    async def _read(self, request: web.Request) -> tuple[str, dict[str, Any]]:
        token = request.match_info["token"]
        if not re.fullmatch(r"[1-9]\d*:[^/]{1,80}", token):
            raise Refusal("invalid token specified", 401)
        if token != self.world.token:
            raise Refusal("Unauthorized", 401)
        name = schema.NAMES.get(request.match_info["method"].lower())
        if name is None:
            raise Refusal("Not Found: method not found", 404)
        query = dict(request.query)
        if request.content_type == "application/json":
            body = await request.read()
            sent = orjson.loads(body) if body else {}
            if not isinstance(sent, dict):
                raise ValueError("an object is expected")
            return name, {**schema.decode(name, query), **sent}
        form: dict[str, Any] = {}
        if request.method == "POST":
            for key, value in (await request.post()).items():
                form[key] = value.file.read() if isinstance(value, web.FileField) else value
        return name, _with_files(schema.decode(name, {**query, **form}))

    async def _call(self, method: str, params: dict[str, Any]) -> web.Response:
        world = self.world
        if world.remember:
            for problem in schema.problems(method, params):
                world.violations.append({"method": method, "params": params, "problem": problem})
            if params.get("parse_mode"):
                world.violations.append({"method": method, "params": params, "problem": "parse_mode"})
        extra: dict[str, Any] = {}
        try:
            await self._pass_flood(method, params)
            if method == "getUpdates":
                result: Any = await self._intake.get_updates(params)
            elif method == "setWebhook":
                result, extra["description"] = self._intake.set_webhook(params)
            elif method == "deleteWebhook":
                result, extra["description"] = self._intake.delete_webhook(params)
            elif method == "getWebhookInfo":
                result = self._intake.webhook_info()
            else:
                result = await self._methods.call(method, params)
        except Refusal as refusal:
            world.record(method, params, refusal.description)
            return _answer(refusal.body(), refusal.code)
        world.record(method, params, result)
        return _answer({"ok": True, "result": result, **extra})

    async def _pass_flood(self, method: str, params: dict[str, Any]) -> None:
        """Delay the call by up to ABSORBED seconds, else refuse it with 429; `window` mode never delays."""
        if self.world.flood.mode == "off" or method not in SENDING | EDITING:
            return
        chat = params.get("chat_id") if isinstance(params.get("chat_id"), int) else 0
        loop = asyncio.get_running_loop()
        waited = 0.0
        while wait := self.world.flood.wait(int(chat or 0), loop.time()):
            if self.world.flood.mode == "window" or waited + wait > ABSORBED:
                self.world.flood.refused += 1
                seconds = math.ceil(wait)
                raise Refusal(f"retry after {seconds}", 429, retry_after=seconds)
            await asyncio.sleep(wait)
            waited += wait

    async def _fault(
        self, request: web.Request, fault: faults.Fault, method: str, params: dict[str, Any]
    ) -> web.StreamResponse:
        match fault.kind:
            case "html_502" | "html_504":
                code = int(fault.kind[-3:])
                page = PROXY_PAGE.format("502 Bad Gateway" if code == 502 else "504 Gateway Time-out")
                return web.Response(status=code, text=page, content_type="text/html")
            case "error_500":
                return _answer({"ok": False, "error_code": 500, "description": "Internal Server Error"}, 500)
            case "flood":
                seconds = fault.retry_after
                refusal = Refusal(f"retry after {seconds}", 429, retry_after=seconds)
                self.world.record(method, params, refusal.description)
                return _answer(refusal.body(), 429)
            case "refuse":
                self.world.record(method, params, fault.description)
                body = {"ok": False, "error_code": fault.code, "description": fault.description}
                return _answer(body, fault.code)
            case "reset_after":
                await self._call(method, params)
                return _cut(request)
            case "silent":
                await self._call(method, params)
                await asyncio.sleep(3600)
                return _cut(request)
            case "slow":
                answer = await self._call(method, params)
                await asyncio.sleep(fault.delay)
                return answer
            case _:
                return _cut(request)

    async def _file(self, request: web.Request) -> web.Response:
        content = self.world.photos.content(request.match_info["name"].partition(".")[0])
        if content is None or request.match_info["token"] != self.world.token:
            return web.Response(status=404)
        return web.Response(body=content, content_type="image/jpeg" if content[:2] == b"\xff\xd8" else "image/png")


def _with_files(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters with the uploaded files in the places that name them, also within a media object."""
    used: set[str] = set()

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        if isinstance(value, str) and value.startswith("attach://"):
            name = value.removeprefix("attach://")
            if isinstance(params.get(name), bytes):
                used.add(name)
                return params[name]
        return value

    whole = {name: filled(value) for name, value in params.items()}
    return {name: value for name, value in whole.items() if not (name in used and isinstance(value, bytes))}


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _answer(body: dict[str, Any], code: int = 200) -> web.Response:
    headers = {}
    if code == 429:
        headers["Retry-After"] = str(body.get("parameters", {}).get("retry_after", 1))
    return web.Response(status=code, body=orjson.dumps(body), content_type="application/json", headers=headers)


async def _main(port: int, flood: str, rate: float) -> None:
    from bot.sandbox.cast import cast

    world = World(flood=flood, rate=rate)
    cast(world)
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    async with Server(world, port=port) as server:
        print(f"{server.url} serves the bot {world.token}", flush=True)  # noqa: T201 - a command's output
        await stopping.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The sandbox's Bot API server, as a process of its own.")
    parser.add_argument("--port", type=int, default=8788)
    parser.add_argument("--flood", choices=("off", "bucket", "window"), default="off")
    parser.add_argument("--rate", type=float, default=30)
    given = parser.parse_args()
    asyncio.run(_main(given.port, given.flood, given.rate))
