"""`kabar run` as a child process, reached only through BOT_API_URL."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.wire import EDITOR, PATIENCE, Kabar

ROOT = Path(__file__).parent.parent.parent

NEWSROOM = """
[newsroom]
name = "Kabar Contoh"
url = "https://news.example"
[[sections]]
slug = "dunia"
names = {{ id = "Dunia", en = "World" }}
[[sources]]
id = "dunia"
url = "{url}/news/dunia.xml"
section = "dunia"
every = "1s"
adaptive = false
"""


class Bot:
    """`kabar run` as a child process."""

    def __init__(self, kabar: Kabar, folder: Path) -> None:
        self._kabar, self._folder = kabar, folder
        (folder / "newsroom.toml").write_text(NEWSROOM.format(url=kabar.url))
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        settings = {
            "BOT_TOKEN": self._kabar.world.token,
            "BOT_API_URL": self._kabar.url,
            "ADMIN_IDS": str(EDITOR),
            "DATABASE_URL": self._kabar.database_url,
            "NEWSROOM": str(self._folder / "newsroom.toml"),
            "ALLOW_PRIVATE_SOURCES": "true",
            "HTTP_PORT": "0",
            "UNDO_SECONDS": "0",
            "SEND_RATE": "20",
        }
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"), cwd=self._folder, env={**environment, **settings}
        )

    async def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()
