"""HTTP client for untrusted addresses: limits size, time and connections per host, and refuses private addresses.

The IP address is checked when the connection is made, at every redirect, so that DNS rebinding has no effect.
"""

import asyncio
import ipaddress
import re
import socket
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import aiohttp

from bot.stories.reading.cleaning import safe_url

REDIRECTS_AT_MOST = 5
AT_ONCE_PER_HOST = 2
CONNECTIONS = 200  # per process; enough that hosts which hang until the timeout don't delay the others
CHUNK = 65_536
_ENCODINGS = ("gzip", "x-gzip", "deflate", "br", "zstd", "compress")
_UNDECODED = re.compile(r"content-encoding: \w+ \((\w+)\)")  # in aiohttp's error where a library is missing
_GZIP = b"\x1f\x8b"
_REDIRECTS = (301, 302, 303, 307, 308)
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_REFUSED = (
    ipaddress.ip_network("100.64.0.0/10"),  # CGNAT; is_global is correct for it only since Python 3.13
    ipaddress.ip_network("2002::/16"),  # 6to4, which embeds any IPv4 address
    ipaddress.ip_network("2001::/32"),  # Teredo
    ipaddress.ip_network("fec0::/10"),  # site-local
    *_NAT64,
)


class FetchError(Exception):
    """A fetch without a usable response.

    `reason` is one of refused_address, dns, connect, timeout, too_big, too_many_redirects, bad_redirect, tls, encoding
    and broken; `detail` explains it to an editor.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Response:
    """A response of any status. `retry_after`, `max_age`: seconds. `moved_to`: the target of permanent redirects."""

    url: str
    status: int
    body: bytes
    content_type: str
    etag: str = ""
    last_modified: str = ""
    retry_after: float | None = None
    max_age: float | None = None
    moved_to: str = ""
    links: tuple[str, ...] = ()  # the values of its Link headers


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet. Raises ValueError for what is not an IP address.

    An IPv4-mapped address is judged by its IPv4 address; other ranges that embed IPv4 addresses are not public.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in ipaddress.ip_network("::/96"):
            return False
    if any(ip.version == network.version and ip in network for network in _REFUSED):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified


class Turns:
    """Limits each host and port to AT_ONCE_PER_HOST requests at a time; further ones wait in order of arrival."""

    def __init__(self) -> None:
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, url: str) -> asyncio.Semaphore:
        return self._hosts.setdefault(place_of(url), asyncio.Semaphore(AT_ONCE_PER_HOST))


def place_of(url: str) -> str:
    """An address's "host:port"."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


class _RefusedAddress(OSError):
    pass


class Fetcher:
    """Fetches addresses within `timeout` seconds and `max_bytes`.

    `private`: whether private addresses are allowed; or the set of "host:port" for which they are.
    """

    def __init__(
        self,
        *,
        private: bool | frozenset[str] = False,
        user_agent: str = "Kabar",
        max_bytes: int = 10_000_000,
        timeout: float = 30.0,
    ) -> None:
        self._private = private
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"}
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._turns = Turns()
        self._sessions: list[aiohttp.ClientSession] = []

    async def __aenter__(self) -> Self:
        self._sessions = [self._session(guarded=True), self._session(guarded=False)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self._sessions:
            await session.close()

    def _session(self, *, guarded: bool) -> aiohttp.ClientSession:
        factory: Callable[[Any], socket.socket] | None = _guarded_socket if guarded else None
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=CONNECTIONS, socket_factory=factory, keepalive_timeout=15, enable_cleanup_closed=False
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=16_384,
            max_field_size=16_384,
            auto_decompress=True,
            trust_env=False,
        )

    async def fetch(
        self, url: str, *, etag: str = "", last_modified: str = "", accept: str = "*/*", max_bytes: int | None = None
    ) -> Response:
        """GET the address, following redirects. Returns any status; raises FetchError where there is no response."""
        headers = self._headers | {"Accept": accept}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        return await self._follow(url, headers, max_bytes or self._max_bytes)

    async def post(self, url: str, form: dict[str, str]) -> Response:
        """POST a form with the same limits; a redirect receives the same form. Raises FetchError."""
        return await self._follow(url, self._headers, self._max_bytes, form)

    async def _follow(
        self, url: str, headers: dict[str, str], max_bytes: int, form: dict[str, str] | None = None
    ) -> Response:
        """All redirects together may take `timeout`, not counting the wait for a host's turn: that is our own limit."""
        address, permanent, seconds_left = url, True, self._timeout
        method = "GET" if form is None else "POST"
        for _ in range(REDIRECTS_AT_MOST + 1):
            _refuse_scheme(address)
            async with self._turns.of(address):
                began = time.monotonic()
                try:
                    async with asyncio.timeout(seconds_left):
                        response_or_redirect = await self._ask(method, address, headers, max_bytes, form)
                except TimeoutError:
                    raise FetchError("timeout", f"no whole answer within {self._timeout:g} s") from None
                seconds_left -= time.monotonic() - began
            if isinstance(response_or_redirect, Response):
                moved = address if permanent and address != url else ""
                return replace(response_or_redirect, moved_to=moved)
            status, location = response_or_redirect
            permanent = permanent and status in (301, 308)
            address = safe_url(location, address)
            if not address:
                raise FetchError("bad_redirect", f"a redirect to {location[:100]!r}")
        raise FetchError("too_many_redirects", f"more than {REDIRECTS_AT_MOST} redirects")

    def _pick(self, url: str) -> aiohttp.ClientSession:
        allowed = self._private if isinstance(self._private, bool) else place_of(url) in self._private
        return self._sessions[1 if allowed else 0]

    async def _ask(
        self, method: str, url: str, headers: dict[str, str], max_bytes: int, data: dict[str, str] | None = None
    ) -> Response | tuple[int, str]:
        try:
            async with self._pick(url).request(
                method, url, headers=headers, data=data, allow_redirects=False
            ) as answer:
                if answer.status in _REDIRECTS and "Location" in answer.headers:
                    return answer.status, answer.headers["Location"]
                _refuse_undecoded(answer.headers.get("Content-Encoding", ""))
                body = b"" if answer.status == 304 else await _gunzipped(await _read(answer, max_bytes), max_bytes)
                return Response(
                    url=url,
                    status=answer.status,
                    body=body,
                    content_type=answer.headers.get("Content-Type", ""),
                    etag=_ascii(answer.headers.get("ETag", ""))[:1000],
                    last_modified=_ascii(answer.headers.get("Last-Modified", ""))[:200],
                    retry_after=_retry_after(answer.headers.get("Retry-After", "")),
                    max_age=_max_age(answer.headers.get("Cache-Control", "")),
                    links=tuple(answer.headers.getall("Link", ()))[:20],
                )
        except FetchError:
            raise
        except aiohttp.ClientResponseError as error:
            if undecoded := _UNDECODED.search(str(error.__cause__)):
                raise _unwanted_encoding(undecoded[1]) from error
            raise FetchError("broken", f"the answer broke off ({type(error).__name__})") from error
        except aiohttp.ClientConnectorDNSError as error:
            raise FetchError("dns", f"no address for {urlsplit(url).hostname}") from error
        except (
            aiohttp.ClientConnectorCertificateError,
            aiohttp.ClientConnectorSSLError,
            aiohttp.ClientSSLError,
        ) as error:
            raise FetchError("tls", "the TLS certificate or connection failed") from error
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _RefusedAddress) or "private address" in str(error):
                raise FetchError("refused_address", "an address that is not on the open internet") from error
            raise FetchError("connect", f"no connection: {error.os_error.strerror or error.os_error}") from error
        except _RefusedAddress as error:
            raise FetchError("refused_address", "an address that is not on the open internet") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchError("broken", f"the answer broke off ({type(error).__name__})") from error


