"""`kabar sandbox`: runs an embedded Bot API server, a sample newsroom and the real bot in one process."""

import asyncio
import signal
import tempfile
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from bot.app import Process
from bot.config import Newsroom, Settings
from bot.delivery import pushes
from bot.messages.text import shorten
from bot.sandbox.cast import EDITOR, cast
from bot.sandbox.newsroom import Newsroom as SampleNewsroom
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.storage.models import SubscriberState
from bot.stories import sources
from bot.stories.showing import browse
from bot.web.metrics import figures_of

HOST = "127.0.0.1"
UNDO_SECONDS = 5  # shorter than the default, so that a trial broadcast starts soon


async def run(*, port: int, browser: bool, keep: Path | None, every: float, update_every: float) -> None:
    """Run until SIGTERM or SIGINT. Opens only `port`; the database is in the folder `keep`, or in a temporary one.

    `every` and `update_every` are the seconds between new stories and between UPDATEs.
    """
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kabar-")))
        folder.mkdir(parents=True, exist_ok=True)
        await _play(folder, port, browser, every, update_every, stopping)


async def _play(
    folder: Path, port: int, browser: bool, every: float, update_every: float, stopping: asyncio.Event
) -> None:
    world = World()
    cast(world)
    sample = SampleNewsroom(every=every, update_every=update_every)
    panel = _Panel()
    async with Server(world, HOST, port, status=panel.status, newsroom=sample) as server:
        newsroom_file = folder / "newsroom.toml"
        newsroom_file.write_text(sample.toml(server.url), encoding="utf-8")
        settings = _settings(world.token, server.url, folder, newsroom_file)
        process = panel.process = Process(settings, Newsroom.load(newsroom_file))
        async with asyncio.TaskGroup() as group:
            bot = group.create_task(process.run())
            playing = group.create_task(_open(process, sample, server.url, browser))
            await stopping.wait()
            playing.cancel()
            process.stopping.set()
            await asyncio.wait([bot])


async def _open(process: Process, sample: SampleNewsroom, url: str, browser: bool) -> None:
    """Open the page and start publishing after every source's first poll, because that poll pushes nothing."""
    while True:
        async with process.database.read() as session:
            rows = await sources.everything(session) if process.started.is_set() else []
        if rows and all(row.primed for row in rows):
            break
        await asyncio.sleep(0.05)
    click.echo(f"Kabar is at {url}  (Ctrl+C ends it)")
    if browser:
        await asyncio.to_thread(webbrowser.open, url)
    await sample.run()


def _settings(token: str, url: str, folder: Path, newsroom_file: Path) -> Settings:
    """All settings, including defaults, so that the environment does not change the sandbox."""
    given: dict[str, Any] = {name: field.default for name, field in Settings.model_fields.items()}
    given |= {
        "bot_token": token,
        "bot_api_url": url,
        "admin_ids": (EDITOR,),
        "database_url": f"sqlite+aiosqlite:///{folder / 'kabar.db'}",
        "newsroom": newsroom_file,
        "undo_seconds": UNDO_SECONDS,
        "http_port": 0,
        "allow_private_sources": frozenset({url.removeprefix("http://")}),
    }
    return Settings.load(None, **given)


class _Panel:
    """The data of the panel beside the chat: sources, pushes and totals."""

    process: Process | None = None

    async def status(self) -> dict[str, Any]:
        process = self.process
        if process is None or not process.started.is_set():
            return {"sources": [], "pushes": [], "totals": {}, "rate": 0}
        async with process.database.read() as session:
            rows = await sources.everything(session)
            counts = await browse.count_by_source(session)
            recent = await pushes.recent(session, 8)
            titles = {push.id: (await browse.get(session, push.story_id)) if push.story_id else None for push in recent}
        figures = await figures_of(process.app)
        return {
            "sources": [
                {
                    "id": row.id,
                    "url": row.url,
                    "last_success": row.last_success_at and row.last_success_at.timestamp(),
                    "next_poll_at": row.next_poll_at,
                    "stories": counts.get(row.id, 0),
                    "error": row.last_error,
                }
                for row in rows
            ],
            "pushes": [
                {
                    "id": push.id,
                    "kind": push.kind,
                    "title": _title(push.content, titles[push.id]),
                    "state": push.state,
                    "sent": push.sent,
                    "total": push.total,
                    "failed": push.gone + push.refused + push.lost,
                }
                for push in recent
            ],
            "totals": {
                "subscribers": figures["subscribers"].get(SubscriberState.ACTIVE, 0),
                "stories": figures["stories"],
                "deliveries": figures["deliveries"]["sent"],
            },
            "rate": process.settings.send_rate,
        }


def _title(content: dict[str, Any] | None, story: Any) -> str:
    if story is not None:
        return str(story.title)
    params = (content or {}).get("params", {})
    return shorten(str(params.get("text") or params.get("caption") or "…"), 80)
