"""A newcomer's first minutes, in a real browser, against the sandbox as it is started for people."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.wire import PATIENCE

ROOT = Path(__file__).parent.parent.parent
SARI, EDITOR = 1001, 9001

pytestmark = pytest.mark.browser


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[str]:
    """The address of `kabar sandbox`, in a hurry; it must stop by itself, with exit code 0."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "sandbox", "--port", "0", "--no-browser", "--keep", str(tmp_path)),
        *("--every", "2", "--update-every", "8"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    address = re.search(r"http://\S+", line)
    assert address, line
    try:
        yield address[0]
        process.terminate()
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


async def become(page: Page, person: int) -> None:
    await page.click(f"[data-testid=person][data-id='{person}']")


async def say(page: Page, text: str) -> None:
    await page.fill("[data-testid=composer]", text)
    await page.press("[data-testid=composer]", "Enter")


def last(page: Page, words: str):  # type: ignore[no-untyped-def]  # a Locator
    return page.locator("[data-testid=message]", has_text=words).last


async def test_a_newcomer_reads_follows_and_is_told_and_the_editor_announces(chromium: Browser, sandbox: str) -> None:
    page = await chromium.new_page(locale="id-ID", viewport={"width": 1280, "height": 900})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    await page.goto(sandbox)

    await become(page, SARI)
    await page.click("[data-testid=start]")
    await expect(last(page, "Selamat datang di Kabar Contoh")).to_be_visible()

    await say(page, "/rubrik")
    await last(page, "Pilih satu untuk dibaca").get_by_role("button", name="Dunia").click()
    listing = last(page, "1. ")
    await listing.get_by_role("button", name="Ikuti Dunia").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("Anda mengikuti Dunia")
    await expect(listing.get_by_role("button", name="✓ Mengikuti Dunia")).to_be_visible()

    await listing.get_by_role("button", name="1", exact=True).click()
    card = page.locator("[data-testid=message]", has=page.locator("img")).first
    await expect(card).to_contain_text("Oleh ")
    await expect(card.get_by_role("link", name="Baca selengkapnya")).to_have_attribute(
        "href", re.compile(r"/newsroom/dunia/\d+/")
    )

    await say(page, "/ikuti update")
    await expect(last(page, "Anda mengikuti UPDATE")).to_be_visible()
    await expect(last(page, "🔴 UPDATE")).to_be_visible()

    await become(page, EDITOR)
    await page.click("[data-testid=start]")
    await expect(last(page, "Selamat datang")).to_be_visible()
    await say(page, "/broadcast")
    await expect(last(page, "Tulis pengumumannya")).to_be_visible()
    await say(page, "Kantor redaksi pindah ke Jalan Kenanga.")
    await last(page, "Siapa yang menerima ini?").get_by_role("button", name="Lanjut").click()
    question = last(page, "Beginilah pembaca akan melihatnya")
    await expect(question).to_contain_text("Jangkauan: 2 obrolan")
    await question.get_by_role("button", name="Kirim sekarang").click()
    await expect(last(page, "✅ Terkirim")).to_contain_text("2 dari 2 terkirim")

    await expect(page.locator(f"[data-id='{SARI}'] [data-testid=unread]")).to_be_visible()
    await become(page, SARI)
    await expect(last(page, "Kantor redaksi pindah")).to_be_visible()
    await expect(page.get_by_test_id("panel")).to_contain_text("siaran")

    await page.click("#menu-button")
    await page.click("[data-testid=menu-block]")
    await expect(page.get_by_test_id("start")).to_contain_text("Kembali ke bot")
    assert problems == []


async def test_on_a_phone_nothing_is_wider_than_the_screen(chromium: Browser, sandbox: str) -> None:
    page = await chromium.new_page(locale="id-ID", viewport={"width": 390, "height": 844})
    await page.goto(sandbox)
    await become(page, SARI)
    await page.click("[data-testid=start]")
    await say(page, "/terbaru")
    await expect(last(page, "10. ")).to_be_visible()
    for screen in ("chat", "panel", "list"):
        await page.evaluate(f"document.body.dataset.view = '{screen}'")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        narrow = await page.evaluate(
            "[...document.querySelectorAll('button, .key, li[role=option]')].filter((e) => e.offsetParent"
            " && !e.classList.contains('command')"
            " && (e.getBoundingClientRect().height < 43)).map((e) => e.outerHTML)"
        )
        assert narrow == []


async def test_the_page_is_worked_with_the_keyboard_alone(chromium: Browser, sandbox: str) -> None:
    page = await chromium.new_page(locale="en-GB", viewport={"width": 1280, "height": 900})
    await page.goto(sandbox)
    first = page.locator("[data-testid=person]").first
    await first.focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("start")).to_have_text("START")
    await page.get_by_test_id("start").focus()
    await page.keyboard.press("Enter")
    await expect(last(page, "Welcome to Kabar Contoh")).to_be_visible()
    await page.get_by_test_id("composer").focus()
    await page.keyboard.type("/latest")
    await page.keyboard.press("Enter")
    listing = last(page, "10. ")
    await expect(listing).to_be_visible()
    await listing.get_by_role("button", name="More").focus()
    await page.keyboard.press("Enter")
    await expect(last(page, "11. ")).to_be_visible()
