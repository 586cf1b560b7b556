"""The simulated network: the sandbox's Bot API server and a news site, with the real bot between them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.app import Process
from bot.config import Newsroom, Settings
from bot.sandbox.server import Server
from bot.sandbox.world import Message, World

SARI, OLIVER, EDITOR = 1001, 1003, 9001
PATIENCE = 40  # seconds until a test fails because something did not come; much longer than it ever takes


class Press:
    """A news site whose stories a test publishes: RSS at /news/{dunia,politik,update,populer}.xml.

    A `raw` answer (status, body, content type) of a feed replaces its RSS.
    """

    def __init__(self) -> None:
        self.feeds: dict[str, list[dict[str, str]]] = {"dunia": [], "politik": [], "update": [], "populer": []}
        self.raw: dict[str, tuple[int, bytes, str]] = {}
        self.polls = 0

    def routes(self, app: web.Application) -> None:
        app.router.add_get("/news/{name}.xml", self._serve)
        app.router.add_get("/news/{name}.png", self._picture)

    def publish(self, feed: str, number: int, title: str, **more: str) -> None:
        """Add a story to the top of a feed; `more` are further elements: slug, guid, summary, time, author, photo."""
        self.feeds[feed].insert(0, {"number": str(number), "title": title, **more})

    async def _serve(self, request: web.Request) -> web.Response:
        self.polls += 1
        name = request.match_info["name"]
        if name in self.raw:
            status, body, kind = self.raw[name]
            return web.Response(status=status, body=body, content_type=kind)
        items = "".join(self._item(request, story) for story in self.feeds[name])
        text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'
        return web.Response(text=text, content_type="application/rss+xml")

    def _item(self, request: web.Request, story: dict[str, str]) -> str:
        base = f"http://{request.host}/news"
        parts = {
            "title": f"<![CDATA[{story['title'].replace(']]>', '')}]]>",
            "link": f"{base}/read/{story['number']}/{story.get('slug', 'kabar')}",
            "guid": story.get("guid", story["number"]),
        }
        if "summary" in story:
            parts["description"] = f"<![CDATA[{story['summary'].replace(']]>', '')}]]>"
        if "time" in story:
            parts["pubDate"] = story["time"]
        if "author" in story:
            parts["author"] = story["author"]
        more = f'<enclosure url="{story["photo"]}" type="image/png" length="1"/>' if "photo" in story else ""
        return "<item>" + "".join(f"<{name}>{text}</{name}>" for name, text in parts.items()) + more + "</item>"

    async def _picture(self, request: web.Request) -> web.Response:
        body = b"\x89PNG\r\n\x1a\n" + request.match_info["name"].encode().ljust(100)
        return web.Response(body=body, content_type="image/png")


def newsroom(url: str, **more: Any) -> Newsroom:
    """A newsroom file with the feeds of Press as sources; `more` replaces whole tables."""
    sources = [
        {"id": "dunia", "url": f"{url}/news/dunia.xml", "section": "dunia", "every": "1s", "adaptive": False},
        {"id": "politik", "url": f"{url}/news/politik.xml", "section": "politik", "every": "1s", "adaptive": False},
        {"id": "update", "url": f"{url}/news/update.xml", "every": "1s", "update": True, "adaptive": False},
        {"id": "populer", "url": f"{url}/news/populer.xml", "every": "1s", "list": "popular", "adaptive": False},
    ]
    return Newsroom.model_validate(
        {
            "newsroom": {"name": "Kabar Contoh", "url": "https://news.example", "language": "id"},
            "sections": [
                {"slug": "politik", "names": {"id": "Politik", "en": "Politics"}},
                {"slug": "dunia", "names": {"id": "Dunia", "en": "World"}},
            ],
            "sources": sources,
            **more,
        }
    )


class Kabar:
    """The bot under test, its Telegram (`world`), its news site (`press`) and its database."""

    def __init__(self, world: World, press: Press, url: str, database_url: str) -> None:
        self.world, self.press, self.url, self.database_url = world, press, url, database_url
        self.process: Process | None = None

    def settings(self, **given: Any) -> Settings:
        return Settings.load(
            None,
            **{
                "bot_token": self.world.token,
                "bot_api_url": self.url,
                "admin_ids": (EDITOR,),
                "database_url": self.database_url,
                "http_port": 0,
                "undo_seconds": 0,
                "allow_private_sources": True,
                **given,
            },
        )

    @asynccontextmanager
    async def running(self, **given: Any) -> AsyncIterator[Process]:
        """Run the bot until the end of the block. Accepts `newsroom`, `roles` and settings."""
        file = given.pop("newsroom", None) or newsroom(self.url)
        roles = given.pop("roles", ("chat", "ingest", "deliver"))
        process = self.process = Process(self.settings(**given), file, roles)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(process.run())
            started = group.create_task(process.started.wait())
            await asyncio.wait([task, started], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                started.cancel()
                task.result()
            try:
                yield process
            finally:
                process.stopping.set()

    async def primed(self) -> None:
        """Wait until every source was polled once."""
        from bot.stories import sources

        assert self.process is not None
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self.process.database.read() as session:
                    rows = await sources.everything(session)
                if rows and all(row.primed for row in rows):
                    return
                await asyncio.sleep(0.05)

    async def polled(self) -> None:
        """Wait for two more polls to begin, so that the first of them has been stored."""
        polls = self.press.polls
        async with asyncio.timeout(PATIENCE):
            while self.press.polls < polls + 2:
                await asyncio.sleep(0.05)

    async def ask(self, user: int, text: str, wanted: str | Callable[[Message], bool] = "", **where: Any) -> Message:
        """Send a message as `user` and return the bot's next message in that chat that is `wanted`."""
        chat = where.get("chat") or user
        before = max((message["message_id"] for message in self.world.messages(chat)), default=0)
        self.world.say(user, text, **where)

        def fits(message: Message) -> bool:
            if message["message_id"] <= before:
                return False
            return wanted(message) if callable(wanted) else wanted in str(message.get("text") or message.get("caption"))

        return await self.world.wait_for(chat, fits, timeout=PATIENCE)

    async def press_button(self, user: int, message: Message, label: str) -> dict[str, Any] | None:
        """Press the first button whose label contains `label` in the current version of the message."""
        chat = message["chat"]["id"]
        current = self.world.chats[chat].messages[message["message_id"]]
        return await self.world.press(user, chat, message["message_id"], button(current, label)["callback_data"])

    def now(self, message: Message) -> Message:
        """The current version of the message, after edits."""
        return self.world.chats[message["chat"]["id"]].messages[message["message_id"]]

    async def until(self, condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
        async with asyncio.timeout(timeout):
            while not condition():
                await self.world.changed()


def button(message: Message, label: str) -> dict[str, Any]:
    """The first button whose label contains `label`."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    matching = [button for row in rows for button in row if label in button["text"]]
    assert matching, f"no button {label!r} among {labels(message)}"
    first: dict[str, Any] = matching[0]
    return first


def labels(message: Message) -> list[str]:
    return [button["text"] for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


@pytest.fixture
async def world() -> World:
    """Two readers, Indonesian and English, and an editor."""
    world = World()
    world.add_user("Sari", language="id", id=SARI)
    world.add_user("Oliver", language="en", id=OLIVER)
    world.add_user("Ratna", language="id", id=EDITOR)
    return world


@pytest.fixture
async def kabar(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kabar]:
    """The bot, not yet running. After the test, none of its calls may have broken a rule of the Bot API server.

    The processes that parse documents go on for the next test; to start them costs a second.
    """
    monkeypatch.setattr("bot.stories.reading.parsing.stop", lambda: None)
    press = Press()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(world, newsroom=press))
        yield Kabar(world, press, server.url, database_url)
    assert world.violations == []
