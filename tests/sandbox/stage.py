"""The chat page in a real browser, before the sandbox's server and a bot that does as it is told."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page

from bot.sandbox.cast import SARI, cast
from bot.sandbox.newsroom import Newsroom
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.sandbox.scripted_bot import ScriptedBot, playing

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@dataclass
class Stage:
    """The world, its server, the newsroom beside it, the bot, and a browser before the page."""

    world: World
    server: Server
    newsroom: Newsroom
    bot: ScriptedBot
    browser: Browser
    status: dict[str, Any]
    problems: list[str] = field(default_factory=list)

    async def page(self, *, viewport: dict[str, int] = WIDE, locale: str = "id-ID", **more: Any) -> Page:
        page = await self.browser.new_page(viewport=viewport, locale=locale, **more)  # type: ignore[arg-type]  # a dict is what a ViewportSize is
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        await page.goto(self.server.url)
        await page.get_by_test_id("person").first.wait_for()
        return page

    async def as_sari(self, **more: Any) -> Page:
        """A page on which Sari, who knows the bot, looks at her chat."""
        self.world.say(SARI, "/start")
        page = await self.page(**more)
        await become(page, SARI)
        await message(page, "/start").wait_for()
        return page


@pytest.fixture
async def stage(chromium: Browser) -> AsyncIterator[Stage]:
    world, newsroom, status = World(), Newsroom(), {"sources": [], "pushes": [], "totals": {}, "rate": 30}
    cast(world)

    async def tell() -> dict[str, Any]:
        return status

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(world, status=tell, newsroom=newsroom))
        bot = await stack.enter_async_context(playing(server.url, world.token))
        stage = Stage(world, server, newsroom, bot, chromium, status)
        yield stage
        for context in chromium.contexts:
            await context.close()
    assert stage.problems == []
    assert world.violations == []


async def become(page: Page, person: int) -> None:
    await page.click(f"[data-testid=person][data-id='{person}']")


def message(page: Page, words: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=words).last


def unread(page: Page, person: int) -> Locator:
    return page.locator(f"[data-testid=person][data-id='{person}'] [data-testid=unread]")
