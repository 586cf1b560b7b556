"""A Bot API server in a process of its own that accepts every message at once, to measure only the sender's cost.

`--flood bucket|window --rate N` answers faster messages with 429; `--delay S` delays answers by S seconds. `GET /count`
returns the messages since the last count: {"taken": …, "refused": …, "seconds": from the first to the last,
"update_at": when the first UPDATE came, by the machine's monotonic clock}. With `--arrivals`, `GET /arrivals` returns
the times of the messages to chats from ASKING on, by the same clock, and forgets them.
"""

import argparse
import asyncio
import itertools
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import orjson
from aiohttp import web

from bot.sandbox.flood import Flood

ME = b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Kabar","username":"kabar_bot"}}'
HOOK = b'{"ok":true,"result":{"url":"https://news.example/telegram","has_custom_certificate":false,"pending_update_count":0}}'
OTHERS = {"getMe": ME, "getWebhookInfo": HOOK}
DONE = b'{"ok":true,"result":true}'
SENT = b'{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":1,"type":"private"},"text":"x"}}'
ASKING = 1_000_000  # ids of the chats that ask, in benchmarks of answers
REFUSED = (
    b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after %d","parameters":{"retry_after":%d}}'
)


class Sink:
    def __init__(self, flood: str, rate: float, delay: float, arrivals: bool) -> None:
        self._delay = delay
        self._keeps_arrivals = arrivals
        self._update_at: float | None = None
        self._flood = Flood(flood, rate)
        self._numbers = itertools.count(1)
        self._times: list[float] = []
        self._arrivals: dict[int, list[float]] = {}
        self._refused = 0

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        method = request.match_info["method"]
        if not method.startswith("send"):
            return web.Response(body=OTHERS.get(method, DONE), content_type="application/json")
        now = time.monotonic()
        if self._update_at is None and b"UPDATE" in body:
            self._update_at = now
        if self._flood.mode != "off":
            wait = self._flood.wait(_chat(body), now)
            if wait:
                self._refused += 1
                seconds = math.ceil(wait)
                return web.Response(status=429, body=REFUSED % (seconds, seconds), content_type="application/json")
        self._times.append(now)
        if self._keeps_arrivals and (chat := _chat(body)) >= ASKING:
            self._arrivals.setdefault(chat, []).append(now)
        if self._delay:
            await asyncio.sleep(self._delay)
        return web.Response(body=SENT % next(self._numbers), content_type="application/json")

    async def count(self, _: web.Request) -> web.Response:
        times, self._times = self._times, []
        refused, self._refused = self._refused, 0
        seconds = times[-1] - times[0] if times else 0.0
        self._flood = Flood(self._flood.mode, self._flood.rate)
        update_at, self._update_at = self._update_at, None
        return web.json_response({"taken": len(times), "refused": refused, "seconds": seconds, "update_at": update_at})

    async def arrivals(self, _: web.Request) -> web.Response:
        arrivals, self._arrivals = self._arrivals, {}
        return web.json_response(arrivals)


def _chat(body: bytes) -> int:
    """The chat of a JSON body, or of the form that python-telegram-bot sends."""
    if body.startswith(b"{"):
        return int(orjson.loads(body)["chat_id"])
    fields = dict(part.split(b"=", 1) for part in body.split(b"&") if b"=" in part)
    return int(fields.get(b"chat_id", b"0"))


async def serve(flood: str, rate: float, delay: float, arrivals: bool) -> None:
    sink = Sink(flood, rate, delay, arrivals)
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", sink.answer)
    app.router.add_get("/count", sink.count)
    app.router.add_get("/arrivals", sink.arrivals)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the parent goes


@contextmanager
def running(*options: str) -> Iterator[str]:
    """A sink in a process of its own; its address."""
    command = [sys.executable, "-m", "benchmarks.sink", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sink:
        assert sink.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(sink.stdout.readline())}"
        finally:
            sink.terminate()


def count(url: str) -> dict[str, float]:
    """The messages to a sink since the last count."""
    with urlopen(f"{url}/count") as answer:
        figures: dict[str, float] = orjson.loads(answer.read())
    return figures


def arrivals(url: str) -> dict[int, list[float]]:
    """When messages came to the chats that ask, since the last call; seconds of the machine's monotonic clock."""
    with urlopen(f"{url}/arrivals") as answer:
        return {int(chat): times for chat, times in orjson.loads(answer.read()).items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--flood", default="off", choices=("off", "bucket", "window"))
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--arrivals", action="store_true")
    asyncio.run(serve(**vars(parser.parse_args())))
