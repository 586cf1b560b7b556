"""Many newsrooms' feeds in a process of their own.

Sources are spread over addresses of 127.0.0.0/8. Connections are closed after each answer, as most would be
with thousands of real hosts. A source brings a new story every `--news` seconds. Of four sources, two know ETags, one
sends the same bytes until something changes, and one stamps each answer with the time. `GET /count` returns
the requests since the last one: {"asked": …, "unchanged": …, "seconds": …}.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.request import urlopen

import orjson
from aiohttp import web

HOSTS = 100
ITEMS = 20
TEXT = (
    "warga kecamatan membangun jembatan gantung baru dengan dana desa agar anak sekolah tidak lagi menyeberang sungai "
    "saat banjir bupati menyatakan pekerjaan selesai sebelum musim hujan dan harga beras di pasar induk tetap stabil"
)
WORDS = TEXT.split()


class Press:
    def __init__(self, news: float, delay: float) -> None:
        self._news, self._delay = news, delay
        self._began = time.time()
        self._asked = self._unchanged = 0
        self._since = time.monotonic()

    async def feed(self, request: web.Request) -> web.Response:
        self._asked += 1
        source = int(request.match_info["source"])
        phase = (source * 7919 % 10_000) / 10_000
        newest = int((time.time() - self._began) / self._news + phase) + ITEMS
        await asyncio.sleep(self._delay)
        etag = f'"{source}-{newest}"'
        headers = {"Connection": "close"} | ({"ETag": etag} if source % 2 else {})
        if source % 2 and request.headers.get("If-None-Match") == etag:
            self._unchanged += 1
            return web.Response(status=304, headers=headers)
        items = "".join(self._item(source, number, phase) for number in range(newest, newest - ITEMS, -1))
        built = self._moment(newest, phase) if source % 4 else datetime.now(UTC)
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Sumber {source}</title>'
            f"<link>https://s{source}.example/</link><lastBuildDate>{format_datetime(built)}"
            f"</lastBuildDate>{items}</channel></rss>"
        )
        return web.Response(text=text, content_type="application/rss+xml", headers=headers)

    def _moment(self, number: int, phase: float) -> datetime:
        return datetime.fromtimestamp(self._began + (number - ITEMS - phase) * self._news, UTC)

    def _item(self, source: int, number: int, phase: float) -> str:
        at = number * 31 + source * 17
        words = [WORDS[(at + step * (1 + at % 5)) % len(WORDS)] for step in range(48)]
        title, summary = " ".join(words[:9]).capitalize(), " ".join(words[9:]).capitalize()
        url = f"https://s{source}.example/berita/{number + 100_000}/{'-'.join(words[:6])}"
        return (
            f"<item><title>{title} {number}</title><link>{url}</link><guid>{url}</guid>"
            f"<description><![CDATA[<p>{summary}.</p>]]></description><category>Daerah</category>"
            f"<pubDate>{format_datetime(self._moment(number, phase))}</pubDate>"
            f'<enclosure url="{url}.jpg" type="image/jpeg" length="1"/></item>'
        )

    async def count(self, _: web.Request) -> web.Response:
        seconds = time.monotonic() - self._since
        figures = {"asked": self._asked, "unchanged": self._unchanged, "seconds": seconds}
        self._asked = self._unchanged = 0
        self._since = time.monotonic()
        return web.json_response(figures)


async def serve(news: float, delay: float) -> None:
    press = Press(news, delay)
    app = web.Application()
    app.router.add_get("/{source:\\d+}.xml", press.feed)
    app.router.add_get("/count", press.count)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    for host in range(2, HOSTS + 1):
        await web.TCPSite(runner, f"127.0.0.{host}", port).start()
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the parent goes


@contextmanager
def running(*options: str) -> Iterator[int]:
    """A press in a process of its own; its port."""
    command = [sys.executable, "-m", "benchmarks.press", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as press:
        assert press.stdout is not None
        try:
            yield int(press.stdout.readline())
        finally:
            press.terminate()


def address_of(source: int, port: int) -> str:
    return f"http://127.0.0.{1 + source % HOSTS}:{port}/{source}.xml"


def count(port: int) -> dict[str, float]:
    """The requests to the press since the last count."""
    with urlopen(f"http://127.0.0.1:{port}/count") as answer:
        figures: dict[str, float] = orjson.loads(answer.read())
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--news", type=float, default=3600)
    parser.add_argument("--delay", type=float, default=0.2)
    asyncio.run(serve(**vars(parser.parse_args())))
