"""WebSub with correct and faulty hubs: the requirements of https://www.w3.org/TR/websub/ on a subscriber, by section.

3.1, 4    discovery in headers, feeds and HTML, in this order             test_discovery…, test_link…, test_a_page…
4, 5.1    the topic is what "self" says, or where redirects have led      test_link_headers…, test_a_topic_that_moved…
5.1       the request: a form with mode, topic, callback, secret, lease   test_a_hub_is_found…
5.1       a hub that redirects is followed, the form kept                 test_a_hub_that_redirects…
5.1       again before the lease ends, with the same callback; an end     test_a_lease_is_renewed…
5.2       a denial, at any time, and asking again later                   test_a_hub_that_refuses…, test_a_denial…
5.3.1     only what was asked for is confirmed, with the bare challenge   test_a_hub_is_found…, test_a_challenge…
7         2xx for a delivery; what is delivered is taken in               test_a_hub_is_found…, test_a_page…
7.1       a delivery without a valid, strong signature is ignored         test_a_hub_is_found…
8         the secret is random, under 200 bytes, and never shown          test_a_hub_is_found…

The callback's address is documented, so it can be guessed: only the signature with our secret authenticates a delivery.
"""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select, update

from bot.storage.models import HubSubscription
from bot.stories.reading import websub
from tests.databases import on_sqlite
from tests.delivery.steps import follow
from tests.web.cms import free_port
from tests.wire import SARI, Kabar, newsroom

RSS = '<rss version="2.0"><channel><title>dunia</title>{head}{items}</channel></rss>'
ITEM = "<item><title>{0}</title><link>https://news.example/{0}</link></item>"


class Hub:
    """A hub with its own web server. It accepts every request; the tests send its verifications."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 202
        self.url = ""
        self.headers: dict[str, str] = {}
        self.moved: dict[str, tuple[int, str]] = {}  # path: status, new path
        self.page = ""

    async def serve(self, request: web.Request) -> web.Response:
        if request.path in self.moved:
            status, place = self.moved[request.path]
            return web.Response(status=status, headers={"Location": place})
        if request.method == "GET" and self.page:
            return web.Response(text=self.page, content_type="text/html")
        if request.method == "GET":  # the feed that names this hub
            links = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{self.url}/hub"/>'
            text = RSS.format(head="" if self.headers else links, items="")
            return web.Response(text=text, content_type="application/rss+xml", headers=self.headers)
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        return web.Response(status=self.status)


@asynccontextmanager
async def running(kabar: Kabar, hub: Hub, **more: Any) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    app = web.Application()
    app.router.add_route("*", "/{path}", hub.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    sources: list[dict[str, Any]] = [
        {"id": "dunia", "url": f"{hub.url}/feed", "section": "dunia", "every": "1s", "adaptive": False}
    ]
    sources[0] |= more
    port = free_port()
    ours = f"http://127.0.0.1:{port}"
    settings: dict[str, Any] = {"http_port": port, "http_host": "127.0.0.1", "public_url": ours}
    try:
        async with (
            kabar.running(newsroom=newsroom(kabar.url, sources=sources), **settings),
            aiohttp.ClientSession() as client,
        ):
            yield client, f"{ours}/websub/dunia"
    finally:
        await runner.cleanup()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websub, "IDLE_SECONDS", 0.1)


async def request_to(hub: Hub, number: int = 1) -> dict[str, str]:
    """Wait for the hub's n-th request, and return its form."""
    while len(hub.asked) < number:
        await asyncio.sleep(0.05)
    return hub.asked[number - 1]


async def verify(client: aiohttp.ClientSession, callback: str, **query: str) -> tuple[int, str]:
    async with client.get(callback, params={f"hub.{name}": value for name, value in query.items()}) as answer:
        return answer.status, await answer.text()


async def row(kabar: Kabar) -> HubSubscription | None:
    assert kabar.process is not None
    async with kabar.process.database.read() as session:
        return await session.scalar(select(HubSubscription))


async def deliver(
    client: aiohttp.ClientSession, callback: str, secret: str, title: str, method: str = "sha256", size: int = 0
) -> int:
    body = RSS.format(head=" " * size, items=ITEM.format(title)).encode()
    signature = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    headers = {"X-Hub-Signature": f"{method}={signature}", "Content-Type": "application/rss+xml"}
    async with client.post(callback, data=BytesIO(body), headers=headers) as answer:
        return answer.status


