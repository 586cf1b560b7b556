"""The sandbox is reachable from this machine only."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox.loopback import is_loopback
from bot.sandbox.newsroom import AT_START, Newsroom
from bot.sandbox.server import Server
from bot.sandbox.world import World

PATHS = ("/", "/sandbox/state", "/sandbox/bot", "/page/page.js", "/newsroom/update.xml", "/bot1:x/getMe", "/nothing")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server(World(), newsroom=Newsroom()) as server:
        yield server


async def status(server: Server, path: str, **headers: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(server.url + path, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_refuses_a_name_that_another_site_points_at_loopback(server: Server, path: str) -> None:
    port = server.url.rpartition(":")[2]
    for host in (f"evil.example:{port}", f"127.0.0.1.evil.example:{port}", "evil.example", "[::1", "[127.0.0.1]x"):
        assert await status(server, path, Host=host) == 403, host


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_refuses_another_sites_page(server: Server, path: str) -> None:
    port = server.url.rpartition(":")[2]
    for origin in ("https://evil.example", "null", f"http://localhost:{port}", f"https://127.0.0.1:{port}"):
        assert await status(server, path, Origin=origin) == 403, origin


async def test_a_post_from_another_site_changes_nothing() -> None:
    headers = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    world, newsroom = World(), Newsroom()
    async with Server(world, newsroom=newsroom) as server, aiohttp.ClientSession() as session:
        for path, body in (("/sandbox/people", '{"name": "Mallory"}'), ("/sandbox/newsroom/publish", "{}")):
            async with session.post(server.url + path, data=body, headers=headers) as answer:
                assert answer.status == 403
    assert world.chats == {}
    assert len(newsroom.stories) == AT_START


async def test_the_sandboxs_own_page_and_plain_clients_are_answered(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    assert await status(server, "/sandbox/state") == 200
    assert await status(server, "/sandbox/state", Origin=server.url) == 200
    for host in ("localhost", f"localhost:{port}", "[::1]", f"[::1]:{port}"):
        assert await status(server, "/sandbox/state", Host=host) == 200, host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "news.example", ""])
def test_a_server_that_other_machines_could_reach_is_not_made(host: str) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        Server(World(), host)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("127.1", False),
    ],
)
def test_loopback_is_told_from_other_hosts(host: str, local: bool) -> None:
    assert is_loopback(host) is local
