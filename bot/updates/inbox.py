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
from bot.storage.engine import DATABASE_ERRORS, Database

log = structlog.get_logger("kabar.updates")

LEASE_SECONDS = 6.0  # after a crash, how long its updates wait for another process
FINISHED_SECONDS = 0.2  # how long it may take until a handled update is recorded; a crash before handles it again
PRUNE_SECONDS = 60.0
PRUNED_AT_ONCE = 1000


class Inbox:
    """`owner` is unique to the process."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner
        self._arrived: list[tuple[Sequence[RawUpdate], asyncio.Future[list[RawUpdate]]]] = []
        self._finished: list[int] = []
        self._wake = asyncio.Event()
        self._pruned_at = 0.0
        self._away = OngoingFailure(log, "database_away")

    async def store(self, updates: Sequence[RawUpdate]) -> list[RawUpdate]:
        """Store the updates; returns those that nobody has stored before. Raises DATABASE_ERRORS: nothing is stored."""
        stored: asyncio.Future[list[RawUpdate]] = asyncio.get_running_loop().create_future()
        self._arrived.append((updates, stored))
        self._wake.set()
        return await stored

    def finish(self, update_id: int) -> None:
        """The update is handled."""
        self._finished.append(update_id)

    async def run(self) -> None:
        """The loop that writes what has arrived and what is finished, until it is cancelled."""
        while True:
            try:
                async with asyncio.timeout(FINISHED_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            await self.write()

    async def write(self) -> None:
        """Write in one transaction what has arrived and what is finished."""
        arrived, self._arrived = self._arrived, []
        finished, self._finished = self._finished, []
        if not arrived and not finished:
            return
        try:
            async with self._database.write() as session:
                if finished:
                    await inbox.finish(session, finished)
                unique = {raw["update_id"]: raw for updates, _ in arrived for raw in updates}
                new = await inbox.add(session, self._owner, list(unique.values())) if unique else set()
        except DATABASE_ERRORS as error:
            self._away.note(error)
            self._finished = finished + self._finished
            for _, stored in arrived:
                if not stored.done():
                    stored.set_exception(error)
            return
        self._away.clear()
        for updates, stored in arrived:
            mine = [raw for raw in updates if raw["update_id"] in new]
            new -= {raw["update_id"] for raw in mine}  # an update that came twice at once is handed out once
            if not stored.done():
                stored.set_result(mine)

    async def take_over(self) -> list[RawUpdate]:
        """Keep this process's own updates, and claim those of processes that have ended; the oldest first."""
        now = asyncio.get_running_loop().time()
        async with self._database.write() as session:
            await leases.hold(session, inbox.ALIVE + self._owner, self._owner, LEASE_SECONDS)
            left = await inbox.take_over(session, self._owner)
            if now - self._pruned_at > PRUNE_SECONDS:
                self._pruned_at = now
                await inbox.prune(session, PRUNED_AT_ONCE)
        if left:
            log.info("updates_taken_over", count=len(left))
        return left

    async def close(self) -> None:
        """Record what is finished, and leave the rest to other processes."""
        await self.write()
        async with self._database.write() as session:
            await leases.drop(session, inbox.ALIVE + self._owner, self._owner)
