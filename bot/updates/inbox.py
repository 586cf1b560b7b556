"""The inbox of one process: stores updates before they are acknowledged, many in one transaction.

An update is safe once `store` has returned. The process that handles it calls `finish`; if it ends before, another one
takes the update over.
"""

import asyncio
from collections.abc import Sequence

import structlog

from bot.incoming import RawUpdate
from bot.logs import OngoingFailure
from bot.storage import inbox, leases
from bot.storage.engine import DATABASE_ERRORS, Database, is_unreachable

log = structlog.get_logger("kabar.updates")

LEASE_SECONDS = 6.0  # after a crash, how long its updates wait for another process
FINISHED_SECONDS = 0.2  # how long it may take until a handled update is recorded; a crash before handles it again
PRUNE_SECONDS = 60.0
PRUNED_AT_ONCE = 1000


Arrival = tuple[Sequence[RawUpdate], asyncio.Future[list[RawUpdate]]]


def _fail(arrived: Sequence[Arrival], error: Exception) -> None:
    for _, stored in arrived:
        if not stored.done():
            stored.set_exception(error)


class Inbox:
    """`owner` is unique to the process."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner
        self._arrived: list[Arrival] = []
        self._finished: list[int] = []
        self._others_from = 0.0  # until then, other processes may be late like this one, and not dead
        self._in_hand: set[int] = set()  # ids that were handed out and are not yet recorded as handled
        self._closed = False
        self._turn = asyncio.Lock()  # what is stored is in hand before anybody looks for what is left
        self._wake = asyncio.Event()
        self._pruned_at = 0.0
        self._away = OngoingFailure(log, "database_away")

    async def store(self, updates: Sequence[RawUpdate]) -> list[RawUpdate]:
        """Store the updates; returns those that nobody has stored before. Raises DATABASE_ERRORS: nothing is stored."""
        if self._closed:
            raise ConnectionError("the inbox is closed")
        stored: asyncio.Future[list[RawUpdate]] = asyncio.get_running_loop().create_future()
        self._arrived.append((updates, stored))
        self._wake.set()
        return await stored

    def finish(self, update_id: int) -> None:
        """The update is handled; this is recorded with the next batch."""
        self._finished.append(update_id)

    async def run(self) -> None:
        """The loop that writes what has arrived and what is finished, until `close`."""
        while not self._closed:
            try:
                async with asyncio.timeout(FINISHED_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            async with self._turn:
                await self._write()

    async def _write(self) -> None:
        """Write in one transaction what has arrived and what is finished."""
        arrived, self._arrived = self._arrived, []
        finished, self._finished = self._finished, []
        if not arrived and not finished:
            return
        unique = {raw["update_id"]: raw for updates, _ in arrived for raw in updates}
        try:
            async with self._database.write() as session:
                if finished:
                    await inbox.finish(session, finished)
                new = await inbox.add(session, self._owner, list(unique.values())) if unique else set()
        except Exception as error:  # whatever it is, whoever waits for an answer gets one
            self._finished = finished + self._finished
            if is_unreachable(error):
                self._away.note(error)
                _fail(arrived, error)
            else:
                await self._write_apart(arrived)
            return
        self._in_hand.difference_update(finished)
        self._away.clear()
        self._hand_out(arrived, new)

    async def _write_apart(self, arrived: Sequence[Arrival]) -> None:
        """Store each update by itself, as the database refuses one of them; that one is left out."""
        new: set[int] = set()
        for raw in (raw for updates, _ in arrived for raw in updates):
            try:
                async with self._database.write() as session:
                    new |= await inbox.add(session, self._owner, [raw])
            except Exception as error:
                if is_unreachable(error):
                    _fail(arrived, error)
                    return
                log.error("update_unstorable", update=raw["update_id"], error=repr(error)[:200])
        self._hand_out(arrived, new)

    def _hand_out(self, arrived: Sequence[Arrival], new: set[int]) -> None:
        """Give the new updates to whoever stored them; those whose caller is gone are taken over later."""
        for updates, stored in arrived:
            mine = [raw for raw in updates if raw["update_id"] in new]
            new -= {raw["update_id"] for raw in mine}  # an update that came twice at once is handed out once
            if not stored.done():
                self._in_hand |= {raw["update_id"] for raw in mine}
                stored.set_result(mine)

    async def take_over(self) -> list[RawUpdate]:
        """Keep this process's own updates, and claim those of processes that have ended; the oldest first.

        Of its own it returns those that were stored though the database's answer was lost.
        """
        now = asyncio.get_running_loop().time()
        try:
            async with self._database.write() as session:
                await leases.hold(session, inbox.ALIVE + self._owner, self._owner, LEASE_SECONDS)
        except DATABASE_ERRORS:  # after an outage all leases have run out: give the others time to renew theirs
            self._others_from = now + LEASE_SECONDS
            raise
        async with self._turn, self._database.write() as session:
            others = now >= self._others_from
            left = await inbox.take_over(session, self._owner, self._in_hand, others=others)
            if now - self._pruned_at > PRUNE_SECONDS:
                self._pruned_at = now
                await inbox.prune(session, PRUNED_AT_ONCE)
            self._in_hand |= {raw["update_id"] for raw in left}
        if left:
            log.info("updates_taken_over", count=len(left))
        return left

    async def close(self) -> None:
        """Record what is finished, and leave the rest to other processes. `run` ends."""
        self._closed = True
        async with self._turn:
            await self._write()
        async with self._database.write() as session:
            await leases.drop(session, inbox.ALIVE + self._owner, self._owner)
