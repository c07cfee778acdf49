"""Measures how the code is laid out: what tests/test_house.py bounds, and the table that it prints.

    python -m tests.house [FOLDER OF A CHECKOUT] [-v]

`-v` names what each measure counts. Imports by a name made up at run time aren't seen; all others count, those for
types, those inside of functions and `import_module("a.name")` too.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "pioneer_build"
#: A function longer than this doesn't fit a screen.
LONG = 60
MOST_PARAMETERS = 6
#: What a Python program calls by keyword: its parameters are options, as those of a command are.
PUBLIC_KEYWORDS = frozenset({"pioneer_build.api.apply"})
#: A function of this many parameters, besides `self`, says what each is.
DESCRIBED_FROM = 3
#: A module of this many lines or more has a test file of its own.
LARGE_MODULE = 100

#: The rooms that a command has a module of its name in.
COMMAND_ROOMS = ("cli", "operations", "render", "results")
#: File names that say the same in some rooms: these modules, and what the name says there.
SHARED_MODULES: dict[str, tuple[frozenset[str], str]] = {
    stem: (frozenset(f"{PACKAGE}.{room}.{stem}" for room in rooms), why)
    for stem, rooms, why in (
        ("compaction", ("journal", "store"), "rewrites what grew, smaller"),
        ("datasets", ("engine.routes", "service"), "the dataset endpoints, on either side of HTTP"),
        ("generate", ("apply", "engine.routes", "plan"), "generate specs: plan, steps, endpoint"),
        ("json", ("diff", "lock", "plan"), "the JSON form of a room's values"),
        ("jsonl", ("exports", "inputs"), "a format, read and written"),
        ("label", ("apply", "engine.routes", "plan"), "label specs: plan, steps, endpoint"),
        ("lost_rows", ("apply", "plan"), "rows that are out of reach, in a plan and when it is applied"),
        ("model", ("journal", "lock", "plan", "spec"), "a room's values"),
        ("parquet", ("exports", "inputs"), "a format, read and written"),
        ("responses", ("engine", "service"), "responses, on either side of HTTP"),
        ("schema", ("lock", "parse"), "the keys of a format, with their types"),
        ("settings", ("parse", "spec"), "what pioneer.yaml may set: values, and how they are read"),
        ("specs", ("parse", "project"), "specs: how one is read, and how a project's are found"),
    )
}
#: Constants that are the same thing in each of two modules.
SHARED_CONSTANTS = {
    "COMPACT_FROM": frozenset({f"{PACKAGE}.journal.compaction", f"{PACKAGE}.store.compaction"}),
    "FORMAT": frozenset({f"{PACKAGE}.diff.json", f"{PACKAGE}.plan.json"}),
}
#: A comment of fewer words doesn't say why.
FEWEST_WORDS = 3

_WORD = re.compile(r"[^\W\d_][\w'-]+")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ImportNode = ast.Import | ast.ImportFrom


@dataclass(frozen=True, slots=True)
class Function:
    """One function or method: its node, and the classes and functions around it from the outside in."""

    node: FunctionNode
    around: tuple[ast.ClassDef | FunctionNode, ...]

    @property
    def name(self) -> str:
        return ".".join(one.name for one in (*self.around, self.node))

    @property
    def lines(self) -> int:
        """From `def` to its last line: decorators don't count."""
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    @property
    def parameters(self) -> list[str]:
        """All of them, `self` and `*args` too."""
        return _parameters(self.node.args)

    @property
    def is_public(self) -> bool:
        """Whether others can call it: neither private, nor of a private class, nor inside of a function."""
        return not any(one.name.startswith("_") or isinstance(one, FunctionNode) for one in self.around) and (
            not self.node.name.startswith("_")
        )

    def decorated_with(self, name: str) -> bool:
        """Whether a decorator begins with `name`, as `@click.option(…)` does with `click`."""
        return any(
            isinstance(one, ast.Name) and one.id == name for part in self.node.decorator_list for one in ast.walk(part)
        )

    @property
    def is_command(self) -> bool:
        """Whether click calls it, with a parameter an option."""
        return self.decorated_with("click")


