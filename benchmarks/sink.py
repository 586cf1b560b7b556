"""A Bot API server that takes everything at once, in a process of its own: what is left is the sender's own cost.

`--flood bucket|window --rate N` refuses with 429 what comes faster. `GET /count` tells what was taken since it last was
asked: {"taken": …, "refused": …, "seconds": from the first to the last}.
"""

import argparse
import asyncio
import itertools
import math
import sys
import time

import orjson
from aiohttp import web

from bot.sandbox.flood import Flood

ME = b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Kabar","username":"kabar_bot"}}'
SENT = b'{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":1,"type":"private"},"text":"x"}}'
REFUSED = (
    b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after %d","parameters":{"retry_after":%d}}'
)


class Sink:
    def __init__(self, flood: str, rate: float) -> None:
        self._flood = Flood(flood, rate)
        self._numbers = itertools.count(1)
        self._times: list[float] = []
        self._refused = 0

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.match_info["method"] == "getMe":
            return web.Response(body=ME, content_type="application/json")
        now = time.monotonic()
        if self._flood.mode != "off":
            wait = self._flood.wait(_chat(body), now)
            if wait:
                self._refused += 1
                seconds = math.ceil(wait)
                return web.Response(status=429, body=REFUSED % (seconds, seconds), content_type="application/json")
        self._times.append(now)
        return web.Response(body=SENT % next(self._numbers), content_type="application/json")

    async def count(self, _: web.Request) -> web.Response:
        times, self._times = self._times, []
        refused, self._refused = self._refused, 0
        seconds = times[-1] - times[0] if times else 0.0
        self._flood = Flood(self._flood.mode, self._flood.rate)
        return web.json_response({"taken": len(times), "refused": refused, "seconds": seconds})


def _chat(body: bytes) -> int:
    """The chat of a JSON body, or of the form that python-telegram-bot sends."""
    if body.startswith(b"{"):
        return int(orjson.loads(body)["chat_id"])
    fields = dict(part.split(b"=", 1) for part in body.split(b"&") if b"=" in part)
    return int(fields.get(b"chat_id", b"0"))


async def serve(flood: str, rate: float) -> None:
    sink = Sink(flood, rate)
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", sink.answer)
    app.router.add_get("/count", sink.count)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the parent goes


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--flood", default="off", choices=("off", "bucket", "window"))
    parser.add_argument("--rate", type=float, default=30)
    asyncio.run(serve(**vars(parser.parse_args())))
