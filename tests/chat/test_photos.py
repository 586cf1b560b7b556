"""Photos that Telegram does not take by their address reach the readers all the same, by push and in opened cards."""

from collections.abc import AsyncIterator

import pytest

from bot.delivery import corrections
from bot.delivery import photos as photos_module
from bot.sandbox.world import Message
from bot.stories import photo_files
from tests.chat.test_alerts import quiet
from tests.databases import on_sqlite
from tests.pictures import PictureSite, bomb, noise, opened, picture
from tests.wire import EDITOR, OLIVER, SARI, Kabar

PAGE = b"<!doctype html><title>Foto</title>"


@pytest.fixture
async def site() -> AsyncIterator[PictureSite]:
    async with PictureSite().running() as running:
        yield running


def photo_in(kabar: Kabar, message: Message) -> bytes:
    """The picture that the message shows now."""
    content = kabar.world.photos.content(kabar.now(message)["photo"][-1]["file_id"])
    assert content is not None
    return content


def sent_forms(kabar: Kabar) -> list[object]:
    return [call["params"]["photo"] for call in kabar.world.calls("sendPhoto")]


@on_sqlite
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("/foto.webp", "image/webp", id="a WebP"),
        pytest.param("/besar.jpg", "image/jpeg", id="a JPEG of six megabytes"),
        pytest.param("/foto", "application/octet-stream", id="a picture with a wrong type"),
    ],
)
async def test_a_photo_that_telegram_refuses_is_uploaded_once_and_reused(
    kabar: Kabar, site: PictureSite, path: str, kind: str
) -> None:
    body = picture("WEBP") if path == "/foto.webp" else noise((3000, 2000), quality=95)
    assert path != "/besar.jpg" or len(body) > 6_000_000
    address = site.add(path, body, kind)
    async with kabar.running(chat_rate=False):  # else whoever has just had an answer gets the card later, by a retry
        for reader in (SARI, EDITOR):
            await kabar.ask(reader, "/ikuti dunia")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Bunga langka mekar", photo=address)
        cards = [await kabar.world.wait_for(reader, "Bunga langka") for reader in (SARI, EDITOR)]
        await quiet(kabar)
        opened_card = await kabar.ask(OLIVER, "/start story_1")
    first, upload, *others = sent_forms(kabar)
    assert first == address
    assert isinstance(upload, bytes)
    assert opened(upload).format == "JPEG"
    file_id = cards[0]["photo"][-1]["file_id"]
    assert others == [file_id] * 2  # the other reader's and the opened card's
    assert photo_in(kabar, opened_card) == upload
    assert site.asked[path] == 2  # by Telegram, and by us


@on_sqlite
async def test_an_address_given_too_early_fails_at_telegram_for_days_and_not_for_us(
    kabar: Kabar, site: PictureSite
) -> None:
    address = site.url + "/foto.jpg"
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.primed()
        with pytest.raises(Exception, match="failed to get HTTP URL content"):
            await kabar.world.photos.resolve(address)
        site.add("/foto.jpg", picture(), "image/jpeg")
        kabar.press.publish("dunia", 10001, "Bunga langka mekar", photo=address)
        card = await kabar.world.wait_for(SARI, "Bunga langka")
    assert opened(photo_in(kabar, card)).size == (640, 360)


@on_sqlite
@pytest.mark.parametrize(
    ("body", "kind"), [(PAGE, "text/html"), (PAGE, "image/webp"), (bomb(), "image/webp"), (b"", "")]
)
async def test_what_is_no_photo_is_fetched_once_and_the_cards_are_text(
    kabar: Kabar, site: PictureSite, body: bytes, kind: str
) -> None:
    address = site.add("/foto", body, kind)
    async with kabar.running():
        for reader in (SARI, EDITOR):
            await kabar.ask(reader, "/ikuti dunia")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Bunga langka mekar", photo=address)
        cards = [await kabar.world.wait_for(reader, "Bunga langka") for reader in (SARI, EDITOR)]
        await quiet(kabar)
        cards += [await kabar.ask(OLIVER, "/start story_1") for _ in range(2)]
    assert not any("photo" in card for card in cards)
    assert sent_forms(kabar) == [address]
    assert site.asked["/foto"] == 2  # by Telegram, and by us