async def test_a_hub_is_found_asked_and_verified_and_its_signed_deliveries_are_taken_in(kabar: Kabar) -> None:
    hub = Hub()
    async with running(kabar, hub) as (client, callback):
        await follow(kabar, SARI)
        asked = await request_to(hub)
        assert asked["hub.mode"] == "subscribe"  # 5.1
        assert asked["hub.topic"] == f"{hub.url}/feed"
        assert asked["hub.callback"] == callback
        assert 20 <= len(asked["hub.secret"]) < 200
        assert await deliver(client, callback, asked["hub.secret"], "Terlalu dini") == 410  # not verified yet

        ask = {"mode": "subscribe", "topic": asked["hub.topic"], "challenge": "teka-teki", "lease_seconds": "1000"}
        assert (await verify(client, callback, **{**ask, "topic": "https://other.example/"}))[0] == 404  # 5.3.1
        assert (await verify(client, callback, **{**ask, "mode": "unsubscribe"}))[0] == 404
        assert await verify(client, callback, **ask) == (200, "teka-teki")
        assert (await verify(client, callback, **ask))[0] == 404  # asked for once, confirmed once

        for method in ("sha256", "sha384", "sha512"):  # 7.1
            assert await deliver(client, callback, asked["hub.secret"], f"Kabar-{method}", method) == 202
            await kabar.world.wait_for(SARI, f"Kabar-{method}")
        assert await deliver(client, callback, asked["hub.secret"], "Kabar-sha256") == 202  # again: known
        assert await deliver(client, callback, asked["hub.secret"], "Kabar-besar", size=3_000_000) == 202
        await kabar.world.wait_for(SARI, "Kabar-besar")
        body = RSS.format(head="", items=ITEM.format("Palsu")).encode()
        async with client.post(callback, data=body) as answer:  # no signature at all
            assert answer.status == 202
        for secret, method in (("salah", "sha256"), (asked["hub.secret"], "sha1"), (asked["hub.secret"], "md5")):
            assert await deliver(client, callback, secret, "Palsu", method) == 202  # the same answer, but ignored
        await kabar.ask(SARI, "/terbaru")
    texts = [str(message.get("text")) for message in kabar.world.from_bot(SARI)]
    assert not any("Palsu" in text or "dini" in text for text in texts)
    assert len(texts) == 5


async def test_a_lease_is_renewed_before_it_ends_and_an_ended_source_is_unsubscribed(kabar: Kabar) -> None:
    hub = Hub()
    async with running(kabar, hub) as (client, callback):
        asked = await request_to(hub)
        ask = {"mode": "subscribe", "topic": asked["hub.topic"], "challenge": "x"}
        await verify(client, callback, **ask, lease_seconds="1000")
        assert kabar.process is not None
        async with kabar.process.database.write() as session:
            now = await session.moment()
            subscription = (await session.scalars(select(HubSubscription))).one()
            assert 0.5 * 1000 < subscription.ask_at - now < 1000  # before the lease's end
            await session.execute(update(HubSubscription).values(ask_at=1.0))
        renewal = await request_to(hub, 2)
        assert (renewal["hub.mode"], renewal["hub.secret"]) == ("subscribe", asked["hub.secret"])
        assert (await verify(client, callback, **ask))[0] == 200

        async with kabar.process.database.write() as session:  # its source is not in the newsroom file any more
            await session.execute(update(HubSubscription).values(source_id="lama", ask_at=1.0))
        ending = await request_to(hub, 3)
        assert ending["hub.mode"] == "unsubscribe"
        assert ending["hub.callback"].endswith("/websub/lama")
        assert (await verify(client, ending["hub.callback"], **{**ask, "mode": "unsubscribe"}))[0] == 200
        while (left := await row(kabar)) is not None and left.source_id == "lama":
            await asyncio.sleep(0.05)


async def test_a_hub_that_refuses_or_denies_is_asked_again_later(kabar: Kabar) -> None:
    hub = Hub()
    hub.status = 500
    async with running(kabar, hub) as (client, callback):
        asked = await request_to(hub)
        while (subscription := await row(kabar)) is None or not subscription.failures:
            await asyncio.sleep(0.05)
        assert (subscription.active, subscription.last_error) == (False, "HTTP 500")
        assert (await verify(client, callback, mode="denied", topic=asked["hub.topic"], reason="penuh"))[
            0
        ] == 200  # 5.2
        assert (await verify(client, callback, mode="denied", topic="https://other.example/"))[0] == 404
        subscription = await row(kabar)
    assert subscription is not None
    assert subscription.last_error == "denied: penuh"


async def test_a_denial_does_not_end_an_active_subscription(kabar: Kabar) -> None:
    """A denial is not signed: deliveries are still accepted, and the hub itself is asked again within an hour."""
    hub = Hub()
    async with running(kabar, hub) as (client, callback):
        asked = await request_to(hub)
        topic = asked["hub.topic"]
        assert (await verify(client, callback, mode="subscribe", topic=topic, challenge="x", lease_seconds="600000"))[
            0
        ] == 200
        for _ in range(9):
            await verify(client, callback, mode="denied", topic=topic, reason="bukan saya")
        subscription = await row(kabar)
        async with kabar.process.database.read() as session:
            now = await session.moment()
    assert subscription is not None
    assert (subscription.active, subscription.failures, subscription.ask_at - now <= 3600) == (True, 0, True)