@dataclass(frozen=True, slots=True)
class Module:
    """One module: its dotted name, its file, its text and its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The top-level package or module that it is in; empty for the package itself."""
        return [*self.name.split("."), ""][1]

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def package(self) -> str:
        """The package that its relative imports count from."""
        return self.name if self.path.stem == "__init__" else self.name.rpartition(".")[0]

    def functions(self) -> Iterator[Function]:
        """Functions and methods, nested ones too."""
        return _functions(self.tree, ())

    def reasons(self) -> set[int]:
        """The lines with a comment for people, of three words or more: not one that just tells a tool to be quiet."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        # what follows on a `noqa` after a dash is a reason
        quiet = re.compile(r"#\s*(noqa|type:|fmt:|pragma:)((?! - )[^#])*")
        return {
            token.start[0]
            for token in tokens
            if token.type == tokenize.COMMENT and len(_WORD.findall(quiet.sub("", token.string))) >= FEWEST_WORDS
        }


def _parameters(given: ast.arguments) -> list[str]:
    every = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [one.arg for one in every if one is not None]


def _functions(node: ast.AST, around: tuple[ast.ClassDef | FunctionNode, ...]) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            yield Function(child, around)
        inside = (*around, child) if isinstance(child, FunctionNode | ast.ClassDef) else around
        yield from _functions(child, inside)


@dataclass(frozen=True, slots=True)
class Layer:
    """Rooms on one level. `apart`: they don't import each other either. `planned` ones needn't be there yet."""

    rooms: frozenset[str]
    planned: frozenset[str] = frozenset()
    apart: bool = True


class House:
    """The package in a checkout, measured. Offenders are named `module.Class.method` or `module:line`."""

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

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Every function of every module, with its dotted name."""
        for module in self.modules.values():
            for function in module.functions():
                yield f"{module.name}.{function.name}", function

    # -- places --

    def rooms(self) -> set[str]:
        """The packages and modules at the root."""
        return {module.room for module in self.modules.values()} - {"", "__main__"}

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
            if isinstance(node, ImportNode | ast.Call):
                for name in _names_of(node, module.package) if isinstance(node, ImportNode) else _named_by_text(node):
                    # the longest part of the name that is a module: the rest is something in it
                    while name and name not in self.modules:
                        name = name.rpartition(".")[0]
                    if name:
                        yield name

    def circles(self) -> list[str]:
        """Modules that import each other, in whatever roundabout way."""
        return [", ".join(sorted(part)) for part in components(self.imports) if len(part) > 1]

    def floors(self) -> list[str]:
        """The rooms on the longest way down from room to room; those of one circle stand on each other."""
        below: dict[str, set[str]] = {room: set() for room in self.rooms()}
        for name, imported in self.imports.items():
            here = self.modules[name].room
            if here in below:
                below[here] |= {self.modules[other].room for other in imported} & below.keys() - {here}
        longest: dict[str, list[str]] = {}
        for circle in components(below):  # what is imported comes first
            under = [longest[other] for room in circle for other in below[room] if other in longest]
            way = sorted(circle) + max(under, key=len, default=[])
            longest |= dict.fromkeys(circle, way)
        return max(longest.values(), key=len, default=[])

    def layers(self) -> list[Layer]:
        """The layers that pyproject.toml declares for import-linter, from the top down; empty where there are none."""
        settings = tomllib.loads((self.checkout / "pyproject.toml").read_text("utf-8"))
        contracts = settings.get("tool", {}).get("importlinter", {}).get("contracts", [])
        lines: list[str] = next((one["layers"] for one in contracts if one["type"] == "layers"), [])
        found = []
        for line in lines:
            words = [word.strip() for word in re.split(r"[|:]", line)]
            planned = frozenset(word.strip("()") for word in words if word.startswith("("))
            found.append(Layer(frozenset(word.strip("()") for word in words), planned, apart=":" not in line))
        return found

    def upward(self) -> list[str]:
        """Imports that run up, or across to a neighbour that is apart."""
        level = {room: number for number, layer in enumerate(self.layers()) for room in layer.rooms}
        apart = [layer.apart for layer in self.layers()]
        found = []
        for name, imported in self.imports.items():
            here = self.modules[name].room
            for other in sorted(imported):
                there = self.modules[other].room
                if here == there or here not in level or there not in level or level[there] > level[here]:
                    continue
                if level[there] < level[here] or apart[level[here]]:
                    found.append(f"{name} -> {other}")
        return found

    def local_imports(self) -> list[str]:
        """Imports inside of functions, outside of the command line."""
        return [f"{module.name}:{node.lineno}" for module, block in self._local_imports() for node in block]

    def unexplained_imports(self) -> list[str]:
        """Those of them without a word why: on a line of their own, above the block, or earlier in the block."""
        found = []
        for module, block in self._local_imports():
            reasons = module.reasons()
            first = block[0].lineno
            above = module.text.splitlines()[first - 2].strip()
            explained = first - 1 in reasons or (above == "try:" and first - 2 in reasons)
            for node in block:
                explained = explained or any(line in reasons for line in range(node.lineno, (node.end_lineno or 0) + 1))
                if not explained:
                    found.append(f"{module.name}:{node.lineno}")
        return found

    def _local_imports(self) -> Iterator[tuple[Module, list[ImportNode]]]:
        """Blocks of imports that follow each other line by line."""
        for module in self.modules.values():
            if module.room == "cli":
                continue
            for function in module.functions():
                block: list[ImportNode] = []
                for node in _own_nodes(function.node):
                    if not isinstance(node, ImportNode):
                        continue
                    if block and node.lineno != (block[-1].end_lineno or 0) + 1:
                        yield module, block
                        block = []
                    block.append(node)
                if block:
                    yield module, block

    # -- sizes --

    def long_functions(self) -> list[str]:
        """Functions of more than sixty lines, the longest first."""
        return _largest((function.lines, name) for name, function in self.functions() if function.lines > LONG)

    def wide_functions(self) -> list[str]:
        """Functions of more than six parameters, `self` counted, but for click and the public API; widest first."""
        sizes = [
            (len(function.parameters), name)
            for name, function in self.functions()
            if not function.is_command and name not in PUBLIC_KEYWORDS
        ]
        sizes += [
            (len(_parameters(node.args)), f"{module.name}:{node.lineno}")
            for module in self.modules.values()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Lambda)
        ]
        return _largest(one for one in sizes if one[0] > MOST_PARAMETERS)

    def methods(self) -> list[str]:
        """Every class with how many methods it has, the most first."""
        return _largest(
            (sum(isinstance(child, FunctionNode) for child in node.body), f"{module.name}.{node.name}")
            for module in self.modules.values()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ClassDef)
        )

    # -- words --

    def undescribed(self) -> list[str]:
        """Public functions of three parameters or more whose docstring has no `Args:`, or leaves one out."""
        found = []
        for name, function in self.functions():
            parameters = [one for one in function.parameters if one not in ("self", "cls")]
            exempt = function.is_command or function.decorated_with("overload") or not function.is_public
            if exempt or len(parameters) < DESCRIBED_FROM:
                continue
            described = _described(ast.get_docstring(function.node) or "")
            if missing := [one for one in parameters if one not in described]:
                found.append(name if not described else f"{name}: {', '.join(missing)}")
        return found

    # -- names --

    def repeated_names(self) -> list[str]:
        """Public classes, types and constants of one name that several modules define: one name, one thing."""
        places: dict[str, list[str]] = {}
        for module in self.modules.values():
            for name in _defined_names(module.tree):
                places.setdefault(name, []).append(module.name)
        return [
            f"{name}: {', '.join(where)}"
            for name, where in sorted(places.items())
            if len(where) > 1 and not SHARED_CONSTANTS.get(name, frozenset()).issuperset(where)
        ]

    def repeated_modules(self) -> list[str]:
        """Modules of one file name, unless they are the parts of a command, or play one role in several rooms."""
        commands = {path.stem for path in (self.root / "cli").glob("*.py")}
        places: dict[str, list[str]] = {}
        for name, module in self.modules.items():
            is_part = module.room in COMMAND_ROOMS and module.path.stem in commands
            if module.path.stem != "__init__" and not is_part:
                places.setdefault(module.path.stem, []).append(name)
        return [
            f"{stem}: {', '.join(where)}"
            for stem, where in sorted(places.items())
            if len(where) > 1 and (stem not in SHARED_MODULES or not SHARED_MODULES[stem][0].issuperset(where))
        ]

    # -- tests --

    def untested(self) -> list[str]:
        """Modules of a hundred lines or more without a test file at the mirrored path."""
        large = [module for module in self.modules.values() if module.lines >= LARGE_MODULE]
        return [module.name for module in large if not self._is_tested(module)]

    def _is_tested(self, module: Module) -> bool:
        """`a/b.py` is tested by `a/test_b.py`, a package `a/__init__.py` by `test_a.py` or `a/test_package.py`."""
        tests = self.checkout / "tests"
        inside = module.path.relative_to(self.root)
        if inside.stem != "__init__":
            places = [inside.with_name(f"test_{inside.stem.lstrip('_')}.py")]
        else:
            places = [inside.parent.parent / f"test_{inside.parent.name}.py", inside.parent / "test_package.py"]
        return any(_has_tests(tests / place) for place in places if (tests / place).exists())


