"""Where documents are parsed: in threads of their own, so that no reader waits for one, nor for a name server."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

THREADS = 2  # one document may take seconds; more threads only contend for the interpreter, and readers wait for that

T = TypeVar("T")
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="parsing")


async def in_thread(work: Callable[..., T], *given: Any, **named: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(_pool, partial(work, *given, **named))
