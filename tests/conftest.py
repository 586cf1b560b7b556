"""What all tests share: real databases, a real wire, a real browser."""

from bot import logs

pytest_plugins = ["tests.browsers", "tests.corpus", "tests.databases", "tests.wire"]

logs.configure("info", "text")
