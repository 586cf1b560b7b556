"""Calls parsers in separate processes that can be killed, each a `worker`. The first call of a kind starts its process.

One is for documents, and one for pictures: a picture's decoder is ready in a fifth of a second, all parsers in two.
"""

import asyncio
import atexit
import datetime
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, dataclass, is_dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import bot
from bot.stories.reading.feed_items import Unreadable
from bot.stories.reading.worker import ANSWER_BYTES, ANSWER_LENGTH, CHUNK, LENGTHS

DOCUMENTS = (
    "bot.stories.reading.feeds",
    "bot.stories.reading.sitemaps",
    "bot.stories.reading.pages",
    "bot.stories.articles.article",
    "trafilatura",  # bot.stories.articles.text imports it late
)
PICTURES = ("bot.stories.reading.jpeg",)
STARTING = 20.0  # seconds for the process to import the parsers on a busy machine
ROOT = Path(bot.__file__).parent.parent
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONTZPATH")  # no token, no password
_TIMES = ("datetime", "timedelta", "timezone")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for parsing one document: seconds of CPU time, seconds of wall time, bytes of additional memory."""

    seconds: float
    wall: float
    memory: int
    nice: int = 0  # added to the process's niceness


class Overrun(Unreadable):
    """A document whose parser was killed because it exceeded its limits."""


class ParserFailed(Exception):
    """A bug in a parser of ours."""


class Worker:
    """A running worker process for these parsers. Its process group contains the forks that it makes."""

    def __init__(self, parsers: tuple[str, ...]) -> None:
        self.parsers = parsers
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "bot.stories.reading.worker", str(theirs.fileno()), *parsers],
                cwd=ROOT,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def connect(self) -> socket.socket:
        """A socket to a new fork. Raises OSError if the process has ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"\0"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        return ours

    def end(self) -> None:
        """Kill the process and its forks."""
        self._control.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


_running: list[Worker] = []  # at most one for the same parsers


def stop(parsers: tuple[str, ...] | None = None) -> None:
    """Kill the process of these parsers, or all, if they run."""
    for worker in [worker for worker in _running if parsers in (None, worker.parsers)]:
        _running.remove(worker)
        worker.end()


def start(parsers: tuple[str, ...]) -> Worker:
    """The process of these parsers; it is started if there is none."""
    for worker in _running:
        if worker.parsers == parsers:
            return worker
    _running.append(Worker(parsers))
    return _running[-1]


atexit.register(stop)


async def call(
    function: Callable[..., T],
    body: bytes,
    arguments: tuple[Any, ...],
    named: dict[str, Any],
    limits: Limits,
    parsers: tuple[str, ...] = DOCUMENTS,
) -> tuple[T, float]:
    """Call the function in a fork of these parsers' process: its result and its seconds of CPU time.

    Raises the function's Unreadable, Overrun where it exceeds `limits`, and ParserFailed for any other exception.
    """
    request = pickle.dumps((function, arguments, named, astuple(limits)))
    began = time.monotonic()
    with _connect(parsers) as connection:
        try:
            async with asyncio.timeout(limits.wall + STARTING):
                answer = await _exchange(connection, request, body)
        except TimeoutError:
            stop(parsers)  # the worker may be stuck; the next call starts a new one
            raise Overrun(f"its parser did not end within {limits.wall:g} s") from None
    kind, value, seconds = _loaded(answer)
    if kind == "done":
        return value, seconds
    if kind == "unreadable":
        raise Unreadable(value)
    if kind == "failed":
        raise ParserFailed(f"{function.__name__}: {value}")
    if kind == "ended" and time.monotonic() - began >= limits.seconds:
        raise Overrun(f"parsing it takes more than {limits.seconds:g} s")
    raise Overrun(f"parsing it takes more than {limits.memory // 1_000_000} MB of memory, or breaks the parser")


def _connect(parsers: tuple[str, ...]) -> socket.socket:
    try:
        return start(parsers).connect()
    except OSError:  # it was killed
        stop(parsers)
    return start(parsers).connect()


async def _exchange(connection: socket.socket, request: bytes, body: bytes) -> bytes:
    """The fork's answer; b"" where it is missing, incomplete or too long."""
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(connection, LENGTHS.pack(len(request), len(body)) + request)
        await loop.sock_sendall(connection, body)
        answer = bytearray()
        while part := await loop.sock_recv(connection, CHUNK):
            answer += part
            if len(answer) > ANSWER_BYTES + ANSWER_LENGTH.size:
                return b""
    except ConnectionError:
        return b""
    whole = len(answer) >= ANSWER_LENGTH.size and ANSWER_LENGTH.unpack_from(answer)[0] == len(answer) - 8
    return bytes(answer[ANSWER_LENGTH.size :]) if whole else b""


class _Answers(pickle.Unpickler):
    """Unpickles only our dataclasses and times: a hostile document may have taken control of the process."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "datetime" and name in _TIMES:
            return getattr(datetime, name)
        kind = getattr(sys.modules.get(module), name, None) if module.startswith("bot.stories.") else None
        if isinstance(kind, type) and is_dataclass(kind):
            return kind
        raise pickle.UnpicklingError(f"no parser returns a {module}.{name}")


def _loaded(answer: bytes) -> tuple[str, Any, float]:
    if not answer:
        return "ended", None, 0.0
    try:
        kind, value, seconds = _Answers(BytesIO(answer)).load()
        return str(kind), value, float(seconds)
    except Exception as error:  # a forged answer may raise anything
        raise ParserFailed(f"an invalid answer ({type(error).__name__})") from error
