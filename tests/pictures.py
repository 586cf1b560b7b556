"""Pictures as sites have them, and a site that serves them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from aiohttp import web
from PIL import Image

RED = (200, 30, 30)


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 360), mode: str = "RGB", **options: Any) -> bytes:
    """A red picture."""
    return encoded(Image.new("RGB", size, RED).convert(mode), kind, **options)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def noise(size: tuple[int, int], **options: Any) -> bytes:
    """A JPEG that hardly gets smaller by its compression."""
    return encoded(Image.effect_noise(size, 90).convert("RGB"), "JPEG", **options)


def bomb() -> bytes:
    """A PNG of 110,000 bytes and 900 million pixels."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return encoded(Image.new("1", (30_000, 30_000)), "PNG")
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def opened(body: bytes) -> Image.Image:
    return Image.open(BytesIO(body))


class PictureSite:
    """Serves `files` (body, content type) by path, and counts who asked for what. What `holds` names never ends."""

    def __init__(self) -> None:
        self.url = ""
        self.files: dict[str, tuple[bytes, str]] = {}
        self.asked: Counter[str] = Counter()
        self.holds: set[str] = set()
        self._released = asyncio.Event()

    async def serve(self, request: web.Request) -> web.Response:
        self.asked[request.path] += 1
        if request.path in self.holds:
            await self._released.wait()
        body, kind = self.files.get(request.path, (b"", ""))
        return web.Response(body=body, content_type=kind) if kind else web.Response(status=404)

    def add(self, path: str, body: bytes, kind: str) -> str:
        """The address of this file."""
        self.files[path] = body, kind
        return self.url + path

    @asynccontextmanager
    async def running(self) -> AsyncIterator["PictureSite"]:
        app = web.Application()
        app.router.add_get("/{path:.*}", self.serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            self._released.set()
            await runner.cleanup()
