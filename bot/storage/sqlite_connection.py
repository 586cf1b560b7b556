"""aiosqlite's connection, made safe for tasks that are cancelled in the middle of a statement.

aiosqlite runs statements in a thread, one thread for each connection. If a task that awaits one is cancelled, the
statement goes on without it: its lock is held by nobody who would release it. If the task is cancelled again while the
connection is closing, `close` waits for ever for its thread, which has ended.
https://github.com/omnilib/aiosqlite/issues/259, https://github.com/wapiti-scanner/wapiti/issues/802
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import aiosqlite


class Connection(aiosqlite.Connection):
    """A connection whose statements end before the task that awaits them, and that closes once."""

    _stopped = False
    _ending: asyncio.Future[Any] | None = None  # None if it was stopped outside an event loop

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run `fn` in the connection's thread. If the task is cancelled meanwhile, CancelledError is raised afterwards.

        A statement takes milliseconds, and at most `BUSY_SECONDS` if it waits for another process's lock.
        """
        if not self._running or not self._connection:
            raise ValueError("Connection closed")  # SQLAlchemy knows it by these words
        running = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((running, partial(fn, *args, **kwargs)))
        return await _to_its_end(running)

    async def close(self) -> None:
        ending = self.stop()
        if ending is not None:
            await _to_its_end(ending)

    def stop(self) -> asyncio.Future[Any] | None:
        """Close the connection and end its thread, after the statements that were begun. Only the first call does."""
        if not self._stopped:
            self._stopped = True
            self._ending = super().stop()
        return self._ending


async def _to_its_end(running: asyncio.Future[Any]) -> Any:
    """The result of `running`. If the task is cancelled, CancelledError is raised when `running` is done."""
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([running])
        raise


def connect(*arguments: Any, **named: Any) -> Connection:
    """A connection to be awaited, with the arguments of `sqlite3.connect`."""
    connection = Connection(partial(sqlite3.connect, *arguments, **named), iter_chunk_size=64)
    connection._thread.daemon = True
    return connection
