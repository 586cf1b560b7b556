"""Photos that people send, that the bot uploads, or that it names by URL; and files that it uploads.

https://core.telegram.org/bots/api#sending-files
"""

import hashlib
from typing import Any

import aiohttp

from bot.sandbox.errors import Refusal

URL_LIMIT = 5_000_000  # bytes; https://core.telegram.org/bots/api#sending-files
UPLOAD_LIMIT = 10_000_000
SIDES_LIMIT = 10_000  # pixels, width and height together; https://core.telegram.org/bots/api#sendphoto
RATIO_LIMIT = 20
URL_TYPES = frozenset(("image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff"))  # not WebP, AVIF, SVG
FETCH_SECONDS = 8.0


class Photos:
    """Photos by file_id. Each URL is fetched once: the photo is remembered, and so is a failure."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._fetched: dict[str, str | Refusal] = {}
        self.fetches = 0

    def keep(self, content: bytes) -> list[dict[str, Any]]:
        """Store a picture and return its sizes, as a message lists them."""
        return self.sizes(self._keep(content))

    def keep_file(self, content: bytes) -> dict[str, Any]:
        """Store a file of any kind and return it as a message's document."""
        file_id = self._keep(content)
        return {"file_id": file_id, "file_unique_id": file_id[4:20], "file_size": len(content)}

    def _keep(self, content: bytes) -> str:
        file_id = "AgAC" + hashlib.sha256(content).hexdigest()[:40]
        self._files[file_id] = content
        return file_id

    def sizes(self, file_id: str) -> list[dict[str, Any]]:
        content = self._files[file_id]
        width, height = _dimensions(content)
        return [
            {
                "file_id": file_id,
                "file_unique_id": file_id[4:20],
                "width": width,
                "height": height,
                "file_size": len(content),
            }
        ]

    def content(self, file_id: str) -> bytes | None:
        return self._files.get(file_id)

    async def resolve(self, photo: Any) -> list[dict[str, Any]]:
        """The sizes of a photo given as bytes, file_id or URL. Raises Refusal."""
        if isinstance(photo, bytes):
            if not photo:
                raise Refusal("file must be non-empty")
            if len(photo) > UPLOAD_LIMIT:
                raise Refusal("Request Entity Too Large", 413)
            _check_dimensions(photo)
            return self.keep(photo)
        text = str(photo or "")
        if not text:
            raise Refusal("there is no photo in the request")
        if text in self._files:
            return self.sizes(text)
        if "." not in text:
            raise Refusal("wrong remote file identifier specified: can't unserialize it. Wrong last symbol")
        if not text.startswith(("http://", "https://")):
            raise Refusal("invalid file HTTP URL specified: URL protocol is not http or https")
        fetched = self._fetched.get(text)
        if fetched is None:
            fetched = self._fetched[text] = await self._fetch(text)
        if isinstance(fetched, Refusal):
            raise fetched
        return self.sizes(fetched)

    async def _fetch(self, url: str) -> str | Refusal:
        self.fetches += 1
        try:
            timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
                if answer.status != 200:
                    return Refusal("failed to get HTTP URL content")
                if answer.content_type not in URL_TYPES:
                    return Refusal("wrong type of the web page content")
                content = await answer.content.read(URL_LIMIT + 1)
                while len(content) <= URL_LIMIT and not answer.content.at_eof():
                    content += await answer.content.read(URL_LIMIT + 1 - len(content))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return Refusal("failed to get HTTP URL content")
        return self._keep(content) if 0 < len(content) <= URL_LIMIT else Refusal("failed to get HTTP URL content")


def _check_dimensions(content: bytes) -> None:
    width, height = _dimensions(content)
    if width + height > SIDES_LIMIT or max(width, height) > RATIO_LIMIT * max(1, min(width, height)):
        raise Refusal("PHOTO_INVALID_DIMENSIONS")


def _dimensions(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG or JPEG, from its header; otherwise 1280 by 720, a usual size of news photos."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and content[12:16] == b"IHDR" and len(content) >= 24:
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    at = 2
    while content[:2] == b"\xff\xd8" and content[at : at + 1] == b"\xff" and len(content) >= at + 9:
        if content[at + 1] in (0xC0, 0xC1, 0xC2):  # a frame: its length, precision, height, width
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return 1280, 720
