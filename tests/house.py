"""Measures how the code is laid out: what tests/test_house.py bounds, and the table that it prints.

python -m tests.house [FOLDER OF A CHECKOUT]
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "pioneer_build"
#: A function longer than this doesn't fit a screen.
LONG = 60
MOST_PARAMETERS = 6
#: A module of this many lines or more has a test file of its own.
LARGE_MODULE = 100

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One module: its dotted name, its file, its text and its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The top-level package or module that it is in."""
        return [*self.name.split("."), ""][1]

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Functions and methods with their qualified names, nested ones too."""
        yield from _functions(self.tree, "")


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield f"{prefix}{child.name}", child
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


class House:
    """The package in a checkout, measured."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.root = checkout / PACKAGE

    @cached_property
    def modules(self) -> dict[str, Module]:
        found = {}
        for path in sorted(self.root.rglob("*.py")):
            parts = path.relative_to(self.checkout).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text("utf-8")
            found[name] = Module(name, path, text, ast.parse(text))
        return found

    # -- places --

    def root_modules(self) -> list[str]:
        """Loose modules beside the packages."""
        return sorted(path.stem for path in self.root.glob("*.py") if path.stem not in ("__init__", "__main__"))

    # -- imports --

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """Which module imports which, for types and inside of functions too."""
        return {name: set(self._imported(module)) - {name} for name, module in self.modules.items()}

    def _imported(self, module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            for name in names:
                if name.partition(".")[0] != PACKAGE:
                    continue
                while name not in self.modules:
                    name = name.rpartition(".")[0]
                yield name

    def circles(self) -> list[list[str]]:
        """Modules that import each other, in whatever roundabout way: each a strongly connected component."""
        return [sorted(part) for part in _components(self.imports) if len(part) > 1]

    def floors(self) -> int:
        """How many rooms stand on each other: the longest way down from room to room."""
        rooms: dict[str, set[str]] = {}
        for name, imported in self.imports.items():
            mine = self.modules[name].room
            rooms.setdefault(mine, set()).update(
                room for other in imported if (room := self.modules[other].room) != mine
            )
        rooms.pop("", None)  # the package itself, which gives out names
        rooms.pop("__main__", None)
        parts = _components({room: others & rooms.keys() for room, others in rooms.items()})
        depth: dict[str, int] = {}
        for part in parts:  # what is imported comes first; rooms of one circle stand on each other
            below = max((depth[other] for room in part for other in rooms[room] if other in depth), default=0)
            for room in part:
                depth[room] = below + len(part)
        return max(depth.values())

    def layers(self) -> list[set[str]]:
        """The layers that pyproject.toml declares for import-linter, from the top down; empty where there are none."""
        settings = tomllib.loads((self.checkout / "pyproject.toml").read_text("utf-8"))
        contracts = settings["tool"].get("importlinter", {}).get("contracts", [])
        lines = next((one["layers"] for one in contracts if one["type"] == "layers"), [])
        return [{room.strip(" ()") for room in line.replace(":", "|").split("|")} for line in lines]

    def upward(self) -> list[str]:
        """Imports that run up, or across to a neighbour: `a -> b`."""
        floor = {room: number for number, rooms in enumerate(self.layers()) for room in rooms}
        found = []
        for name, imported in self.imports.items():
            here = self.modules[name].room
            for other in sorted(imported):
                there = self.modules[other].room
                if here != there and here in floor and there in floor and floor[there] <= floor[here]:
                    found.append(f"{name} -> {other}")
        return found

    def local_imports(self) -> list[str]:
        """Imports inside of functions, outside of the command line: `file:line`."""
        return [f"{module.name}:{node.lineno}" for module, node in self._local_imports()]

    def unexplained_imports(self) -> list[str]:
        """Those of them without a word why, on their line or above the first of a block."""
        found = []
        for module, node in self._local_imports():
            lines = module.text.splitlines()
            if "#" in lines[(node.end_lineno or node.lineno) - 1] or "#" in lines[node.lineno - 1]:
                continue
            above = node.lineno - 2
            while above >= 0 and lines[above].lstrip().startswith(("from ", "import ")):
                above -= 1
            if not lines[above].lstrip().startswith("#") and not any(
                "#" in line for line in lines[above + 1 : node.lineno - 1]
            ):
                found.append(f"{module.name}:{node.lineno}")
        return found

    def _local_imports(self) -> Iterator[tuple[Module, ast.Import | ast.ImportFrom]]:
        for module in self.modules.values():
            if module.room == "cli":
                continue
            for _, function in module.functions():
                for node in _own_nodes(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        yield module, node

    # -- sizes --

    def long_functions(self) -> list[tuple[int, str]]:
        """Functions of more than sixty lines, the longest first: lines and name."""
        found = []
        for module in self.modules.values():
            for name, function in module.functions():
                size = (function.end_lineno or function.lineno) - function.lineno + 1
                if size > LONG:
                    found.append((size, f"{module.name}.{name}"))
        return sorted(found, reverse=True)

    def wide_functions(self) -> list[tuple[int, str]]:
        """Functions of more than six parameters, `self` counted, but for click's: how many, and name."""
        found = []
        for module in self.modules.values():
            for name, function in module.functions():
                count = len(_parameters(function))
                if count > MOST_PARAMETERS and not _is_command(function):
                    found.append((count, f"{module.name}.{name}"))
        return sorted(found, reverse=True)

    def methods(self) -> list[tuple[int, str]]:
        """Every class with how many methods it has, the most first."""
        found = []
        for module in self.modules.values():
            for node in ast.walk(module.tree):
                if isinstance(node, ast.ClassDef):
                    count = sum(1 for child in node.body if isinstance(child, Function))
                    found.append((count, f"{module.name}.{node.name}"))
        return sorted(found, reverse=True)

    # -- words --

    def undescribed(self) -> list[str]:
        """Public functions of three parameters or more whose docstring has no `Args:`."""
        return [name for name, described in self._described() if not described]

    def described(self) -> tuple[int, int]:
        """How many public functions of three parameters or more there are, and how many have `Args:`."""
        found = list(self._described())
        return len(found), sum(described for _, described in found)

    def _described(self) -> Iterator[tuple[str, bool]]:
        for module in self.modules.values():
            for name, function in module.functions():
                public = not any(part.startswith("_") for part in name.split("."))
                nested = isinstance(function, Function) and "." in name and not name.split(".")[-2][:1].isupper()
                if (
                    public
                    and not nested
                    and not _is_command(function)
                    and len(set(_parameters(function)) - {"self", "cls"}) >= 3
                ):
                    yield f"{module.name}.{name}", "Args:" in (ast.get_docstring(function) or "")

    # -- tests --

    def untested(self) -> list[str]:
        """Modules of a hundred lines or more without a test file of their own."""
        tests = self.checkout / "tests"
        found = []
        for module in self.modules.values():
            if module.lines < LARGE_MODULE:
                continue
            inside = module.path.relative_to(self.root)
            stem = inside.parent.name if inside.stem == "__init__" else inside.stem
            folder = inside.parent.parent if inside.stem == "__init__" else inside.parent
            if not list((tests / folder).glob(f"test_{stem.removeprefix('_')}.py")):
                found.append(module.name)
        return found


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside of it."""
    for child in ast.iter_child_nodes(function):
        yield from _nodes_outside_functions(child)


def _nodes_outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, Function):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _nodes_outside_functions(child)


def _parameters(function: Function) -> list[str]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return [one.arg for one in every if one is not None]


def _is_command(function: Function) -> bool:
    """Whether click calls it, with a parameter an option."""
    return any("click." in ast.unparse(decorator) for decorator in function.decorator_list)


def _components(graph: dict[str, set[str]]) -> list[set[str]]:
    """Tarjan's strongly connected components; what is imported comes before who imports it."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part: set[str] = set()
            while node not in part:
                part.add(stack.pop())
            found.append(part)

    sys.setrecursionlimit(10_000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


#: Each measure: what it is called, the target, and what it was before the house was laid out anew.
ROWS = (
    ("modules at the root", "≤ 8", 41),
    ("floors", "≤ 8", 14),
    ("import circles", "0", 4),
    ("imports that run up", "0", 17),
    (f"functions over {LONG} lines", "0", 7),
    (f"functions of more than {MOST_PARAMETERS} parameters", "0", 11),
    ("methods of the largest class", "≤ 15", 27),
    ("imports inside of functions", "≤ 60", 96),
    ("of these without a word why", "0", None),
    ("public functions without `Args:`", "0", None),
    (f"modules of {LARGE_MODULE} lines without a test file", "0", None),
)


def figures(house: House) -> list[int]:
    """The measures of `ROWS`, in order."""
    return [
        len(house.root_modules()),
        house.floors(),
        len(house.circles()),
        len(house.upward()),
        len(house.long_functions()),
        len(house.wide_functions()),
        house.methods()[0][0],
        len(house.local_imports()),
        len(house.unexplained_imports()),
        len(house.undescribed()),
        len(house.untested()),
    ]


def table(house: House) -> str:
    """The measures beside their targets, as text."""
    lines = [f"{'':46} {'target':>7} {'before':>7} {'now':>7}"]
    for (name, target, before), now in zip(ROWS, figures(house), strict=True):
        lines.append(f"{name:46} {target:>7} {'' if before is None else before:>7} {now:>7}")
    return "\n".join(lines)


if __name__ == "__main__":
    measured = House(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    print(table(measured))
    if "-v" in sys.argv:
        for part in ("circles", "upward", "long_functions", "wide_functions", "local_imports", "unexplained_imports",
                     "undescribed", "untested"):  # fmt: skip
            print(f"\n{part}:")
            for one in getattr(measured, part)():
                print(f"  {one}")
        print(measured.methods()[:6])
