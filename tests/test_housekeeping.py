import asyncio

from sqlalchemy import func, select, update

from bot.audience import subscribers
from bot.clock import utcnow
from bot.delivery import deliveries, drafts, pushes
from bot.delivery.deliveries import Record
from bot.delivery.outcomes import Mark
from bot.housekeeping import Housekeeper
from bot.storage.engine import Database
from bot.storage.models import Delivery, Push


async def test_old_deliveries_are_dropped_and_their_counts_stay(database: Database) -> None:
    async with database.write() as session:
        for chat in (1, 2, 3):
            await subscribers.greet(session, chat, kind="private", language="id", now=utcnow())
        push_ids = []
        for _ in range(3):
            push = await drafts.new(session, 1, {"method": "sendMessage", "params": {"text": "a"}}, utcnow())
            await drafts.confirm(session, push.id, utcnow(), 0)
            chats = [deliveries.Chat(number, number, 0, "id") for number in (1, 2, 3)]
            await deliveries.record(session, push.id, [Record(chat, Mark.SENT, 7) for chat in chats], utcnow())
            push_ids.append(push.id)
        old, recent, running = push_ids
        await session.execute(update(Push).where(Push.id.in_((old, recent))).values(state=pushes.FINISHED))
        month_ago = int(await session.moment()) - 31 * 86_400
        await session.execute(update(Delivery).where(Delivery.push_id.in_((old, running))).values(at=month_ago))
    assert not await Housekeeper(database, 30, asyncio.Event()).step()
    async with database.read() as session:
        remaining = dict(
            (await session.execute(select(Delivery.push_id, func.count()).group_by(Delivery.push_id))).all()  # type: ignore[arg-type]  # rows of two
        )
        assert (await session.get_one(Push, old)).sent == 3
    assert remaining == {recent: 3, running: 3}
