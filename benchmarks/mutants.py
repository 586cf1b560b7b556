"""`./kabar bench mutants`: which small changes to the code does no test notice?

Makes one change at a time in a copy of the tree (a comparison moved by its boundary, a condition turned round, a call
left out, …), runs the tests that import the changed module, and lists the changes that left them green:
`file:line: before -> after`. Tests run on SQLite only: the quick files first, the slow ones for what survives those.
"""

import argparse
import ast
import compileall
import gc
import itertools
import multiprocessing
import os
import py_compile
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DEFAULT = ("bot/delivery", "bot/audience")
SLOW_SECONDS = 20.0  # test files that take longer are run only for changes that the others did not notice
BASELINE_SECONDS = 60.0  # a test file that takes longer on unchanged code is left out
SHOWN = 110  # characters of a change
TEST_SECONDS = 10  # one test that hangs by a change is stopped then
UNUSED_PLUGIN = "schemathesis"  # of pytest; takes long to begin
ROUND_ABOUT = ("tests.wire", "tests.databases", "tests.conftest")  # they import the whole bot: that says nothing
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}
CLAUSES = ("where", "order_by", "values", "limit", "filter_by", "distinct", "execution_options")  # of an SQL statement


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the bytes `start` to `end` of a file become `after`."""

    path: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def __str__(self) -> str:
        before, after = _one_line(self.before), _one_line(self.after)
        alike = next(
            (number for number, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0
        )
        start = max(0, alike - 30) if max(len(before), len(after)) > SHOWN else 0
        return f"{self.path}:{self.line}: {_short(before, start)} -> {_short(after, start)}"


def _one_line(code: str) -> str:
    try:
        parsed = ast.parse(code.strip(), mode="eval")
        return " ".join(ast.unparse(parsed).split())
    except SyntaxError:  # part of a statement
        return " ".join(code.split())


def _short(line: str, start: int) -> str:
    """At most SHOWN characters of it, from where two lines begin to differ."""
    return ("…" if start else "") + line[start : start + SHOWN] + ("…" if len(line) > start + SHOWN else "")


def mutants_of(path: Path) -> list[Mutant]:
    """Every change that is tried in a file, in the order of the text."""
    source = path.read_bytes()
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    made = []
    for node, after in _changes(ast.parse(source)):
        start = lines[node.lineno - 1] + node.col_offset
        end = lines[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        before = source[start:end].decode()
        made.append(Mutant(str(path.relative_to(ROOT)), node.lineno, start, end, before, after))
    return sorted(set(made), key=lambda each: (each.start, each.end, each.after))


def _changes(tree: ast.Module) -> Iterator[tuple[Any, str]]:
    """Nodes, and the text that each of them may become."""
    for node in _walked(tree):
        yield from ((node, after) for after in _expression_changes(node))
        yield from ((node, after) for after in _statement_changes(node))
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            yield node.test, f"not ({ast.unparse(node.test)})"
        if isinstance(node, ast.comprehension):
            yield from ((test, f"not ({ast.unparse(test)})") for test in node.ifs)


def _walked(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are code: no annotations, decorators, docstrings, logging, or messages of exceptions."""
    yield node
    skipped: list[Any] = [getattr(node, name, None) for name in ("annotation", "returns", "type_comment")]
    skipped += getattr(node, "decorator_list", [])
    for child in ast.iter_child_nodes(node):
        if child in skipped or isinstance(child, ast.Raise | ast.Import | ast.ImportFrom | ast.JoinedStr):
            continue
        if isinstance(child, ast.Expr) and (isinstance(child.value, ast.Constant) or _is_logging(child.value)):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield from _walked(child)


