"""The commands as an operator calls them, each in its own process, and the web server."""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy.engine import URL

from bot.config import Newsroom
from bot.web.server import SECRET_HEADER, webhook_secret
from tests.databases import make_postgres, on_sqlite, shown
from tests.journeys.child import NEWSROOM
from tests.stories.hostile import Server, response
from tests.wire import PATIENCE, SARI, Kabar

ROOT = Path(__file__).parent.parent.parent


async def run(kabar: Kabar, folder: Path, *arguments: str, typed: str = "", **given: str) -> tuple[int, str, str]:
    """Run a command; returns its exit code, stdout and stderr."""
    (folder / "newsroom.toml").write_text(NEWSROOM.format(url=kabar.url))
    settings = {
        "BOT_TOKEN": kabar.world.token,
        "BOT_API_URL": kabar.url,
        "ADMIN_IDS": "9001",
        "DATABASE_URL": kabar.database_url,
        "ALLOW_PRIVATE_SOURCES": "true",
        **given,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(typed.encode())
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


@on_sqlite
async def test_check_passes_and_names_a_wrong_token_and_a_broken_source(kabar: Kabar, tmp_path: Path) -> None:
    code, output, _ = await run(kabar, tmp_path, "check")
    assert (code, output.count("✗")) == (0, 0)
    assert "@kabar_bot" in output
    kabar.press.raw["dunia"] = (200, b"<html></html>", "text/html")
    code, output, _ = await run(kabar, tmp_path, "check", BOT_TOKEN="222:wrong")
    assert code == 1
    assert "✗ token" in output
    assert "✗ source dunia" in output
    assert 'kind = "page"' in output
    assert "222:wrong" not in output


@on_sqlite
async def test_a_webhook_without_a_web_server_ends_run_with_one_line(kabar: Kabar, tmp_path: Path) -> None:
    code, _, errors = await run(kabar, tmp_path, "run", WEBHOOK_URL="https://bot.example/telegram", HTTP_PORT="0")
    assert code == 2
    assert errors.startswith("HTTP_PORT: was '0'; accepted: ")
    assert errors.count("\n") == 1


@on_sqlite
async def test_ingest_once_stores_and_the_next_run_pushes(kabar: Kabar, tmp_path: Path) -> None:
    code, output, _ = await run(kabar, tmp_path, "ingest", "--once")
    assert (code, "0 new" in output) == (0, True)
    (tmp_path / "orang.csv").write_text(f"chat_id,language,sections,update\n{SARI},id,dunia,false\n")
    kabar.world.chats[SARI].bot = "member"
    code, output, _ = await run(kabar, tmp_path, "subscribers", "import", "orang.csv")
    assert (code, output) == (0, "1 imported, 0 skipped\n")
    kabar.press.publish("dunia", 10001, "Sekali saja")
    code, output, _ = await run(kabar, tmp_path, "ingest", "--once")
    assert (code, "1 new, 1 alerts queued" in output) == (0, True)
    async with kabar.running():
        await kabar.world.wait_for(SARI, "Sekali saja", timeout=PATIENCE)


async def test_subscribers_are_imported_and_exported_and_bad_rows_are_named(kabar: Kabar, tmp_path: Path) -> None:
    rows = ["chat_id,language,sections,update", "7,id,dunia,true", "x,id,,", "8,fr,,", "9,en,entah,", "-100,en,,false"]
    (tmp_path / "in.csv").write_text("\n".join(rows))
    code, output, errors = await run(kabar, tmp_path, "subscribers", "import", "in.csv")
    assert (code, output) == (1, "2 imported, 3 skipped\n")
    assert [line.partition(":")[0] for line in errors.splitlines()] == ["line 3", "line 4", "line 5"]
    code, output, _ = await run(kabar, tmp_path, "subscribers", "export", "out.csv")
    assert (tmp_path / "out.csv").read_text().split() == [rows[0], rows[1], "-100,en,,false"]
    (tmp_path / "in.csv").write_text(f"{rows[0]}\n7,en,,false\n")
    await run(kabar, tmp_path, "subscribers", "import", "in.csv")
    await run(kabar, tmp_path, "subscribers", "export", "out.csv")
    assert "7,en,,false" in (tmp_path / "out.csv").read_text()


async def init(kabar: Kabar, bare: Path, *answers: str, private: str = "true") -> tuple[int | None, str]:
    """Run `init` in a new folder with these answers; returns its exit code and output."""
    bare.mkdir()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "init"),
        cwd=bare,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "BOT_API_URL": kabar.url,
            "ALLOW_PRIVATE_SOURCES": private,
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate("".join(f"{answer}\n" for answer in answers).encode())
    return process.returncode, output.decode()


