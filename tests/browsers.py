"""A real Chromium for tests marked `browser`. If there is none they are deselected, and the last line says so.

If KABAR_NEEDS_BROWSER is set, as in CI, a missing Chromium fails the run instead.
"""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox",  # as root, as in CI, Chromium refuses to start with its sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    given_path = os.environ.get("KABAR_CHROMIUM")
    if given_path:
        return given_path if Path(given_path).exists() else None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if find_chromium():
        return
    browser = [item for item in items if item.get_closest_marker("browser")]
    if browser and os.environ.get("KABAR_NEEDS_BROWSER"):
        raise pytest.UsageError(f"{len(browser)} browser tests need a Chromium, and there is none")
    if browser:
        config.hook.pytest_deselected(items=browser)
        items[:] = [item for item in items if item not in browser]


def pytest_unconfigure(config: pytest.Config) -> None:
    if not find_chromium() and not hasattr(config, "workerinput"):
        print("\nThe browser tests were deselected: there is no Chromium on this machine.")


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    path = find_chromium()
    expect.set_options(timeout=40_000)  # ms; long enough for a busy machine
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        await browser.close()
