"""AiohttpRequest: python-telegram-bot's transport on aiohttp and orjson, and a shorter `send` for pushes.

PTB's default transport takes 2.0 ms of processor time a message, more with each connection; this takes a tenth.
"""

import os
import re
import time
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any

import aiohttp
import orjson
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

from bot.clock import utcnow
from bot.delivery.outcomes import Outcome, Sent, Unknown, Wait, classify

os.environ.setdefault("PTB_TIMEDELTA", "true")  # else PTB warns of its own code at every flood wait

READ_SECONDS = 30.0  # the server may hold an answer for 8 s while it waits out a small flood
CONNECT_SECONDS = 10.0
CONNECTIONS = 256
JSON = {"Content-Type": "application/json"}
ATTACHED = "attach://photo"  # stands in a body for the file that goes with it
# All that a push needs of a successful answer, without parsing JSON.
_SENT = re.compile(rb'\{"ok":true,"result":\{"message_id":(\d+)')


class AiohttpRequest(BaseRequest):
    """`connections` limits concurrent requests."""

    def __init__(self, connections: int = CONNECTIONS) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._dated: tuple[str, float, float] | None = None  # the last answer's Date, and our clocks at that moment

    def clock_error(self, fresh_seconds: float) -> float | None:
        """Seconds that our clock is ahead of the server's; None without an answer in the last `fresh_seconds`."""
        if self._dated is None:
            return None
        date, here, at = self._dated
        if time.monotonic() - at > fresh_seconds:
            return None
        try:
            return here - parsedate_to_datetime(date).timestamp()
        except ValueError:
            return None

    def _note_date(self, answer: aiohttp.ClientResponse) -> None:
        if date := answer.headers.get("Date"):
            self._dated = (date, utcnow().timestamp(), time.monotonic())

    @property
    def read_timeout(self) -> float | None:
        return READ_SECONDS

    async def initialize(self) -> None:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=60),
                timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: float | object | None = BaseRequest.DEFAULT_NONE,
        write_timeout: float | object | None = BaseRequest.DEFAULT_NONE,
        connect_timeout: float | object | None = BaseRequest.DEFAULT_NONE,
        pool_timeout: float | object | None = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        data, headers = _body(request_data)
        read = read_timeout if isinstance(read_timeout, int | float) else READ_SECONDS
        return await self._exchange(method, url, data, headers, float(read))

    async def call(self, url: str, params: dict[str, Any], read_seconds: float) -> tuple[int, bytes]:
        """POST a method's parameters as JSON; returns the HTTP status and body. Raises NetworkError, TimedOut."""
        return await self._exchange("POST", url, orjson.dumps(params), JSON, read_seconds)

    async def _exchange(
        self, method: str, url: str, data: Any, headers: dict[str, str], read: float
    ) -> tuple[int, bytes]:
        # PTB asks for a few seconds more than a long poll takes, and otherwise for 5 s, which READ_SECONDS must exceed.
        limit = aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=max(READ_SECONDS, read))
        try:
            async with self._open().request(method, url, data=data, headers=headers, timeout=limit) as response:
                self._note_date(response)
                return response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut(f"no answer: {error or 'timed out'}") from error
        except aiohttp.ClientError as error:
            raise NetworkError(f"{type(error).__name__}: {error}") from error

    async def send(self, url: URL, body: bytes) -> tuple[Outcome, bytes]:
        """POST an encoded body; the outcome and the raw answer (b"" without one). Network errors become outcomes."""
        # A payload with a type saves aiohttp a look-up and a header.
        return await self._send(url, aiohttp.BytesPayload(body, content_type="application/json"))

    async def upload(self, url: URL, body: bytes, jpeg: bytes) -> tuple[Outcome, bytes]:
        """As `send`, with a file for the photo that the body names ATTACHED."""
        form = aiohttp.FormData()
        for name, value in orjson.loads(body).items():
            if value != ATTACHED:  # sendPhoto's file bears the parameter's own name, and editMessageMedia's this one
                form.add_field(name, value if isinstance(value, str) else orjson.dumps(value).decode())
        form.add_field("photo", BytesIO(jpeg), filename="photo.jpg", content_type="image/jpeg")
        return await self._send(url, form)

    async def _send(self, url: URL, data: Any) -> tuple[Outcome, bytes]:
        session = self._open()
        try:
            response = await session.post(url, data=data)  # read() returns the connection to the pool
            self._note_date(response)
            status, answer = response.status, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Wait(2.0, f"no connection: {type(error).__name__}"), b""
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Unknown(f"no answer: {type(error).__name__}"), b""
        if status == 200 and (sent := _SENT.match(answer)):
            return Sent(int(sent[1])), answer
        return classify(status, _parse(answer)), answer

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("AiohttpRequest was not initialized")
        return self._session


def _parse(answer: bytes) -> dict[str, Any] | None:
    try:
        parsed = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _body(request_data: RequestData | None) -> tuple[Any, dict[str, str]]:
    if request_data is None:
        return None, {}
    if not request_data.contains_files:
        return orjson.dumps(request_data.parameters), JSON
    form = aiohttp.FormData()
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in (request_data.multipart_data or {}).items():
        file = BytesIO(content) if isinstance(content, bytes) else content  # aiohttp warns of large bytes
        form.add_field(name, file, filename=filename, content_type=mime)
    return form, {}
