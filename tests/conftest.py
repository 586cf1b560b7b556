"""Fixtures for all tests: databases, a simulated Telegram, a browser, and documents of other projects."""

from bot import logs

pytest_plugins = ["tests.browsers", "tests.corpus", "tests.databases", "tests.wire"]

logs.configure("info", "text")
