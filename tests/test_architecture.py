"""Import directions: a pure core, a thin shell, one place that speaks HTTP."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pioneer_build

ROOT = Path(pioneer_build.__file__).parent
PURE = ("spec", "lock", "plan", "rows", "checks", "results", "diff", "wording")
#: Modules of the standard library that read the world: clocks, files, randomness, processes, the network.
WORLD = {
    "asyncio", "http", "io", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3", "ssl", "subprocess",
    "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
THIRD_PARTY = {"click", "diskcache", "httpx", "numpy", "orjson", "pydantic", "rich", "starlette", "uvicorn", "yaml"}

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def modules(*parts: str) -> list[Path]:
    """The files of some top-level modules or packages."""
    found: list[Path] = []
    for part in parts:
        package, module = ROOT / part, ROOT / f"{part}.py"
        found += sorted(package.rglob("*.py")) if package.is_dir() else [module] if module.exists() else []
    return found


def imports(path: Path) -> set[str]:
    """The names of all modules that a file imports, at whatever level, but for those that only types need."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "pioneer_build"}
    return names


def tops(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


def ours(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("pioneer_build.")}


ALL = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", [*modules(*PURE), *modules("render")], ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_is_pure(path: Path) -> None:
    assert not tops(path) & (WORLD | THIRD_PARTY)
    shell = {"cli", "service", "engine", "store", "inputs", "apply", "journal", "project", "operations"}
    assert not ours(path) & shell


def test_who_may_import_what() -> None:
    """The contracts of pyproject.toml: who may import which library, the engine, and the command line."""
    settings = tomllib.loads((ROOT.parent / "pyproject.toml").read_text("utf-8"))
    named = [one["id"] for one in settings["tool"]["importlinter"]["contracts"] if "id" in one]
    assert {"http", "terminal", "yaml", "server", "pydantic", "numpy", "inputs", "engine", "cli"} <= set(named)
    linted = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo", *(f"--contract={name}" for name in named)],
        cwd=ROOT.parent,
        capture_output=True,
        text=True,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert f"{len(named)} kept, 0 broken" in linted.stdout


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_below_the_command_line_prints_or_exits(path: Path) -> None:
    if path.relative_to(ROOT).parts[0] in ("cli", "__main__.py"):
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("print", "sys.exit", "exit", "quit", "sys.stdout.write", "sys.stderr.write")
            # a second interrupt ends the process at once: the one exit that isn't the command line's
            assert called != "os._exit" or path.parts[-2:] == ("operations", "apply.py")


def test_there_is_no_attic() -> None:
    assert not [path for path in ALL if path.stem in ("utils", "util", "helpers", "misc", "common_utils")]


def test_every_module_says_what_it_is() -> None:
    silent = [str(path.relative_to(ROOT)) for path in ALL if ast.get_docstring(ast.parse(path.read_text())) is None]
    assert not silent
