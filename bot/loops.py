"""Background loops: repeat a step until the process stops; failures are logged at a limited rate and retried."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram.error import TelegramError

from bot.logs import OngoingFailure

log = structlog.get_logger("kabar.loops")

AFTER_FAILURE_SECONDS = 2.0


async def wait(stopping: asyncio.Event, seconds: float, wake: asyncio.Event | None = None) -> None:
    """Sleep for `seconds`, or until `stopping` or `wake` is set. Clears `wake`."""
    events = [stopping] if wake is None else [stopping, wake]
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(asyncio.Event.wait(event)) for event in events]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
    if wake is not None:
        wake.clear()


async def repeat(
    name: str,
    step: Callable[[], Awaitable[bool]],
    *,
    stopping: asyncio.Event,
    idle_seconds: float,
    busy_seconds: float = 0.0,
    wake: asyncio.Event | None = None,
) -> None:
    """Run `step` until `stopping` is set. A step does one unit of work and returns whether there may be more.

    The loop then sleeps `busy_seconds` if there may be more, else `idle_seconds`, and longer after a failure; setting
    `wake` ends the sleep. If the database or Telegram is unreachable, `<name>_delayed` is logged at a limited rate. Any
    other exception is a bug and is logged with its traceback.
    """
    failure = OngoingFailure(log, f"{name}_delayed")
    while not stopping.is_set():
        rest = idle_seconds
        try:
            if await step():
                rest = busy_seconds
        except (SQLAlchemyError, OSError, TelegramError) as error:
            failure.note(error)
            rest = max(idle_seconds, AFTER_FAILURE_SECONDS)
        except Exception:
            log.exception("step_failed", loop=name)
            rest = max(idle_seconds, AFTER_FAILURE_SECONDS)
        else:
            failure.clear()
        if rest:
            await wait(stopping, rest, wake)
