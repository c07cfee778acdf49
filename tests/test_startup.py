"""Which command may import what: an import more on the way of every plan is noticed here.

Each command runs in a process of its own and tells which modules it had imported that `import click` had not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pioneer_build.operations.check import check
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.project.open import open_project
from tests.built import age, build, home, spec_text, write_spec

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys
import click
before = set(sys.modules)
from pioneer_build.cli import run
code = run(sys.argv[1:])
sys.stdout.flush()
print("\\n".join(["--", str(code), *sorted(set(sys.modules) - before)]))
"""

CORE = {
    "gc",
    "pioneer_build",
    "pioneer_build.cli",
    "pioneer_build._version",
    "pioneer_build.cli.completion",
    "pioneer_build.cli.error_output",
    "pioneer_build.cli.exit_codes",
    "pioneer_build.cli.options",
    "pioneer_build.cli.output",
    "pioneer_build.wording",
    "pioneer_build.escaping",
}
#: Of gettext, for click's own texts.
CLICK = {"_locale", "locale"}
#: What click measures and folds help with.
HELP = {"_bz2", "_compression", "_lzma", "bz2", "click._textwrap", "fnmatch", "lzma", "shutil", "textwrap", "zlib"}
#: A plan or check with nothing to do.
NOTHING_TO_DO = {
    "pioneer_build.disk",
    "pioneer_build.disk.stamps",
    "pioneer_build.paths",
    "pioneer_build.cache",
    "pioneer_build.cache.checkout",
    "pioneer_build.cache.lock_stamp",
    "pioneer_build.cache.spec_files",
    "pioneer_build.cache.unchanged_plan",
    "pioneer_build.render",
    "pioneer_build.render.plan",
    "pioneer_build.spec",
    "pioneer_build.spec.file_names",
    "zlib",
}

#: What only a few commands need, and each for itself.
HEAVY = {
    "aiohttp", "annotated_types", "anyio", "asyncio", "concurrent.futures", "diskcache", "email", "http", "httpcore",
    "httpx", "logging", "multiprocessing", "numpy", "onnxruntime", "orjson", "pyarrow", "pydantic", "pydantic_core",
    "rich", "secrets", "socket", "spacy", "sqlite3", "ssl", "starlette", "subprocess", "tempfile", "uvicorn", "yaml",
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path.resolve() / "p"
    root.mkdir()
    folder = home(root, monkeypatch)
    build(root, folder / "share", ["one", "two"])
    age()
    found = read_project_state(open_project(root))
    check(found, found.plan)
    return root


def imported(root: Path, *arguments: str) -> set[str]:
    """The modules that a command imports."""
    shown = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    code, *names = shown.rpartition("--\n")[2].split()
    assert code == "0", shown
    return set(names)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=" ".join)
def test_the_program_itself(root: Path, arguments: list[str]) -> None:
    assert imported(root, *arguments) <= CORE | CLICK | HELP


@pytest.mark.parametrize("command", ["plan", "check"])
def test_nothing_to_do(root: Path, command: str) -> None:
    names = imported(root, command)
    assert names <= CORE | CLICK | NOTHING_TO_DO | {f"pioneer_build.cli.{command}", f"pioneer_build.render.{command}"}
    assert "pioneer_build.cache.unchanged_plan" in names


@pytest.mark.parametrize("arguments", [["plan", "--help"], ["check", "--help"], ["apply", "--help"]], ids=" ".join)
def test_help_of_a_command(root: Path, arguments: list[str]) -> None:
    names = imported(root, *arguments)
    assert not {name.partition(".")[0] for name in names} & HEAVY


@pytest.mark.parametrize(
    "arguments",
    [["plan", "--format", "json"], ["check", "--format", "json"], ["plan", "--select", "one"], ["status"]],
    ids=" ".join,
)
def test_nothing_is_parsed_where_nothing_changed(root: Path, arguments: list[str]) -> None:
    heavy = {name for name in imported(root, *arguments) if name in HEAVY or name.partition(".")[0] in HEAVY}
    # the journal's
    assert heavy <= {"secrets", "socket"}


def test_status_loads_nothing_that_reads_rows(root: Path) -> None:
    assert not {name for name in imported(root, "status") if name.startswith("pioneer_build.rows")}


def test_a_plan_as_json_looks_at_the_cached_plan_alone(root: Path) -> None:
    names = imported(root, "plan", "--format", "json")
    assert not names & {
        "pioneer_build.operations.project_state",
        "pioneer_build.journal.log",
        "pioneer_build.store",
        "socket",
        "secrets",
    }


def test_what_buys_outside_of_a_repository_needs_neither_git_nor_a_journal(root: Path) -> None:
    imported(root, "plan")  # caches what is planned below
    write_spec(root, "one.yaml", spec_text("one").replace("num_examples: 10", "num_examples: 20"))
    names = imported(root, "plan")
    assert "pioneer_build.operations.changed_specs" in names
    assert not names & {
        "pioneer_build.git.program",
        "pioneer_build.journal.copies",
        "pioneer_build.journal.log",
        "pioneer_build.operations.past_locks",
        "pioneer_build.operations.project_state",
    }