@on_sqlite
async def test_an_update_does_not_wait_for_a_slow_photo(
    kabar: Kabar, site: PictureSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((photo_files, "FETCH_SECONDS"), (photos_module, "SECONDS")):
        monkeypatch.setattr(module, name, 3600.0)  # so that only the rule for an UPDATE ends the wait
    address = site.add("/lambat.jpg", picture(), "image/jpeg")
    site.holds.add("/lambat.jpg")
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti update")
        await kabar.primed()
        kabar.press.publish("update", 20001, "Gempa di laut", photo=address)
        card = await kabar.world.wait_for(SARI, "Gempa di laut")
        opened_card = await kabar.ask(OLIVER, "/start story_1")
    assert "photo" not in card
    assert "photo" not in opened_card
    assert (sent_forms(kabar), site.asked["/lambat.jpg"]) == ([], 1)


@on_sqlite
async def test_an_updates_photo_is_uploaded_without_asking_telegram_for_the_address(
    kabar: Kabar, site: PictureSite
) -> None:
    async with kabar.running():
        await kabar.ask(SARI, "/ikuti update")
        await kabar.primed()
        kabar.press.publish("update", 20001, "Gempa di laut", photo=site.add("/f.jpg", picture(), "image/jpeg"))
        card = await kabar.world.wait_for(SARI, "Gempa di laut")
    assert opened(photo_in(kabar, card)).size == (640, 360)
    assert (kabar.world.photos.fetches, site.asked["/f.jpg"]) == (0, 1)


@on_sqlite
async def test_a_private_address_is_not_fetched(kabar: Kabar, site: PictureSite) -> None:
    address = site.add("/foto.webp", picture("WEBP"), "image/webp")
    place = frozenset({kabar.url.removeprefix("http://")})
    async with kabar.running(allow_private_sources=place):
        await kabar.ask(SARI, "/ikuti dunia")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Bunga langka mekar", photo=address)
        card = await kabar.world.wait_for(SARI, "Bunga langka")
    assert "photo" not in card
    assert site.asked["/foto.webp"] == 1  # by Telegram


async def test_a_corrected_photo_comes_to_copies_that_were_text_and_a_lost_one_stays(
    kabar: Kabar, site: PictureSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrections, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr("bot.delivery.desk.DESK_SECONDS", 0.1)
    story = {"summary": "Sepuluh orang mengungsi."}
    async with kabar.running():
        for reader in (SARI, OLIVER):
            await kabar.ask(reader, "/follow dunia")
        await kabar.primed()
        kabar.press.publish("dunia", 10001, "Bunga langka mekar", **story)
        cards = [await kabar.world.wait_for(reader, "Bunga langka") for reader in (SARI, OLIVER)]
        kabar.press.feeds["dunia"][0]["photo"] = site.add("/foto.webp", picture("WEBP"), "image/webp")
        kabar.press.feeds["dunia"][0]["title"] = "Bunga langka layu"
        await kabar.until(lambda: all("photo" in kabar.now(card) for card in cards))
        assert photo_in(kabar, cards[0]) == photo_in(kabar, cards[1])
        assert site.asked["/foto.webp"] == 2  # by Telegram, and by us
        del kabar.press.feeds["dunia"][0]["photo"]
        kabar.press.feeds["dunia"][0]["title"] = "Bunga langka mekar lagi"
        await kabar.until(lambda: all("mekar lagi" in kabar.now(card)["caption"] for card in cards))
    assert all("photo" in kabar.now(card) for card in cards)
    assert all(len(kabar.world.from_bot(reader)) == 2 for reader in (SARI, OLIVER))  # the answer, and one card
