"""The process that parses documents for the bot, each in its own fork, which is killed when it exceeds its limits.

`isolated` starts `python -m bot.stories.reading.worker FD MODULE…`, with the modules of its parsers. Over the socket FD
it receives one socket per document, and forks for each. A fork takes a few milliseconds, shares the parsers' memory,
and leaves no state behind.
"""

import fcntl
import gc
import importlib
import os
import pickle
import resource
import select
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.stories.reading.feed_items import Unreadable

LENGTHS = struct.Struct("!IQ")  # bytes of a request's pickled call and of its document
ANSWER_LENGTH = struct.Struct("!Q")
ANSWER_BYTES = 20_000_000  # more than ten thousand items need
CHUNK = 1 << 18


def main(descriptor: int, parsers: list[str]) -> None:
    """Fork for each received socket until the bot has ended; then kill the process group."""
    control = socket.socket(fileno=descriptor)
    for number in (signal.SIGTERM, signal.SIGINT):  # a service manager signals all processes; the bot ends this one
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the forks
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # so that the OOM killer chooses a parser and not the bot
        Path("/proc/self/oom_score_adj").write_text("500")
    for name in parsers:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    while True:
        message, descriptors, *_ = socket.recv_fds(control, 1, 1)
        if not message:
            os.killpg(0, signal.SIGKILL)
        for received in descriptors:
            _fork(received, control)


def _fork(descriptor: int, control: socket.socket) -> None:
    try:
        forked = os.fork()
    except OSError:  # the bot sees the socket close
        forked = -1
    if forked == 0:
        try:
            control.close()
            _answer(socket.socket(fileno=descriptor))
        finally:
            os._exit(0)
    os.close(descriptor)


def _answer(connection: socket.socket) -> None:
    """Read a request, run its call within its limits, and write the outcome."""
    call, body = (_receive(connection, length) for length in LENGTHS.unpack(_receive(connection, LENGTHS.size)))
    function, arguments, named, (seconds, wall, memory, nice) = pickle.loads(call)  # noqa: S301 - the bot wrote it
    _end_when_nobody_waits(connection)
    os.nice(nice)
    _limit(seconds, wall, memory)
    before = _most_memory()
    outcome = _outcome(function, body, arguments, named)
    if outcome[0] != "done" and _most_memory() - before > memory * 0.6:  # a library may hide the MemoryError
        outcome = "memory", ""
    answer = pickle.dumps((*outcome, time.process_time()))
    if len(answer) > ANSWER_BYTES:
        answer = pickle.dumps(("unreadable", "the result is too large for a document of stories", time.process_time()))
    _listen_for_the_end(connection, False)  # reading by the bot would raise SIGIO too
    connection.sendall(ANSWER_LENGTH.pack(len(answer)) + answer)


def _outcome(function: Any, body: bytes, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[str, Any]:
    try:
        return "done", function(body, *arguments, **named)
    except Unreadable as error:
        return "unreadable", str(error)
    except MemoryError:
        return "memory", ""
    except Exception as error:
        return "failed", f"{type(error).__name__}: {error}"[:500]


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _receive(connection: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(min(CHUNK, length - len(parts)))
        if not part:
            os._exit(0)
        parts += part
    return bytes(parts)


def _end_when_nobody_waits(connection: socket.socket) -> None:
    """Make SIGIO kill this fork, even within C code, when the bot closes its end (a cancelled poll, a killed bot)."""
    _listen_for_the_end(connection, True)
    if select.select([connection], [], [], 0)[0]:  # it was closed already
        os._exit(0)


def _listen_for_the_end(connection: socket.socket, listen: bool) -> None:
    flags = fcntl.fcntl(connection, fcntl.F_GETFL)
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(connection, fcntl.F_SETFL, flags | os.O_ASYNC if listen else flags & ~os.O_ASYNC)


def _limit(seconds: float, wall: float, memory: int) -> None:
    """Let the kernel kill the process above the limits. Python's own signal handlers don't run within C code."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, wall)
    with suppress(OSError, ValueError):  # /proc or RLIMIT_DATA may be missing
        used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (used + memory, used + memory))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
