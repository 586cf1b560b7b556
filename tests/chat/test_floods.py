"""One chat that floods and one answer that hangs: nobody else waits, and nothing that was taken is lost."""

import asyncio

import pytest
from sqlalchemy import func, select

from bot.sandbox.faults import Fault
from bot.sandbox.world import Message
from bot.storage import inbox
from bot.storage.engine import Database
from bot.storage.models import ReceivedUpdate
from bot.updates import queues
from tests.wire import OLIVER, SARI, Kabar


def answers(kabar: Kabar, chat: int) -> list[Message]:
    return kabar.world.from_bot(chat)


async def test_another_reader_is_answered_while_one_chat_floods_and_one_answer_hangs(kabar: Kabar) -> None:
    hung = kabar.world.add_user("Pembaca yang jawabannya macet")
    async with kabar.running(roles=("chat",)):
        await kabar.ask(OLIVER, "/latest")
        kabar.world.faults.append(Fault("silent", method="sendMessage", chat=hung))
        kabar.world.say(hung, "/terbaru")
        for number in range(1000):
            kabar.world.say(SARI, f"/cari banjir {number}")
        before = len(answers(kabar, OLIVER))
        for count in (before + 1, before + 2, before + 3):
            kabar.world.say(OLIVER, "/popular")
            await kabar.until(lambda count=count: len(answers(kabar, OLIVER)) >= count)
        assert len(answers(kabar, SARI)) <= 12  # five at once and then one a second
    assert kabar.world.violations == []


async def test_a_chat_s_surplus_is_left_out_with_one_word(kabar: Kabar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "WAITING_AT_MOST", 4)
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/start")
        kabar.world.faults.append(Fault("slow", method="sendMessage", chat=SARI, delay=3.0))  # all come meanwhile
        for number in range(200):
            kabar.world.say(SARI, f"/cari banjir {number}")
        await kabar.world.wait_for(SARI, "terlalu cepat")
        await kabar.ask(SARI, "/terbaru", "Terbaru")
    words = [str(message.get("text")) for message in answers(kabar, SARI)]
    assert sum("terlalu cepat" in text for text in words) == 1
    assert len(words) <= 2 + 5 + 1


async def test_the_same_command_again_and_again_is_answered_once_more_at_most(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/start")
        kabar.world.faults.append(Fault("slow", method="sendMessage", chat=SARI, delay=1.0))
        for _ in range(50):
            kabar.world.say(SARI, "/terbaru")
        await kabar.until(lambda: len(answers(kabar, SARI)) >= 3)
        assert "Pilih" in (await kabar.ask(SARI, "/bahasa"))["text"]
    assert len(answers(kabar, SARI)) == 4  # the greeting, the first, the other forty-nine, and the language


async def test_what_a_process_took_and_did_not_handle_is_handled_by_the_next(kabar: Kabar) -> None:
    update = {
        "update_id": 7,
        "message": {
            "message_id": 5,
            "date": 1_771_700_000,
            "chat": {"id": SARI, "type": "private"},
            "from": {"id": SARI, "is_bot": False, "first_name": "Sari", "language_code": "id"},
            "text": "/terbaru",
            "entities": [{"type": "bot_command", "offset": 0, "length": 8}],
        },
    }
    async with kabar.running(roles=("chat",)) as process:
        await kabar.ask(SARI, "/start")
    async with Database(kabar.database_url, pool=False) as database:
        async with database.write() as session:
            session.add(ReceivedUpdate(id=7, owner="killed", body=update, received_at=1.0))
        async with kabar.running(roles=("chat",)):
            await kabar.until(lambda: len(answers(kabar, SARI)) == 2)
        async with database.read() as session:
            kept = await session.get_one(ReceivedUpdate, 7)
    assert (kept.done, kept.body) == (True, {})
    assert process.owner != kept.owner != "killed"


async def test_updates_of_a_process_that_lives_are_left_to_it(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/start")
        kabar.world.faults.append(Fault("slow", method="sendMessage", chat=SARI, delay=2.0))
        kabar.world.say(SARI, "/terbaru")
        async with Database(kabar.database_url, pool=False) as database:
            rows = 0
            while not rows:
                await asyncio.sleep(0.02)
                async with database.read() as session:
                    rows = await session.scalar(select(func.count()).where(ReceivedUpdate.done.is_(False))) or 0
            async with database.write() as session:
                assert await inbox.take_over(session, "another") == []
        await kabar.until(lambda: len(answers(kabar, SARI)) == 2)
