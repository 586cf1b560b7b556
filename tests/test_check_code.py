"""Every check of `check-code` finds a fault that is planted for it in a copy of the tree."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.check_code import CHECKS, ROOT

CATALOGUE = "bot/locales/id/LC_MESSAGES/kabar.po"
COPIED = (
    "bot",
    "handlers",
    "docs",
    "tests/check_code.py",
    "tests/__init__.py",
    "pyproject.toml",
    ".env.example",
    "kabar",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the files that the checks read, as a git repository."""
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    track(tmp_path)
    return tmp_path


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    """An almost empty tree with the project's settings, for the formatter, linter and type checker."""
    for name in ("pyproject.toml", "kabar"):
        shutil.copy(ROOT / name, tmp_path / name)
    for package in ("bot", "handlers"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/__init__.py").touch()
    shutil.copy(ROOT / "tests/check_code.py", tmp_path / "tests/check_code.py")
    return tmp_path


def track(folder: Path) -> None:
    for command in (("init", "-q"), ("add", "-A")):
        subprocess.run(["git", *command], cwd=folder, check=True)


def run(folder: Path, check: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.check_code", check]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


def append(name: str, text: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        path = folder / name
        path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + text, encoding="utf-8")

    return plant


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return plant


SMALL = {
    "an unformatted file": ("format", append("bot/clock.py", "X = {  'a':1 }\n")),
    "an unused import": ("lint", append("bot/clock.py", "import os\n")),
    "a naive datetime": ("lint", append("bot/clock.py", "from datetime import datetime\n\nNOW = datetime.now()\n")),
    "a call of an untyped function": (
        "types",
        append("bot/clock.py", "def now():\n    return 1\n\n\ndef later() -> int:\n    return now()\n"),
    ),
    "a wrong type": ("types", append("bot/clock.py", 'def now() -> int:\n    return "soon"\n')),
}
WHOLE = {
    "an import of a higher layer": ("imports", append("bot/storage/engine.py", "import handlers\n")),
    "messages importing stories": ("imports", append("bot/messages/text.py", "import bot.stories.sources\n")),
    "a handler importing the sender": ("imports", append("handlers/latest.py", "import bot.delivery.sender\n")),
    "the sandbox importing the bot": ("imports", append("bot/sandbox/world.py", "import bot.config\n")),
    "a module in no layer": ("imports", append("bot/extras.py", "NUMBER = 1\n")),
    "an import circle": ("imports", append("bot/messages/links.py", "import bot.messages.stories\n")),
    "a sentence without a translation": (
        "catalogues",
        append("bot/messages/menus.py", '\n\ndef new(language: Language) -> str:\n    return language._("New")\n'),
    ),
    "an empty translation": ("catalogues", replace(CATALOGUE, 'msgstr "Terbaru"', 'msgstr ""')),
    "a translation of a removed sentence": (
        "catalogues",
        append(CATALOGUE, '\nmsgid "A sentence that is gone"\nmsgstr "Kalimat lama"\n'),
    ),
    "a command missing on its page": ("commands", replace("docs/commands.md", "`/latest`", "`/newest`")),
    "a column without a migration": (
        "migrations",
        replace(
            "bot/storage/models.py",
            "    moved_to: Mapped[str]",
            "    extra: Mapped[int | None] = mapped_column(Integer, default=None)\n    moved_to: Mapped[str]",
        ),
    ),
    "a setting that the example leaves out": ("settings", replace(".env.example", "# CHAT_RATE=true\n", "")),
    "a wrong default in the example": ("settings", replace(".env.example", "# SEND_RATE=30", "# SEND_RATE=31")),
    "a file that is too long": ("files", append("bot/clock.py", "\n" * 500)),
    "a path of a developer's machine": ("files", append("docs/operations.md", "\nsee /" + "home/someone/notes\n")),
}  # fmt: skip


@pytest.mark.parametrize("check", ["format", "lint", "types"])
def test_a_module_in_order_passes(small_tree: Path, check: str) -> None:
    append("bot/clock.py", "def now() -> int:\n    return 1\n")(small_tree)
    assert run(small_tree, check) == (0, f"✓ {check}\n")


@pytest.mark.parametrize(("check", "plant"), SMALL.values(), ids=SMALL)
def test_a_fault_in_a_module_is_found(small_tree: Path, check: str, plant: Callable[[Path], None]) -> None:
    plant(small_tree)
    code, output = run(small_tree, check)
    assert (code, f"✗ {check}" in output) == (1, True), output


@pytest.mark.parametrize("check", ["imports", "catalogues", "commands", "migrations", "settings", "files"])
def test_the_tree_passes(tree: Path, check: str) -> None:
    assert run(tree, check) == (0, f"✓ {check}\n")


@pytest.mark.parametrize(("check", "plant"), WHOLE.values(), ids=WHOLE)
def test_a_fault_in_the_tree_is_found(tree: Path, check: str, plant: Callable[[Path], None]) -> None:
    plant(tree)
    track(tree)
    code, output = run(tree, check)
    assert (code, f"✗ {check}" in output) == (1, True), output


def test_every_check_has_a_planted_fault() -> None:
    assert {check for check, _ in (SMALL | WHOLE).values()} == set(CHECKS)
