"""The process that parses documents for the bot, each in a fork of its own, which its limits end when it overruns.

`python -m bot.stories.reading.worker FD` is started by `isolated`. FD is a socket over which it is handed one socket a
document. It forks for each: a fork takes a few milliseconds, shares the parsers' memory, and leaves nothing behind.
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

PARSERS = (
    "bot.stories.reading.feeds",
    "bot.stories.reading.sitemaps",
    "bot.stories.reading.pages",
    "bot.stories.articles.article",
    "trafilatura",  # which an article's text imports when it is first needed
)
LENGTHS = struct.Struct("!IQ")  # of a request's call and of its document
ANSWER_LENGTH = struct.Struct("!Q")
ANSWER_BYTES = 20_000_000  # ten thousand items come to less
CHUNK = 1 << 18


def main(descriptor: int) -> None:
    """Fork for each socket that comes, until the bot is gone; then end whatever still runs."""
    control = socket.socket(fileno=descriptor)
    for number in (signal.SIGTERM, signal.SIGINT):  # meant for the bot, which ends this process when it has stopped
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # where memory is short, the kernel ends a parser and not the bot
        Path("/proc/self/oom_score_adj").write_text("500")
    for name in PARSERS:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    while True:
        message, descriptors, *_ = socket.recv_fds(control, 1, 1)
        if not message:
            os.killpg(0, signal.SIGKILL)
        for given in descriptors:
            _fork(given, control)


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
    """Read a request, run its call within its limits, write what came of it."""
    call, body = (_receive(connection, length) for length in LENGTHS.unpack(_receive(connection, LENGTHS.size)))
    function, arguments, named, (seconds, wall, memory, nice) = pickle.loads(call)  # noqa: S301 - the bot wrote it
    _end_when_nobody_waits(connection)
    os.nice(nice)
    _limit(seconds, wall, memory)
    before = _most_memory()
    outcome = _outcome(function, body, arguments, named)
    if outcome[0] != "done" and _most_memory() - before > memory * 0.6:  # whatever a library makes of it
        outcome = "memory", ""
    answer = pickle.dumps((*outcome, time.process_time()))
    if len(answer) > ANSWER_BYTES:
        answer = pickle.dumps(("unreadable", "more than a document of stories says", time.process_time()))
    _listen_for_the_end(connection, False)  # else the bot's reading would end us too
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
    """Once the bot closes its end (a cancelled poll, a killed bot), SIGIO ends this fork, even within C code."""
    _listen_for_the_end(connection, True)
    if select.select([connection], [], [], 0)[0]:  # it was closed before that
        os._exit(0)


def _listen_for_the_end(connection: socket.socket, listen: bool) -> None:
    flags = fcntl.fcntl(connection, fcntl.F_GETFL)
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(connection, fcntl.F_SETFL, flags | os.O_ASYNC if listen else flags & ~os.O_ASYNC)


def _limit(seconds: float, wall: float, memory: int) -> None:
    """The kernel ends the process: these signals and limits work inside C code, where Python's own handlers do not."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, wall)
    with suppress(OSError, ValueError):  # not every system has both
        used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (used + memory, used + memory))


if __name__ == "__main__":
    main(int(sys.argv[1]))
