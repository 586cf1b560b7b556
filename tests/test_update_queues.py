"""Queues of updates, with handlers that wait for the test."""

import asyncio
from types import SimpleNamespace
from typing import Any

from telegram import Update

from bot.updates.queues import ChatQueues


def typed(number: int, words: str) -> dict[str, Any]:
    person = {"id": 7, "is_bot": False, "first_name": "Sari"}
    return {"update_id": number, "inline_query": {"id": str(number), "from": person, "query": words, "offset": ""}}


async def test_of_what_a_person_types_inline_only_the_last_words_wait() -> None:
    handled: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def process_update(update: Update) -> None:
        assert update.inline_query is not None
        begun.set()
        await go_on.wait()
        handled.append(update.inline_query.query)

    app: Any = SimpleNamespace(bot=None, undone=set(), process_update=process_update)
    finished: list[int] = []
    async with asyncio.TaskGroup() as group:
        queues = ChatQueues(app, finished.append, asyncio.Event(), group)
        queues.add(typed(1, "b"))
        await begun.wait()
        for number, words in enumerate(("ba", "ban", "banj", "banjir"), 2):
            queues.add(typed(number, words))
        assert queues.waiting == 2
        go_on.set()
    assert handled == ["b", "banjir"]
    assert sorted(finished) == [1, 2, 3, 4, 5]
    assert queues.waiting == 0