@on_sqlite
async def test_init_asks_verifies_and_writes_what_run_needs(kabar: Kabar, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    feed = f"{kabar.url}/news/dunia.xml"
    code, output = await init(kabar, bare, kabar.world.token, "9001", feed, "Kabar Contoh", "id", "Asia/Jakarta")
    assert code == 0, output
    assert f"BOT_TOKEN={kabar.world.token}" in (bare / ".env").read_text()
    assert (bare / ".env").stat().st_mode & 0o077 == 0
    assert f'url = "{kabar.url}/news/dunia.xml"' in (bare / "newsroom.toml").read_text()


@on_sqlite
async def test_init_writes_an_example_page_source_for_a_site_without_a_feed(kabar: Kabar, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    code, output = await init(
        kabar, bare, kabar.world.token, "9001", kabar.url, "y", "Kabar Contoh", "id", "Asia/Jakarta"
    )
    assert code == 0, output
    (source,) = Newsroom.load(bare / "newsroom.toml").sources
    assert (source.kind, source.select is not None) == ("page", True)
    assert "docs/sources.md" in output


@on_sqlite
async def test_init_names_the_setting_for_a_private_address(kabar: Kabar, tmp_path: Path) -> None:
    code, output = await init(kabar, tmp_path / "bare", kabar.world.token, "9001", kabar.url, "n", private="")
    assert code == 1
    assert f"ALLOW_PRIVATE_SOURCES={kabar.url.removeprefix('http://')} ./kabar init" in output


@on_sqlite
async def test_init_asks_again_for_a_wrong_answer_and_keeps_the_others(kabar: Kabar, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    feed = f"{kabar.url}/news/dunia.xml"
    names = ("Kabar Contoh", "bahasa", "id", "WIB", "Asia/Makassar")
    code, output = await init(kabar, bare, kabar.world.token, "9001", feed, *names, private=kabar.url[7:])
    assert code == 0, output
    assert "accepted: the code of a language" in output
    assert "accepted: a time zone such as Asia/Jakarta" in output
    file = Newsroom.load(bare / "newsroom.toml")
    assert (file.name, file.language, str(file.zone)) == ("Kabar Contoh", "id", "Asia/Makassar")
    assert f"ALLOW_PRIVATE_SOURCES={kabar.url[7:]}\n" in (bare / ".env").read_text()


MENU = """<header><a href="/">Beranda</a><a href="/masuk">Masuk</a></header>
<nav><a href="/">Home</a> <a href="/politik">Politik</a> <a href="/ekonomi/bisnis">Ekonomi & Bisnis</a>
<a href="/politik/">Politik</a> <a href="https://iklan.example/x">Iklan Kami</a>
<a href="/2026/11/26/banjir">Banjir surut di tiga desa</a></nav>"""


@on_sqlite
@pytest.mark.parametrize(("wanted", "slugs"), [("y", ("politik", "ekonomi-bisnis")), ("n", ())])
async def test_init_proposes_the_sections_of_the_sites_menu(
    kabar: Kabar, tmp_path: Path, wanted: str, slugs: tuple[str, ...]
) -> None:
    async with Server(response(MENU.encode(), kind="text/html")).running() as site:
        given = (kabar.world.token, "9001", f"http://{site.place}", "y", "Kabar Contoh", "id", "Asia/Jakarta", wanted)
        code, output = await init(kabar, tmp_path / "bare", *given)
    assert code == 0, output
    assert "Politik, Ekonomi & Bisnis" in output
    file = Newsroom.load(tmp_path / "bare" / "newsroom.toml")
    assert file.slugs == slugs
    assert file.section_name("politik", "id") == ("Politik" if slugs else "politik")


@on_sqlite
async def test_init_does_not_repeat_a_wrong_token(kabar: Kabar, tmp_path: Path) -> None:
    code, output = await init(kabar, tmp_path / "bare", "222:wrong")
    assert (code, "222:wrong" in output) == (1, False)


@on_sqlite
async def test_on_postgresql_an_old_schema_is_refused_and_migrate_helps(
    kabar: Kabar, tmp_path: Path, postgres_server: URL, new_postgres: list[URL]
) -> None:
    url = shown(await make_postgres(postgres_server, new_postgres))
    code, _, errors = await run(kabar, tmp_path, "run", DATABASE_URL=url, HTTP_PORT="0")
    assert (code, "./kabar migrate" in errors) == (1, True)
    assert "Traceback" not in errors
    assert (await run(kabar, tmp_path, "migrate", DATABASE_URL=url))[0] == 0
    assert (await run(kabar, tmp_path, "check", DATABASE_URL=url))[0] == 0


@pytest.fixture
def port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_health_readiness_and_metrics_answer(kabar: Kabar, port: int) -> None:
    async with kabar.running(http_port=port), aiohttp.ClientSession() as session:
        await kabar.ask(SARI, "/ikuti update")
        for path, words in (
            ("/healthz", "ok"),
            ("/readyz", "ready"),
            ("/metrics", 'kabar_subscribers{state="active"} 1.0'),
        ):
            async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                assert (answer.status, words in await answer.text()) == (200, True)
        async with session.post(f"http://127.0.0.1:{port}/api/stories", json={}) as answer:
            assert answer.status == 404


@on_sqlite
async def test_a_webhook_is_handled_with_its_secret_only(kabar: Kabar, port: int) -> None:
    hook = f"http://127.0.0.1:{port}/telegram"
    async with kabar.running(http_port=port, webhook_url=hook), aiohttp.ClientSession() as session:
        assert kabar.world.webhook["url"] == hook
        assert "Selamat datang" in (await kabar.ask(SARI, "/start"))["text"]
        for headers in ({}, {SECRET_HEADER: "wrong"}, {SECRET_HEADER: "salah é".encode().decode("latin-1")}):
            async with session.post(hook, json={"update_id": 1}, headers=headers) as answer:
                assert answer.status == 403
        right = {SECRET_HEADER: webhook_secret(kabar.world.token, "")}
        async with session.post(hook, data=b"{", headers=right) as answer:
            assert answer.status == 400


async def test_two_processes_with_one_token_never_poll_at_the_same_time(kabar: Kabar) -> None:
    async with kabar.running(), kabar.running(roles=("chat",)):
        for _ in range(3):
            await kabar.ask(SARI, "/bantuan")
    conflicts = [call for call in kabar.world.calls() if "terminated by other" in str(call["outcome"])]
    assert conflicts == []
    assert len(kabar.world.from_bot(SARI)) == 3
