"""A newsroom's CMS that calls the story API."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from tests.wire import Kabar

STORY = {
    "id": "artikel-7",
    "url": "https://news.example/dunia/7/banjir-surut",
    "title": "Banjir surut di tiga desa",
    "summary": "Warga mulai membersihkan rumah.",
    "section": "Dunia",
    "author": "Ratih Wulandari",
}


class Cms:
    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self._client, self.url = client, url

    async def call(
        self, method: str, path: str | URL, token: str = "rahasia", scheme: str = "Bearer", **options: Any
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"{scheme} {token}"} if token else {}
        url = path if isinstance(path, URL) else self.url + path
        async with self._client.request(method, url, headers=headers, **options) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else {}

    async def publish(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        return await self.call("POST", "/api/stories", json=STORY | fields)


@asynccontextmanager
async def cms(kabar: Kabar, **settings: Any) -> AsyncIterator[Cms]:
    settings = {"api_tokens": "cms:rahasia, other:lain"} | settings
    port = free_port()
    async with (
        kabar.running(http_port=port, http_host="127.0.0.1", **settings),
        aiohttp.ClientSession() as client,
    ):
        yield Cms(client, f"http://127.0.0.1:{port}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