def _defined_names(tree: ast.Module) -> set[str]:
    """The public classes, types and constants of a module, also those under an `if` or a `try` of its top level."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            # a single capital is a variable of types
            found |= {one.id for one in targets if isinstance(one, ast.Name) and re.match(r"[A-Z]\w", one.id)}
        elif isinstance(node, ast.If | ast.Try | ast.ExceptHandler):
            waiting += ast.iter_child_nodes(node)
    return {name for name in found if not name.startswith("_")}


def _names_of(node: ImportNode, package: str) -> list[str]:
    """The dotted names that an import may mean: of modules, or of something in them."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        parts = package.split(".")
        base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
    return [f"{base}.{alias.name}" for alias in node.names]


def _named_by_text(call: ast.Call) -> list[str]:
    """The module that `import_module("a.b")` or `__import__("a.b")` imports."""
    function = ast.unparse(call.func).rpartition(".")[2]
    named = call.args[0] if call.args and function in ("import_module", "__import__") else None
    return [named.value] if isinstance(named, ast.Constant) and isinstance(named.value, str) else []


def _has_tests(path: Path) -> bool:
    """Whether a file has a test that does something: one whose body is more than a docstring, `pass` or `...`."""
    return any(
        isinstance(node, FunctionNode)
        and node.name.startswith("test_")
        and any(not isinstance(one, ast.Pass) and not _is_constant(one) for one in node.body)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    )


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _own_nodes(function: FunctionNode) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside of it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop(0)
        if not isinstance(node, FunctionNode):
            yield node
            waiting = [*ast.iter_child_nodes(node), *waiting]