def _is_logging(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")


def _expression_changes(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Compare(left, operators, comparators):
            for number, operator in enumerate(operators):
                changed = [*operators[:number], COMPARISONS[type(operator)](), *operators[number + 1 :]]
                yield ast.unparse(ast.Compare(left, changed, comparators))
        case ast.BoolOp(operator, values):
            yield f"({ast.unparse(ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values))})"
            if len(values) > 2:
                for number in range(len(values)):
                    yield f"({ast.unparse(ast.BoolOp(operator, values[:number] + values[number + 1 :]))})"
            else:
                yield from (f"({ast.unparse(value)})" for value in values)
        case ast.UnaryOp(ast.Not(), operand):
            yield f"({ast.unparse(operand)})"
        case ast.UnaryOp(ast.Invert(), operand):
            yield f"({ast.unparse(operand)})"
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
            yield f"({ast.unparse(ast.BinOp(left, OPERATORS[type(operator)](), right))})"
        case ast.Constant(value):
            yield from _constant_changes(value)
        case ast.Call():
            yield from _clause_changes(node)


def _constant_changes(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield str(not value)
    elif isinstance(value, int):
        yield str(value + 1)
        yield f"({value - 1})"
    elif isinstance(value, float):
        yield str(value * 2 + 1)
    elif isinstance(value, str) and value:
        yield repr("changed " + value)


def _clause_changes(call: ast.Call) -> Iterator[str]:
    """A statement without one of its conditions, orders or values."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in CLAUSES:
        return
    for number in range(len(call.args)):
        yield _without(call, call.args[:number] + call.args[number + 1 :], call.keywords)
    for number in range(len(call.keywords)):
        yield _without(call, call.args, call.keywords[:number] + call.keywords[number + 1 :])
    if not call.args and not call.keywords:
        yield _without(call, [], [])


def _without(call: ast.Call, arguments: list[ast.expr], keywords: list[ast.keyword]) -> str:
    if arguments or keywords:
        return ast.unparse(ast.Call(call.func, arguments, keywords))
    assert isinstance(call.func, ast.Attribute)
    return ast.unparse(call.func.value)


def _statement_changes(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Expr(ast.Call() | ast.Await()):
            yield "pass"
        case ast.Assign(targets) if not all(isinstance(target, ast.Name) for target in targets):
            yield "pass"
        case ast.AugAssign(target, operator, value):
            yield "pass"
            if type(operator) in OPERATORS:
                yield ast.unparse(ast.AugAssign(target, OPERATORS[type(operator)](), value))
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            yield "return None"
        case ast.Continue():
            yield "break"
        case ast.Break():
            yield "continue"


def tests_of(modules: Iterable[str], below: tuple[str, ...]) -> dict[str, tuple[list[str], list[str]]]:
    """For each module's file, the test files that import it, and others of its room or that import it through steps."""
    imports = {_dotted(path): _imports(path) for path in sorted((ROOT / "tests").rglob("*.py"))}

    def closure(name: str, seen: set[str]) -> set[str]:
        seen.add(name)
        for other in imports.get(name, set()):
            if other in imports and other not in seen and other not in ROUND_ABOUT:
                closure(other, seen)
        return seen

    reached = {
        name: set().union(*(imports[part] for part in closure(name, set())))
        for name in imports
        if name.rpartition(".")[2].startswith("test_")
    }
    files = {name: name.replace(".", "/") + ".py" for name in reached}
    tests = {}
    for module in modules:
        name = _dotted(ROOT / module)
        room = "tests." + name.split(".")[1] + "."
        asked = [test for test in reached if files[test].startswith(below)]
        direct = [test for test in asked if name in imports[test]]
        others = [test for test in asked if test not in direct and (name in reached[test] or test.startswith(room))]
        tests[module] = [files[test] for test in direct], [files[test] for test in others]
    return tests


def _dotted(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


class Tree:
    """A copy of the repository, in which one worker changes files and runs tests in children of its warm process."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "kabar"
        ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".hypothesis", "*.db*", ".*_cache", "docs")
        shutil.copytree(ROOT, self._root, ignore=ignored)
        checked = py_compile.PycInvalidationMode.CHECKED_HASH  # by what a file says: its time is too coarse
        compileall.compile_dir(self._root / "bot", quiet=2, invalidation_mode=checked)
        compileall.compile_dir(self._root / "handlers", quiet=2, invalidation_mode=checked)

    def survives(self, mutant: Mutant, files: list[str], limit: float) -> bool:
        """Whether the tests stay green; none that hang for longer than `limit` seconds."""
        path = self._root / mutant.path
        source = path.read_bytes()
        path.write_bytes(source[: mutant.start] + mutant.after.encode() + source[mutant.end :])
        try:
            return self.run(files, limit, changed=True)
        finally:
            path.write_bytes(source)

    def run(self, files: list[str], limit: float, *, changed: bool = False) -> bool:
        """Run test files in a child of this process, which has imported what they need from elsewhere; green or not."""
        child = os.fork()
        if child == 0:
            sys.dont_write_bytecode = changed
            os._exit(self._pytest(files))
        until = time.monotonic() + limit
        while time.monotonic() < until:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status) == 0
            time.sleep(0.02)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return False

    def _pytest(self, files: list[str]) -> int:
        import pytest

        os.setsid()
        os.chdir(self._root)
        sys.path.insert(0, str(self._root))
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # for processes that tests start
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        options = [
            "-x",
            "-q",
            f"--timeout={TEST_SECONDS}",
            "--hypothesis-seed=0",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
        ]
        options += [part for name in ("cacheprovider", "randomly", UNUSED_PLUGIN) for part in ("-p", f"no:{name}")]
        try:
            return int(pytest.main([*options, "-k", "not postgresql", "-m", "not browser", *files]))
        except BaseException:
            return 1


def _warm_up() -> None:
    """Import all that tests import from elsewhere, so that a child begins in half a second instead of three."""
    for plugin in entry_points(group="pytest11"):
        if plugin.name != UNUSED_PLUGIN:
            plugin.load()
    import_module("tests.wire")
    for name in [name for name in sys.modules if name.partition(".")[0] in ("bot", "handlers", "tests")]:
        del sys.modules[name]  # the tests must find the copy's
    gc.collect()
    gc.freeze()


def _work(pipe: Connection, patience: float) -> None:
    """One worker: time test files and try changes, as they come; None ends it. No threads: it forks."""
    _warm_up()
    with tempfile.TemporaryDirectory(prefix="kabar-mutants-") as folder:
        tree = Tree(Path(folder))
        while (task := pipe.recv()) is not None:
            if isinstance(task, str):
                started = time.monotonic()
                green = tree.run([task], patience)
                pipe.send((task, time.monotonic() - started if green else None))
            else:
                mutant, stages = task  # where no test imports the module, nothing notices
                pipe.send((mutant, all(tree.survives(mutant, files, limit) for files, limit in stages)))


def _answers(pipes: list[Connection], tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Give each worker one task at a time; what comes back, as it comes."""
    left = iter(tasks)
    busy = []
    for pipe, task in zip(pipes, left, strict=False):
        pipe.send(task)
        busy.append(pipe)
    while busy:
        for ready in wait(busy):
            assert isinstance(ready, Connection)
            yield ready.recv()
            if (task := next(left, None)) is None:
                busy.remove(ready)
            else:
                ready.send(task)


def main(arguments: list[str]) -> None:
    options = _parse(arguments)
    files = sorted({path for name in options.modules for path in _python_files(ROOT / name)})
    mutants = [mutant for path in files for mutant in mutants_of(path)]
    chosen = random.Random(options.seed).sample(mutants, min(options.sample or len(mutants), len(mutants)))
    tests = tests_of({mutant.path for mutant in chosen}, tuple(options.tests))
    for module in sorted(module for module, names in tests.items() if not any(names)):
        print(f"no test imports {module}")
    pairs = [multiprocessing.Pipe() for _ in range(min(options.workers, 2))]
    patience = SLOW_SECONDS * 2 if options.quick else BASELINE_SECONDS
    workers = [multiprocessing.Process(target=_work, args=(there, patience)) for _, there in pairs]
    for worker in workers:
        worker.start()
    pipes = [here for here, _ in pairs]
    try:
        seconds = _time(pipes, sorted({name for both in tests.values() for names in both for name in names}))
        deadline = time.monotonic() + options.minutes * 60
        survivors, tried = _try(pipes, _tasks(chosen, tests, seconds, not options.quick), deadline)
    finally:
        for pipe in pipes:
            pipe.send(None)
        for worker in workers:
            worker.join()
    print(f"{len(mutants)} changes possible, {tried} tried: {tried - survivors} noticed, {survivors} not")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="kabar bench mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", default=list(DEFAULT), help="files or folders")
    parser.add_argument("--tests", nargs="*", default=["tests"], help="run only test files below these")
    parser.add_argument("--minutes", type=float, default=20.0, help="stop after so long")
    parser.add_argument("--sample", type=int, default=0, help="try so many, chosen by chance; 0 tries all")
    parser.add_argument("--seed", type=int, default=1, help="of the chance")
    parser.add_argument("--workers", type=int, default=2, help="at most 2")
    parser.add_argument("--quick", action="store_true", help=f"without test files of more than {SLOW_SECONDS:.0f} s")
    return parser.parse_args(arguments)


def _python_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _time(pipes: list[Connection], files: list[str]) -> dict[str, float]:
    """How long each test file takes on unchanged code. What is red or not done in time could tell nothing there."""
    seconds: dict[str, float] = {}
    for name, took in _answers(pipes, files):
        if took is None:
            print(f"left out, red or slow without any change: {name}", flush=True)
        else:
            seconds[name] = took
    return seconds


def _tasks(
    chosen: list[Mutant], tests: dict[str, tuple[list[str], list[str]]], seconds: dict[str, float], thorough: bool
) -> Iterator[tuple[Mutant, list[tuple[list[str], float]]]]:
    """For each change the test files to run one after the other while it is not noticed, and how long they may take."""
    for mutant in chosen:
        direct, indirect = ([name for name in names if name in seconds] for names in tests[mutant.path])
        slow = [name for name in (*direct, *indirect) if seconds[name] > SLOW_SECONDS]
        stages = [[name for name in names if name not in slow] for names in (direct, indirect)]
        stages += [slow] if thorough else []
        yield (
            mutant,
            [
                (sorted(files, key=lambda name: seconds[name]), 10 + 2 * sum(seconds[name] for name in files))
                for files in stages
                if files
            ],
        )


def _try(pipes: list[Connection], tasks: Iterable[Any], deadline: float) -> tuple[int, int]:
    """Print the changes that nothing notices, as they are found; how many they are, and how many were tried."""
    survivors = tried = 0
    for mutant, alive in _answers(pipes, itertools.takewhile(lambda _: time.monotonic() < deadline, tasks)):
        tried += 1
        if alive:
            survivors += 1
            print(mutant, flush=True)
    return survivors, tried
