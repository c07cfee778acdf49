"""How many mutants of the planner, the lock and the fingerprint their tests find.

    PYTHONPATH=. python benchmarks/mutation.py [--minutes 10] [--seed 0] [--only pioneer_build/plan] [--list]

A mutant is one file with one change: a comparison turned, a constant moved, a condition made constant, an operator or a
call swapped, a statement or an argument dropped. Each is tested in a process forked from one that has the test tools
loaded. Where time runs out, a random sample was tried: the seed says which.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
#: What tests a room or module: its own tests, and those that know it from outside.
TESTS = {
    "pioneer_build/plan": ["tests/plan", "tests/operations/test_saved_plan.py"],
    "pioneer_build/lock": ["tests/lock", "tests/plan"],
    "pioneer_build/spec/fingerprint.py": ["tests/spec/test_fingerprint.py"],
}
SECONDS_EACH = 60
_COMPARE = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_OPERATE = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.FloorDiv: ast.Mult, ast.Mult: ast.FloorDiv, ast.BitOr: ast.BitAnd}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}


@dataclass(frozen=True)
class Mutant:
    """One change of one file: the `number`th of the node at `index` of its syntax tree."""

    path: Path
    line: int
    what: str
    index: int
    number: int

    @property
    def source(self) -> str:
        """The file with the change."""
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        _change(list(ast.walk(tree))[self.index], self.number)
        return ast.unparse(ast.fix_missing_locations(tree))


def mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    aside = _aside(tree)
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in aside:
            continue
        for number in range(4):
            what = _change(copy.deepcopy(node), number)
            if what is None:
                break
            yield Mutant(path, getattr(node, "lineno", 0), what, index, number)


def _aside(tree: ast.AST) -> set[int]:
    """Annotations, docstrings, imports and messages: what no test of behaviour should hold."""
    aside: set[int] = set()
    for one in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(one, ast.FunctionDef):
            parts += [one.returns, *(arg.annotation for arg in [*one.args.args, *one.args.kwonlyargs])]
            parts += one.decorator_list
        elif isinstance(one, ast.ClassDef):
            parts += one.decorator_list
        elif isinstance(one, ast.AnnAssign):
            parts.append(one if "TypeAlias" in ast.unparse(one.annotation) else one.annotation)
        elif (
            isinstance(one, ast.JoinedStr | ast.Import | ast.ImportFrom | ast.Raise)
            or (isinstance(one, ast.If) and "TYPE_CHECKING" in ast.unparse(one.test))
            or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
            or (isinstance(one, ast.Assign) and "__all__" in ast.unparse(one.targets[0]))
        ):
            parts.append(one)
        for part in parts:
            if part is not None:
                aside.update(map(id, ast.walk(part)))
    return aside


def _change(node: ast.AST, number: int) -> str | None:
    """Changes `node` in its `number`th way; what was done, or None where there is no such way."""
    if isinstance(node, ast.Compare) and number == 0:
        old = type(node.ops[0])
        node.ops[0] = _COMPARE[old]()
        return f"{old.__name__} → {type(node.ops[0]).__name__}"
    if isinstance(node, ast.BoolOp):
        if number == 0:
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            return "and ↔ or"
        if number <= len(node.values) and len(node.values) > 1 and number < 3:
            dropped = node.values.pop(number - 1)
            return f"without `{ast.unparse(dropped)}`"
        return None
    if isinstance(node, ast.BinOp) and number == 0 and type(node.op) in _OPERATE:
        old_op = type(node.op)
        node.op = _OPERATE[old_op]()
        return f"{old_op.__name__} → {type(node.op).__name__}"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and number == 0:
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
        return "without not"
    if isinstance(node, ast.Constant) and number == 0:
        return _constant(node)
    if isinstance(node, ast.If | ast.IfExp) and number < 2:
        node.test = ast.Constant(number == 0)
        return f"if {number == 0}"
    if isinstance(node, ast.Call) and number == 0 and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
        node.func.id, old_name = _CALLS[node.func.id], node.func.id
        return f"{old_name} → {node.func.id}"
    if isinstance(node, ast.FunctionDef | ast.If | ast.For) and number >= (2 if isinstance(node, ast.If) else 0):
        place = number - (2 if isinstance(node, ast.If) else 0)
        droppable = [
            i for i, one in enumerate(node.body) if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)
        ]
        if place < len(droppable):
            dropped_line = ast.unparse(node.body[droppable[place]])
            node.body[droppable[place]] = ast.Pass()
            return f"without `{dropped_line[:60]}`"
    return None


def _constant(node: ast.Constant) -> str | None:
    value = node.value
    if isinstance(value, bool):
        node.value = not value
    elif isinstance(value, int):
        node.value = value + 1
    elif isinstance(value, str) and value and " " not in value:
        node.value = f"{value}_"
    else:
        return None
    return f"{value!r} → {node.value!r}"


def suites(path: Path, tests: list[str]) -> list[list[str]]:
    """What to run for a file of the package, in turn: its own test file, which is fast, then all `tests`."""
    own = ROOT / "tests" / path.relative_to(ROOT / "pioneer_build").with_name(f"test_{path.name}")
    return [[str(own.relative_to(ROOT))], tests] if own.exists() and len(tests) > 1 else [tests]


# -- running -------------------------------------------------------------------------------------------------------


def survives(mutant: Mutant | None, tests: list[str]) -> bool:
    """Whether the tests pass with the mutant in place of its file; tried in a process of its own."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2) if mutant is not None else (0,):
            os.dup2(null, number)
        code = 1
        try:
            import pytest

            if mutant is not None:
                _install(mutant)
            # -n 0: workers of xdist are other processes, and would test the file as it is
            arguments = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--no-header"]
            arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning", *tests]
            code = int(pytest.main(arguments))
        except BaseException:  # noqa: BLE001 - the child ends here, whatever it is
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(1 if code else 0)
    began = time.monotonic()
    while time.monotonic() - began < SECONDS_EACH:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _install(mutant: Mutant) -> None:
    """Makes imports of the mutant's module take its source, and never a compiled file."""
    import importlib.machinery

    whole = importlib.machinery.SourceFileLoader.get_data
    name, source = str(mutant.path), mutant.source.encode()

    def get_data(self: importlib.machinery.SourceFileLoader, path: str) -> bytes:
        if path.endswith(".pyc") and f"{mutant.path.stem}." in path:
            raise OSError
        return source if path == name else whole(self, path)

    importlib.machinery.SourceFileLoader.get_data = get_data  # type: ignore[assignment]
    sys.dont_write_bytecode = True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true", help="only say how many there are")
    options = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.environ["PLAN_EXAMPLES"] = "8"
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = tempfile.mkdtemp()
    found: list[tuple[Mutant, list[str]]] = []
    for part, tests in TESTS.items():
        target = ROOT / part
        for path in sorted(target.glob("*.py")) if target.is_dir() else [target]:
            if options.only in str(path):
                found += [(mutant, tests) for mutant in mutants(path)]
    print(f"{len(found)} mutants")
    if options.list:
        return 0
    import hypothesis
    import hypothesis.strategies  # noqa: F401
    import jsonschema  # noqa: F401
    import pytest  # noqa: F401

    random.Random(options.seed).shuffle(found)
    for tests in TESTS.values():
        if not survives(None, tests):
            print(f"the tests fail without a mutant: {' '.join(tests)}")
            return 1
    end = time.monotonic() + options.minutes * 60
    stopped = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGINT, stop)
    tried: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    for mutant, tests in found:
        if stopped or time.monotonic() > end:
            break
        part = next(one for one in TESTS if one in str(mutant.path))
        tried[part] += 1
        if all(survives(mutant, suite) for suite in suites(mutant.path, tests)):
            print(f"survived: {mutant.path.relative_to(ROOT)}:{mutant.line}: {mutant.what}", flush=True)
        else:
            killed[part] += 1
    for part in TESTS:
        if tried[part]:
            print(f"{part}: {killed[part]} of {tried[part]} killed, {killed[part] / tried[part]:.1%}")
    print(f"all: {killed.total()} of {tried.total()} killed, {killed.total() / max(1, tried.total()):.1%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