def _guarded_socket(address: Any) -> socket.socket:
    """The socket for one resolved address. Called after DNS resolution, so DNS rebinding can't get around it."""
    family, kind, protocol, _, host_and_port = address
    if not is_public(host_and_port[0]):
        raise _RefusedAddress(f"private address {host_and_port[0]}")
    return socket.socket(family, kind, protocol)


def _refuse_scheme(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_allowed = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_allowed = False
    if not is_allowed:
        raise FetchError("refused_address", "not an http(s) address")


async def _read(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The decompressed body. Raises FetchError above `max_bytes`, whatever Content-Length says."""
    declared = answer.content_length
    if declared is not None and declared > max_bytes:
        raise FetchError("too_big", f"more than {max_bytes // 1_000_000} MB")
    parts, size = [], 0
    async for chunk in answer.content.iter_chunked(CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise FetchError("too_big", f"more than {max_bytes // 1_000_000} MB")
        parts.append(chunk)
    return b"".join(parts)


async def _gunzipped(body: bytes, max_bytes: int) -> bytes:
    """The body, decompressed if it is gzip without a header saying so ("feed.xml.gz"); unchanged if that fails."""
    if not body.startswith(_GZIP):
        return body
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = await asyncio.to_thread(decompressor.decompress, body, max_bytes + 1)
    except zlib.error:
        return body
    if len(content) > max_bytes:
        raise FetchError("too_big", f"more than {max_bytes // 1_000_000} MB")
    return content if decompressor.eof else body


def _refuse_undecoded(declared: str) -> None:
    """Refuse encodings that aiohttp leaves undecoded: "compress", and more than one encoding."""
    encodings = [name for name in declared.lower().replace(",", " ").split() if name in _ENCODINGS]
    if len(encodings) > 1 or "compress" in encodings:
        raise _unwanted_encoding(", ".join(encodings))


def _unwanted_encoding(encoding: str) -> FetchError:
    return FetchError("encoding", f"the response is encoded as {encoding}, which Kabar did not ask for and can't read")


def _ascii(value: str) -> str:
    """A header's value if it can be stored and sent back, else ""."""
    return value if value.isascii() and value.isprintable() else ""


def _retry_after(value: str) -> float | None:
    value = value.strip()
    if value.isdigit():
        return float(min(int(value), 7 * 86400))
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return min(max(0.0, when.timestamp() - time.time()), 7 * 86400.0)


def _max_age(value: str) -> float | None:
    for part in value.split(","):
        name, _, seconds = part.strip().partition("=")
        if name.lower() == "max-age" and seconds.isdigit():
            return float(min(int(seconds), 86400))
    return None
