"""A hostile source, whose response a test gives byte by byte, and a healthy source polled beside it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from bot.clock import utcnow
from bot.config import Newsroom
from bot.storage.engine import Database
from bot.storage.models import Notice, Push, Source, Story
from bot.stories import sources
from bot.stories.poller import Poller
from bot.stories.reading.fetcher import Fetcher

PATIENCE = 100  # seconds; far more than a busy machine needs
Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def response(
    body: bytes = b"", *headers: str, status: str = "200 OK", kind: str = "application/rss+xml; charset=utf-8"
) -> bytes:
    """A complete HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def rss(*items: str, head: str = "") -> bytes:
    text = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Sumber</title>{head}'
    return (text + "".join(items) + "</channel></rss>").encode("utf-8", "surrogatepass")


def item(number: int, title: str = "Jembatan gantung dibuka", **more: str) -> str:
    parts = {"title": title, "link": f"https://news.example/dunia/{number}/jembatan", "guid": str(number), **more}
    return "<item>" + "".join(f"<{name}>{text}</{name}>" for name, text in parts.items() if text) + "</item>"


class Server:
    """Answers every request with `answer`: bytes, or a function that writes the response."""

    def __init__(self, answer: Answer = b"") -> None:
        self.answer = answer
        self.requests: list[str] = []
        self.place = ""  # host:port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head.split(b" ", 2)[1].decode())
            if callable(self.answer):
                await self.answer(writer)
            else:
                writer.write(self.answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client closed the connection
        finally:
            writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()


class Beside:
    """A hostile source and a healthy one, polled by one poller."""

    def __init__(self, database: Database, poller: Poller, hostile: Server, healthy: Server) -> None:
        self.database, self.poller, self.hostile, self.healthy = database, poller, hostile, healthy
        self._number = 500_000

    async def row(self, name: str = "hostile") -> Source:
        async with self.database.read() as session:
            return await session.get_one(Source, name)

    async def poll(self, answer: Answer | None = None, patience: float = PATIENCE) -> Source:
        """Poll the hostile source, check that the healthy one is served meanwhile, and return the hostile one's row."""
        if answer is not None:
            self.hostile.answer = answer
        self._number += 1
        self.healthy.answer = response(rss(item(self._number, f"Kabar baik nomor {self._number}")))
        async with asyncio.TaskGroup() as group:
            hostile_poll = group.create_task(self.poller.poll(await self.row()))
            async with asyncio.timeout(patience):
                await self.poller.poll(await self.row("healthy"))
            assert f"Kabar baik nomor {self._number}" in await self.titles("healthy")
            async with asyncio.timeout(patience):
                await hostile_poll
        return await self.row()

    async def primed(self) -> None:
        """Poll both once, so that later items count as new."""
        await self.poll(response(rss(item(400_000, "Kabar lama dari kampung"))))

    async def serve(self, answers: dict[str, bytes]) -> Source:
        """Poll the hostile source with a response per path, 404 for others. Returns its row."""

        async def answer(writer: asyncio.StreamWriter) -> None:
            writer.write(answers.get(self.hostile.requests[-1], response(b"<p>x", status="404 Not Found")))

        return await self.poll(answer)

    async def stories(self, name: str = "hostile") -> Sequence[Story]:
        """The source's stories, without those that are another site's text again."""
        own = select(Story).where(Story.source_id == name, Story.copy_of.is_(None)).order_by(Story.id)
        async with self.database.read() as session:
            return (await session.scalars(own)).all()

    async def copies(self) -> dict[str, str]:
        """By the title of each copy that of its original."""
        original = aliased(Story)
        async with self.database.read() as session:
            rows = await session.execute(
                select(Story.title, original.title).join(original, original.id == Story.copy_of)
            )
            return {copy: title for copy, title in rows}

    async def titles(self, name: str = "hostile") -> list[str]:
        return [story.title for story in await self.stories(name)]

    async def alerts(self) -> int:
        """The number of pushes queued for stories of the hostile source, including held ones."""
        async with self.database.read() as session:
            pushed = select(func.count()).select_from(Push).join(Story, Story.id == Push.alert_of)
            return await session.scalar(pushed.where(Story.source_id == "hostile")) or 0

    async def notices(self) -> list[str]:
        async with self.database.read() as session:
            return list((await session.scalars(select(Notice.kind).order_by(Notice.id))).all())


@asynccontextmanager
async def beside(
    database: Database, url: str = "", kind: str = "feed", every: str = "5m", crowd: int = 0, timeout: float = 2
) -> AsyncIterator[Beside]:
    """A hostile and a healthy source with their servers. `url`: the hostile source's address, if not its server's.

    `every`: the poll interval of both. `crowd`: the number of further sources on the hostile server.
    """
    async with Server().running() as hostile, Server().running() as healthy:
        listed = [("hostile", url or f"http://{hostile.place}/feed", kind)]
        listed += [(f"hostile-{number}", f"http://{hostile.place}/{number}", kind) for number in range(crowd)]
        listed += [("healthy", f"http://{healthy.place}/feed", "feed")]
        file = Newsroom.model_validate(
            {
                "newsroom": {"name": "Kabar", "url": "https://news.example"},
                "sections": [{"slug": "dunia", "names": {"id": "Dunia"}}],
                "sources": [
                    {"id": name, "url": url, "kind": kind, "section": "dunia", "every": every, "adaptive": False}
                    for name, url, kind in listed
                ],
            }
        )
        async with database.write() as session:
            await sources.sync(session, file.sources)
        allowed = frozenset({hostile.place, healthy.place})
        async with Fetcher(private=allowed, timeout=timeout, max_bytes=2_000_000) as fetcher:
            poller = Poller(
                database=database, fetcher=fetcher, newsroom=file, owner="one", now=utcnow, stopping=asyncio.Event()
            )
            yield Beside(database, poller, hostile, healthy)


async def drip(writer: asyncio.StreamWriter) -> None:
    """Write an endless response, one byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)
