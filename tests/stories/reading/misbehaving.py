"""Misbehaving parsers, which tests run in the worker process."""

import os
import signal
import time
from pathlib import Path

from bot.stories.items import Item
from bot.stories.reading.feed_items import Unreadable


def count(body: bytes) -> int:
    return len(body)


def spin(body: bytes) -> None:
    """Run forever. The body may name a file, which gets the ids of this process and of its group."""
    if body.strip():
        Path(body.strip().decode()).write_text(f"{os.getpid()} {os.getpgrp()}")
    while True:
        pass


def nap(body: bytes) -> None:
    time.sleep(600)


def hoard(body: bytes) -> int:
    return len(bytearray(b"x" * 500_000_000))


def refuse(body: bytes) -> None:
    raise Unreadable("not a feed at all")


def mistake(body: bytes) -> None:
    raise KeyError("tidak ada")


def crash(body: bytes) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def chatter(body: bytes) -> str:
    os.write(1, b"\0" * 100_000)
    return "said"


def flood(body: bytes) -> bytes:
    return b"x" * 30_000_000


def names_of_settings(body: bytes) -> tuple[str, ...]:
    return tuple(os.environ)


class Captured:
    """The answer of a parser under an attacker's control: unpickling it runs a command."""

    def __init__(self, path: bytes) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.path.decode(),)


def forge(body: bytes) -> tuple[Item, Captured]:
    return Item(url="https://news.example", title="Banjir"), Captured(body)
