"""Tests that no source makes the fetcher connect to private addresses, or delays a healthy source by trying."""

import asyncio
import socket
from typing import Any

import aiohttp.resolver
import pytest

from bot.storage.engine import Database
from tests.stories.hostile import Server, beside, response

OUTSIDE = "not on the open internet"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0.0.0.0", "localhost", "LOCALHOST", "localhost.",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "10.1.2.3", "172.16.0.1",
        "192.168.0.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
        "news.example@127.0.0.1", "127.0.0.1.", "①②⑦.⓪.⓪.①",
    ],
)  # fmt: skip
async def test_a_private_address_is_never_requested(database: Database, host: str) -> None:
    async with Server(response(b"rahasia")).running() as guarded:
        port = guarded.place.rpartition(":")[2]
        async with beside(database, f"http://{host}:{port}/feed") as both:
            failed = await both.poll()
    assert guarded.requests == []
    assert OUTSIDE in failed.last_error or "no address for" in failed.last_error or "broke off" in failed.last_error


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_to_a_private_address_is_not_followed(database: Database, status: str) -> None:
    async with Server(response(b"rahasia")).running() as guarded, beside(database) as both:
        for target in (f"http://{guarded.place}/", f"//{guarded.place}/", "http://169.254.169.254/latest/meta-data"):
            failed = await both.poll(response(b"", f"Location: {target}", status=status))
            assert OUTSIDE in failed.last_error
            assert failed.moved_to == ""
    assert guarded.requests == []


async def test_a_second_redirect_to_a_private_address_is_not_followed(database: Database) -> None:
    async with Server(response(b"rahasia")).running() as guarded, beside(database) as both:

        async def hop(writer: asyncio.StreamWriter) -> None:
            first = len(both.hostile.requests) == 1
            target = f"http://{both.hostile.place}/sana" if first else f"http://{guarded.place}/"
            writer.write(response(b"", f"Location: {target}", status="302 Found"))

        assert OUTSIDE in (await both.poll(hop)).last_error
        assert len(both.hostile.requests) == 2
    assert guarded.requests == []


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "javascript:alert(1)", "data:,x"]
)
async def test_a_redirect_to_another_scheme_is_refused(database: Database, target: str) -> None:
    async with beside(database) as both:
        failed = await both.poll(response(b"", f"Location: {target}", status="302 Found"))
    assert "a redirect to" in failed.last_error


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["::1", "127.0.0.1"], ["10.0.0.1", "169.254.169.254"]])
async def test_a_name_that_resolves_to_a_private_address_is_refused_on_connecting(
    database: Database, monkeypatch: pytest.MonkeyPatch, answers: list[str]
) -> None:
    """DNS rebinding: only the address that the connection would use counts."""

    async def resolve(_: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
            for address in answers
        ]

    async with Server(response(b"rahasia")).running() as guarded:
        port = guarded.place.rpartition(":")[2]
        for kind in ("ThreadedResolver", "AsyncResolver"):
            monkeypatch.setattr(getattr(aiohttp.resolver, kind), "resolve", resolve)
        async with beside(database, f"http://berita.example:{port}/feed") as both:
            assert OUTSIDE in (await both.poll()).last_error
    assert guarded.requests == []
