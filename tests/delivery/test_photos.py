"""In which form a photo is offered to Telegram, and how often we fetch it ourselves."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.delivery import photos as module
from bot.delivery.photos import NoPhoto, Photos

ADDRESS, FILE_ID, JPEG = "https://news.example/foto.webp", "AgAC", b"\xff\xd8 a picture"


class Site:
    """Counts what is fetched. `error` is raised; while `holds`, nothing comes."""

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.error: Exception | None = None
        self.holds = False
        self.released = asyncio.Event()

    async def fetch(self, address: str) -> bytes:
        self.fetched.append(address)
        if self.holds:
            await self.released.wait()
        if self.error is not None:
            raise self.error
        return JPEG


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def photos(site: Site) -> AsyncIterator[Photos]:
    made = Photos(site.fetch)
    yield made
    await made.close()


async def test_telegram_is_asked_by_address_first_and_gets_a_file_after_its_refusal(photos: Photos, site: Site) -> None:
    assert await photos.first(ADDRESS, ADDRESS, urgent=False) == ADDRESS
    assert site.fetched == []
    assert await photos.next(ADDRESS, ADDRESS, urgent=False) == JPEG


async def test_an_address_that_telegram_refused_is_not_offered_to_it_again(photos: Photos, site: Site) -> None:
    await photos.next(ADDRESS, ADDRESS, urgent=False)
    assert await photos.first(ADDRESS, ADDRESS, urgent=False) == JPEG
    assert site.fetched == [ADDRESS]


async def test_what_is_urgent_goes_as_our_file_at_once(photos: Photos, site: Site) -> None:
    assert await photos.first(ADDRESS, ADDRESS, urgent=True) == JPEG
    assert site.fetched == [ADDRESS]


@pytest.mark.parametrize("photo", [FILE_ID, JPEG, ""])
@pytest.mark.parametrize("urgent", [True, False])
async def test_what_telegram_has_or_we_have_made_already_is_used(
    photos: Photos, site: Site, photo: str | bytes, urgent: bool
) -> None:
    assert await photos.first(photo, ADDRESS, urgent=urgent) == photo
    assert site.fetched == []


async def test_a_file_id_that_telegram_refuses_is_made_anew_from_the_address(photos: Photos) -> None:
    assert await photos.next(FILE_ID, ADDRESS, urgent=False) == JPEG
    assert await photos.first(ADDRESS, ADDRESS, urgent=False) == ADDRESS  # it was not refused


async def test_a_file_that_telegram_refuses_too_is_not_sent_again(photos: Photos, site: Site) -> None:
    await photos.next(ADDRESS, ADDRESS, urgent=False)
    assert await photos.next(JPEG, ADDRESS, urgent=False) == ""
    assert await photos.first(ADDRESS, ADDRESS, urgent=False) == ""
    assert site.fetched == [ADDRESS]


async def test_a_photo_without_an_address_has_no_other_form(photos: Photos, site: Site) -> None:
    assert await photos.next(FILE_ID, "", urgent=False) == ""
    assert site.fetched == []


async def test_many_chats_at_once_make_one_fetch(photos: Photos, site: Site) -> None:
    assert await asyncio.gather(*(photos.next(ADDRESS, ADDRESS, urgent=False) for _ in range(9))) == [JPEG] * 9
    assert site.fetched == [ADDRESS]


@pytest.mark.parametrize("error", [NoPhoto("no picture"), NoPhoto("403", turned_away=True), ZeroDivisionError()])
async def test_a_failure_is_remembered_for_every_other_chat_until_it_is_old(
    photos: Photos, site: Site, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.error = error
    for _ in range(3):
        assert await photos.next(ADDRESS, ADDRESS, urgent=False) == ""
        assert await photos.first(ADDRESS, ADDRESS, urgent=False) == ""
    assert site.fetched == [ADDRESS]
    later = module.time.monotonic() + module.REMEMBERED_SECONDS + 1
    monkeypatch.setattr(module.time, "monotonic", lambda: later)
    site.error = None
    assert await photos.first(ADDRESS, ADDRESS, urgent=False) == ADDRESS
    assert await photos.next(ADDRESS, ADDRESS, urgent=False) == JPEG


@pytest.mark.parametrize(
    ("error", "form"),
    [
        pytest.param(NoPhoto("403", turned_away=True), ADDRESS, id="a site that refuses us may answer Telegram"),
        pytest.param(NoPhoto("no picture"), "", id="what is no picture is none for Telegram"),
    ],
)
async def test_what_is_urgent_and_not_ours_to_have(photos: Photos, site: Site, error: Exception, form: str) -> None:
    site.error = error
    assert await photos.first(ADDRESS, ADDRESS, urgent=True) == form
    assert await photos.next(ADDRESS, ADDRESS, urgent=True) == ""
    assert site.fetched == [ADDRESS]


async def test_what_is_urgent_does_not_wait_for_a_slow_site_and_what_came_late_is_kept(
    photos: Photos, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UPDATE_SECONDS", 0.01)
    monkeypatch.setattr(module, "SECONDS", 3600.0)
    site.holds = True
    assert await photos.first(ADDRESS, ADDRESS, urgent=True) == ""
    waiting = asyncio.get_running_loop().create_task(photos.next(ADDRESS, ADDRESS, urgent=False))
    site.released.set()
    assert await waiting == JPEG
    assert await photos.first(ADDRESS, ADDRESS, urgent=True) == JPEG
    assert site.fetched == [ADDRESS]


def test_an_update_waits_two_seconds_at_most() -> None:
    assert module.UPDATE_SECONDS <= 2


async def test_only_so_many_are_remembered(photos: Photos, site: Site) -> None:
    for number in range(module.MADE_REMEMBERED + 1):
        await photos.next("x", f"{ADDRESS}{number}", urgent=False)
    await photos.next("x", f"{ADDRESS}{module.MADE_REMEMBERED}", urgent=False)
    assert len(site.fetched) == module.MADE_REMEMBERED + 1
    await photos.next("x", f"{ADDRESS}0", urgent=False)
    assert len(site.fetched) == module.MADE_REMEMBERED + 2


async def test_the_end_of_the_process_ends_a_fetch(site: Site) -> None:
    photos, site.holds = Photos(site.fetch), True
    waiting = asyncio.get_running_loop().create_task(photos.next(ADDRESS, ADDRESS, urgent=False))
    while not site.fetched:
        await asyncio.sleep(0)
    await photos.close()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
