"""Photos: what people send, what the bot uploads, what it names by address."""

import hashlib
from typing import Any

import aiohttp

from bot.sandbox.errors import Refusal

URL_LIMIT = 5_000_000  # bytes; https://core.telegram.org/bots/api#sending-files
SECONDS = 8.0


class Photos:
    """Photos by file_id. A photo fetched by address is remembered, and so is a failure to."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._fetched: dict[str, str | Refusal] = {}
        self.fetches = 0

    def keep(self, content: bytes) -> list[dict[str, Any]]:
        """Store a picture; the sizes a message shows."""
        return self.sizes(self._keep(content))

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

    async def resolve(self, given: Any) -> list[dict[str, Any]]:
        """The sizes of a photo given as bytes, file_id or address."""
        if isinstance(given, bytes):
            if not given:
                raise Refusal("file must be non-empty")
            return self.keep(given)
        text = str(given or "")
        if not text:
            raise Refusal("there is no photo in the request")
        if text in self._files:
            return self.sizes(text)
        if "." not in text:
            raise Refusal("wrong remote file identifier specified: can't unserialize it. Wrong last symbol")
        if not text.startswith(("http://", "https://")):
            raise Refusal("invalid file HTTP URL specified: URL protocol is not http or https")
        known = self._fetched.get(text)
        if known is None:
            known = self._fetched[text] = await self._fetch(text)
        if isinstance(known, Refusal):
            raise known
        return self.sizes(known)

    async def _fetch(self, url: str) -> str | Refusal:
        self.fetches += 1
        try:
            timeout = aiohttp.ClientTimeout(total=SECONDS)
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
                if answer.status != 200:
                    return Refusal("failed to get HTTP URL content")
                if not answer.content_type.startswith("image/"):
                    return Refusal("wrong type of the web page content")
                content = await answer.content.read(URL_LIMIT + 1)
                while len(content) <= URL_LIMIT and not answer.content.at_eof():
                    content += await answer.content.read(URL_LIMIT + 1 - len(content))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return Refusal("failed to get HTTP URL content")
        return self._keep(content) if 0 < len(content) <= URL_LIMIT else Refusal("failed to get HTTP URL content")


def _dimensions(content: bytes) -> tuple[int, int]:
    """Of a PNG, from its header; else what most news pictures are."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return 1280, 720
