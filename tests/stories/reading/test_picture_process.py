"""Pictures are decoded in a process of their own, whose end is nobody's but the picture's."""

from collections.abc import Iterator

import pytest

from bot.stories.reading import isolated, parsing
from bot.stories.reading.feed_items import Unreadable
from bot.stories.reading.isolated import Limits, Overrun
from tests.pictures import bomb, opened, picture
from tests.stories.reading import misbehaving


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    parsing.stop()  # what tests before this one have started
    yield
    parsing.stop()


def kinds() -> list[tuple[str, ...]]:
    return [worker.parsers for worker in isolated._running]


async def test_a_picture_starts_its_own_process_and_not_that_of_the_documents() -> None:
    assert opened(await parsing.picture("a", picture("WEBP"))).size == (640, 360)
    assert kinds() == [isolated.PICTURES]


async def test_a_picture_that_takes_too_much_memory_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "PICTURE_LIMITS", Limits(3.0, 33.0, 10_000_000))
    with pytest.raises(Unreadable):
        await parsing.picture("a", picture("WEBP", size=(3000, 3000)))
    assert opened(await parsing.picture("b", picture())).size == (640, 360)


async def test_a_bomb_is_refused_by_its_size_alone() -> None:
    with pytest.raises(Unreadable, match="picture"):
        await parsing.picture("a", bomb())


async def test_a_hosts_pictures_take_only_so_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "PICTURES_ALLOWED", 0.0)
    with pytest.raises(Overrun, match="pictures"):
        await parsing.picture("a", picture())


async def test_the_process_of_the_documents_outlives_that_of_the_pictures() -> None:
    await isolated.call(misbehaving.count, b"abc", (), {}, Limits(3.0, 33.0, 50_000_000))
    await parsing.picture("a", picture())
    assert kinds() == [isolated.DOCUMENTS, isolated.PICTURES]
    isolated.stop(isolated.PICTURES)
    assert kinds() == [isolated.DOCUMENTS]