def _described(docstring: str) -> set[str]:
    """The parameters that have a line, with words, in the section `Args:` of a docstring."""
    found: set[str] = set()
    section = f"\n{docstring}".partition("\nArgs:\n")[2]
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break  # the next section
        if (one := re.match(r" {4}\*{0,2}(\w+)(?: \(.*?\))?:(.*)", line)) and _WORD.search(one[2]):
            found.add(one[1])
    return found


def _largest(sizes: Iterator[tuple[int, str]]) -> list[str]:
    return [f"{size:4} {name}" for size, name in sorted(sizes, key=lambda one: (-one[0], one[1]))]


def components(graph: dict[str, set[str]]) -> list[set[str]]:
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

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table: its name, the most it may be, what it was before the rooms were laid out, what counts.

    `first`: the figure is that of the first offender, and not how many there are.
    """

    name: str
    target: int
    before: int | None
    offenders: Callable[[House], list[str]]
    first: bool = False

    def figure(self, house: House) -> int:
        """What it is now."""
        found = self.offenders(house)
        return int(found[0].split()[0]) if self.first and found else len(found)


MEASURES = (
    Measure("modules at the root", 8, 41, House.root_modules),
    Measure("floors", 8, 14, House.floors),
    Measure("import circles", 0, 4, House.circles),
    Measure("imports that run up", 0, 17, House.upward),
    Measure(f"functions over {LONG} lines", 0, 7, House.long_functions),
    Measure(f"functions of more than {MOST_PARAMETERS} parameters", 0, 11, House.wide_functions),
    Measure("methods of the largest class", 15, 27, House.methods, first=True),
    Measure("imports inside of functions", 60, 96, House.local_imports),
    Measure("of these without a word why", 0, None, House.unexplained_imports),
    Measure("public functions without `Args:`", 0, None, House.undescribed),
    Measure("names of several things", 0, 13, House.repeated_names),
    Measure("names of unlike modules", 0, 15, House.repeated_modules),
    Measure(f"modules of {LARGE_MODULE} lines without a test file", 0, None, House.untested),
)


def table(house: House) -> str:
    """The measures beside their targets, as text."""
    lines = [f"{'':46} {'target':>7} {'before':>7} {'now':>7}"]
    for one in MEASURES:
        target = f"≤ {one.target}" if one.target else "0"
        lines.append(f"{one.name:46} {target:>7} {'' if one.before is None else one.before:>7} {one.figure(house):>7}")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Prints the table, and with `-v` what is counted."""
    folders = [Path(word) for word in arguments if not word.startswith("-")]
    house = House(folders[0] if folders else Path(__file__).resolve().parent.parent)
    print(table(house))
    if "-v" in arguments:
        for one in MEASURES:
            found = one.offenders(house)[:10] if one.first else one.offenders(house)
            print(f"\n{one.name}:", *found, sep="\n  ")


if __name__ == "__main__":
    main(sys.argv[1:])
