"""Popular counts distinct readers: nobody pushes a story up by opening it again and again."""

from bot.sandbox.world import World
from bot.storage.models import Story
from bot.stories.showing import browse
from tests.wire import SARI, Kabar

ONE, THREE = "Dibuka oleh satu orang", "Dibuka oleh tiga orang"


async def test_many_opens_by_one_reader_do_not_outweigh_three_readers(kabar: Kabar, world: World) -> None:
    kabar.press.publish("dunia", 10001, ONE)
    kabar.press.publish("dunia", 10002, THREE)
    async with kabar.running() as process:
        await kabar.primed()
        async with process.database.read() as session:
            ids = {story.title: story.id for story in (await browse.latest(session)).stories}
        for _ in range(8):
            await kabar.ask(SARI, f"/start story_{ids[ONE]}", ONE)
        for number in range(3):
            reader = world.add_user(f"Pembaca {number}")
            await kabar.ask(reader, f"/start story_{ids[THREE]}", THREE)
            await kabar.ask(reader, "/help", "bantuan")  # handled after the first, so that was counted
        ranking = (await kabar.ask(SARI, "/populer", "Populer"))["text"]
        async with process.database.read() as session:
            one, three = [(await session.get_one(Story, ids[title])).heat or 0 for title in (ONE, THREE)]
    assert ranking.index(THREE) < ranking.index(ONE)
    assert 2 ** (three - one) > 2.9  # three readers to one, within the minutes that the test takes
