"""docs/architecture.md is true: its drawing has the arrows of the imports, and the files that it names exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
LEFT_OUT = {"config", "clock", "i18n", "logs", "targets", "words", "loops", "commands", "incoming", "telegram_limits"}
LEFT_OUT |= {"__main__", "admins", "spelling"}


def room_of(module: str) -> str:
    """The room of a module by its dotted name; "" for what is not ours."""
    parts = module.split(".")
    return "handlers" if parts[0] == "handlers" else parts[1] if parts[0] == "bot" and len(parts) > 1 else ""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in ("bot", "handlers"):
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def imports_between_rooms() -> set[tuple[str, str]]:
    pairs = set()
    for package in ("bot", "handlers"):
        for path in (ROOT / package).rglob("*.py"):
            room = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
            pairs |= {(room, room_of(module)) for module in imported(path)}
    return {pair for pair in pairs if pair[0] != pair[1] and all(pair) and not LEFT_OUT & set(pair)}


def arrows() -> set[tuple[str, str]]:
    drawing = PAGE.partition("```mermaid")[2].partition("```")[0]
    lines = re.findall(r"^ *(\w+) --> ([\w &]+)$", drawing, re.MULTILINE)
    return {(source, target) for source, targets in lines for target in targets.split(" & ")}


def test_the_drawing_has_the_arrows_that_the_imports_have() -> None:
    assert arrows() == imports_between_rooms()


def test_the_files_where_a_change_begins_exist() -> None:
    table = PAGE.partition("## Where to begin a change")[2].partition("\n## ")[0]
    named = re.findall(r"^\| [^|]+ \| `([\w/.<>-]+)`", table, re.MULTILINE)
    assert len(named) == 10
    assert [name for name in named if not (ROOT / name.replace("<code>", "id")).is_file()] == []
