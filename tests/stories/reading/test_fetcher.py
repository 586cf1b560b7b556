import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.stories.reading.fetcher import Fetcher, FetchError, Response, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fec0::1", "::ffff:127.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "ff02::1",
    ],
)  # fmt: skip
def test_a_private_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


class Site:
    """A web server that misbehaves on demand."""

    url = ""
    requests: list[web.Request]

    def __init__(self) -> None:
        self.requests = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        match request.path:
            case "/304" if request.headers.get("If-None-Match") == '"tag"':
                return web.Response(status=304)
            case "/304":
                return web.Response(
                    text="isi", headers={"ETag": '"tag"', "Last-Modified": "Sun, 22 Feb 2026 02:40:00 GMT"}
                )
            case "/wait":
                return web.Response(status=429, headers={"Retry-After": "120"})
            case "/until":
                return web.Response(status=503, headers={"Retry-After": "Sun, 22 Feb 2099 02:40:00 GMT"})
            case "/loop":
                raise web.HTTPFound("/loop")
            case "/moved":
                raise web.HTTPMovedPermanently("/page")
            case "/found":
                raise web.HTTPFound("/page")
            case "/elsewhere":
                raise web.HTTPFound("javascript:alert(1)")
            case "/inside":
                raise web.HTTPFound(self.url.replace("127.0.0.1", "localhost") + "/page")
            case "/bomb":
                return web.Response(body=gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})
            case "/packed.xml.gz":
                return web.Response(body=gzip.compress(b"<rss/>"), content_type="application/octet-stream")
            case "/packed-bomb.xml.gz":
                return web.Response(body=gzip.compress(bytes(50_000_000)), content_type="application/octet-stream")
            case "/packed-cut.xml.gz":
                return web.Response(body=gzip.compress(b"<rss/>")[:-4], content_type="application/octet-stream")
            case "/br" | "/zstd" | "/gzip,br" | "/compress" | "/utf-8":
                return web.Response(body=b"\x0b\x02\x80abc\x03", headers={"Content-Encoding": request.path[1:]})
            case "/later":
                await asyncio.sleep(0.5)
                return web.Response(text="isi")
            case "/endless" | "/slow":
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(b"x" * (100_000 if request.path == "/endless" else 1))
                    await asyncio.sleep(0 if request.path == "/endless" else 0.05)
            case _:
                return web.Response(text="isi")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    app = web.Application()
    app.router.add_get("/{rest:.*}", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def fetch(site: Site, path: str, **how: object) -> object:
    async with Fetcher(private=True, max_bytes=1_000_000, timeout=2) as fetcher:
        return await fetcher.fetch(site.url + path, **how)  # type: ignore[arg-type]  # as the test says


async def test_an_unchanged_document_is_not_sent_again(site: Site) -> None:
    async with Fetcher(private=True) as fetcher:
        first = await fetcher.fetch(site.url + "/304")
        again = await fetcher.fetch(site.url + "/304", etag=first.etag, last_modified=first.last_modified)
    assert (first.status, first.body, again.status, again.body) == (200, b"isi", 304, b"")


async def test_both_forms_of_retry_after_are_seconds(site: Site) -> None:
    async with Fetcher(private=True) as fetcher:
        assert (await fetcher.fetch(site.url + "/wait")).retry_after == 120
        until = (await fetcher.fetch(site.url + "/until")).retry_after
    assert until == 7 * 86400  # a week at most


async def test_only_a_permanent_redirect_gives_a_new_address(site: Site) -> None:
    async with Fetcher(private=True) as fetcher:
        assert (await fetcher.fetch(site.url + "/moved")).moved_to == site.url + "/page"
        assert (await fetcher.fetch(site.url + "/found")).moved_to == ""


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/loop", "too_many_redirects"),
        ("/elsewhere", "bad_redirect"),
        ("/bomb", "too_big"),
        ("/endless", "too_big"),
        ("/slow", "timeout"),
    ],
)
async def test_a_hostile_response_is_refused_with_its_reason(site: Site, path: str, reason: str) -> None:
    with pytest.raises(FetchError) as caught:
        await fetch(site, path)
    assert caught.value.reason == reason


async def test_a_private_address_is_refused_directly_and_after_a_redirect(site: Site) -> None:
    async with Fetcher(private=False) as fetcher:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"):
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(site.url.replace("127.0.0.1", host) + "/page")
            assert caught.value.reason in ("refused_address", "dns", "broken")
    assert site.requests == []
    async with Fetcher(private=frozenset({site.url.removeprefix("http://")})) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(site.url + "/inside")
    assert caught.value.reason == "refused_address"
    assert [request.path for request in site.requests] == ["/inside"]


async def test_only_the_named_hosts_are_exempt(site: Site) -> None:
    async with Fetcher(private=frozenset({site.url.removeprefix("http://")})) as fetcher:
        assert (await fetcher.fetch(site.url + "/page")).status == 200
    async with Fetcher(private=frozenset({"127.0.0.1:1"})) as fetcher:
        with pytest.raises(FetchError):
            await fetcher.fetch(site.url + "/page")


async def test_a_refused_connection_has_its_own_reason() -> None:
    async with Fetcher(private=True) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch("http://127.0.0.1:1/")
    assert caught.value.reason == "connect"


async def test_waiting_for_a_hosts_turn_does_not_count_as_its_time(site: Site) -> None:
    """Ten requests, two at a time, half a second each: the last waits longer than the timeout."""
    async with Fetcher(private=True, timeout=2) as fetcher:
        answers = await asyncio.gather(*(fetcher.fetch(f"{site.url}/later") for _ in range(10)))
    assert [answer.status for answer in answers] == [200] * 10


async def test_gzip_that_no_header_declares_is_read(site: Site) -> None:
    answer = await fetch(site, "/packed.xml.gz")
    assert isinstance(answer, Response)
    assert answer.body == b"<rss/>"


async def test_gzip_that_no_header_declares_stops_at_the_limit(site: Site) -> None:
    with pytest.raises(FetchError) as refused:
        await fetch(site, "/packed-bomb.xml.gz")
    assert refused.value.reason == "too_big"


async def test_incomplete_gzip_is_left_unchanged(site: Site) -> None:
    answer = await fetch(site, "/packed-cut.xml.gz")
    assert isinstance(answer, Response)
    assert answer.body == gzip.compress(b"<rss/>")[:-4]


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip,br"])
async def test_an_unrequested_content_encoding_is_refused_by_name(site: Site, encoding: str) -> None:
    with pytest.raises(
        FetchError, match=f"encoded as {encoding.replace(',', ', ')}, which Kabar did not ask for"
    ) as refused:
        await fetch(site, f"/{encoding}")
    assert refused.value.reason == "encoding"


async def test_a_charset_declared_as_content_encoding_is_ignored(site: Site) -> None:
    answer = await fetch(site, "/utf-8")
    assert isinstance(answer, Response)
    assert answer.body == b"\x0b\x02\x80abc\x03"