@on_sqlite
async def test_link_headers_go_before_the_document(kabar: Kabar) -> None:
    hub = Hub()
    hub.headers = {"Link": '<https://hub.example/a>; rel="preload", </hub>; rel=hub, </alamat>; rel="self"'}
    async with running(kabar, hub):
        assert (await request_to(hub))["hub.topic"] == f"{hub.url}/alamat"


def test_discovery_reads_link_headers() -> None:
    base = "https://news.example/feed"
    links = ['<https://hub.example/>; rel="hub"', '<https://news.example/f>; rel="self alternate"']
    assert websub.discover(links, base) == ("https://hub.example/", "https://news.example/f")
    assert websub.discover(["<javascript:x>; rel=hub", "garbage", ""], base) == ("", "")


@pytest.mark.parametrize(
    ("links", "hub", "topic"),
    [
        (
            ["</hub>; rel=hub", "<https://news.example/f>; rel=self"],
            "https://news.example/hub",
            "https://news.example/f",
        ),
        (["<https://h.example/>; REL='x'; rel=hub, <f>;rel=self"], "", "https://news.example/f"),
        (['<https://h.example/>;title="a, b; c";rel="next HUB"'], "https://h.example/", ""),
        (["<https://h.example/?a=1,2>; rel=hub; type=text/html"], "https://h.example/?a=1,2", ""),
        (["<https://a.example/>; rel=hub, <https://b.example/>; rel=hub"], "https://a.example/", ""),
        (["<javascript:x>; rel=hub"] * 3, "", ""),
    ],
)
def test_discovery_in_every_form_of_a_link_header(links: list[str], hub: str, topic: str) -> None:
    assert websub.discover(links, "https://news.example/feed") == (hub, topic)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@on_sqlite
async def test_a_hub_that_redirects_gets_the_same_form_at_its_new_place(kabar: Kabar, status: int) -> None:
    hub = Hub()
    hub.moved["/hub"] = (status, "/hub-baru")
    async with running(kabar, hub):
        asked = await request_to(hub)
        assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", f"{hub.url}/feed")


@pytest.mark.parametrize("status", [301, 302])
@on_sqlite
async def test_a_topic_that_moved_is_asked_for_where_it_is(kabar: Kabar, status: int) -> None:
    hub = Hub()
    hub.moved["/feed"] = (status, "/feed-baru")
    async with running(kabar, hub):
        assert (await request_to(hub))["hub.topic"] == f"{hub.url}/feed-baru"


@on_sqlite
async def test_a_challenge_is_echoed_and_never_shown_as_a_page(kabar: Kabar) -> None:
    hub = Hub()
    async with running(kabar, hub) as (client, callback):
        asked = await request_to(hub)
        challenge = "<script>alert(1)</script>\u202e & ä"
        query = {"hub.mode": "subscribe", "hub.topic": asked["hub.topic"], "hub.challenge": challenge}
        async with client.get(callback, params=query) as answer:
            assert (answer.status, await answer.text()) == (200, challenge)
            assert answer.content_type == "text/plain"


@on_sqlite
async def test_a_page_names_its_hub_and_is_delivered_as_a_page(kabar: Kabar) -> None:
    def page(*titles: str) -> str:
        entries = "".join(f"<li><a href='/baca/{90_000 + at}/x'>{title}</a></li>" for at, title in enumerate(titles))
        return f"<html><head><link rel='hub' href='/hub'><link rel=self href='/depan'></head><ul>{entries}</ul></html>"

    hub = Hub()
    hub.page = page("Kabar lama")
    select = {"item": "li", "title": "a", "link": "a"}
    async with running(kabar, hub, kind="page", select=select) as (client, callback):
        await follow(kabar, SARI)
        asked = await request_to(hub)
        assert asked["hub.topic"] == f"{hub.url}/depan"
        query = {"mode": "subscribe", "topic": asked["hub.topic"], "challenge": "x", "lease_seconds": "1000"}
        assert await verify(client, callback, **query) == (200, "x")
        body = page("Kabar lama", "Kabar yang dibawa hub").encode()
        signature = hmac.new(asked["hub.secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature": f"sha256={signature}", "Content-Type": "text/html; charset=utf-8"}
        async with client.post(callback, data=body, headers=headers) as answer:
            assert answer.status == 202
        await kabar.world.wait_for(SARI, "Kabar yang dibawa hub")
