"""A newsroom with more sections than a keyboard holds: all is answered, and every section is reached by its pages."""

import pytest

from bot.config import Newsroom
from bot.sandbox.world import Message
from tests.wire import EDITOR, SARI, Kabar, labels, newsroom

COUNT = 113


def big_newsroom(url: str) -> Newsroom:
    sections = [{"slug": f"kota-{number}", "names": {"id": f"Kota {number:03}"}} for number in range(COUNT)]
    return newsroom(url, sections=sections, sources=[])


async def turn(kabar: Kabar, user: int, message: Message, label: str) -> None:
    """Press a button that turns the page, and wait for the page."""
    before = kabar.now(message)["text"]
    await kabar.press_button(user, message, label)
    await kabar.until(lambda: kabar.now(message)["text"] != before)


def sections_on(message: Message) -> list[str]:
    return [label.removeprefix("✓ ") for label in labels(message) if "Kota" in label]


@pytest.mark.parametrize("command", ["/start", "/rubrik", "/langganan"])
async def test_every_section_is_reached_by_turning_the_pages(kabar: Kabar, command: str) -> None:
    async with kabar.running(roles=("chat",), newsroom=big_newsroom(kabar.url)):
        message = await kabar.ask(SARI, command)
        seen = sections_on(message)
        while "Selengkapnya ›" in labels(kabar.now(message)):
            await turn(kabar, SARI, message, "Selengkapnya")
            seen += sections_on(kabar.now(message))
        assert seen == [f"Kota {number:03}" for number in range(COUNT)]
        last = kabar.now(message)["text"]
        await turn(kabar, SARI, message, "Sebelumnya")
        await turn(kabar, SARI, message, "Selengkapnya")
        assert kabar.now(message)["text"] == last
    assert len(kabar.world.from_bot(SARI)) == 1


async def test_a_section_of_a_later_page_is_followed_and_the_page_stays(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",), newsroom=big_newsroom(kabar.url)):
        for command in ("/start", "/langganan"):
            message = await kabar.ask(SARI, command)
            await turn(kabar, SARI, message, "Selengkapnya")
            chosen = sections_on(kabar.now(message))[3]
            await turn(kabar, SARI, message, chosen)
            assert f"✓ {chosen}" in labels(kabar.now(message))
            assert "Halaman 2 dari 5" in kabar.now(message)["text"]
            await turn(kabar, SARI, message, chosen)
        assert "Kota 099" in (await kabar.ask(SARI, "/ikuti kota 099"))["text"]
        assert "Anda mengikuti 1 dari 114: Kota 099" in (await kabar.ask(SARI, "/langganan"))["text"]


async def test_a_section_is_found_by_the_beginning_of_its_name(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",), newsroom=big_newsroom(kabar.url)):
        found = await kabar.ask(SARI, "/cari kota 07")
        assert [label for label in labels(found) if "Kota" in label] == [f"🗂 Kota 07{digit}" for digit in range(6)]
        await kabar.press_button(SARI, found, "Kota 073")
        await kabar.world.wait_for(SARI, "Kota 073")
        asked = await kabar.ask(SARI, "/ikuti 07")
        assert "Mungkin salah satu dari ini?" in asked["text"]
        await turn(kabar, SARI, asked, "Kota 072")
        assert "✓ Kota 072" in labels(kabar.now(asked))


async def test_a_broadcasts_audience_is_chosen_on_every_page(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",), newsroom=big_newsroom(kabar.url)):
        await kabar.ask(EDITOR, "/broadcast", "Tulis pengumumannya")
        audience = await kabar.ask(EDITOR, "Pengumuman", "Siapa yang menerima ini?")
        for page, name in ((1, "Kota 000"), (2, "Kota 030")):
            await turn(kabar, EDITOR, audience, name)
            assert f"✓ {name}" in labels(kabar.now(audience))
            assert f"Halaman {page} dari 5" in kabar.now(audience)["text"]
            await turn(kabar, EDITOR, audience, "Selengkapnya")
        assert "Kepada: Kota 000, Kota 030" in kabar.now(audience)["text"]
        await kabar.press_button(EDITOR, audience, "Lanjut")
        await kabar.world.wait_for(EDITOR, "Kepada: Kota 000, Kota 030")
