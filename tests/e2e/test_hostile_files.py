"""Repositories with links at the places that commands write to: nothing outside of the project changes."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Answer, Cli

SPECS = """\
dataset_name: people
task_type: ner
labels: [person]
num_examples: 2
---
dataset_name: moods
task_type: classification
labels: [positive, negative]
inputs: [I love it., It broke.]
"""
#: Each command that writes, with what it names by itself or is told to write.
COMMANDS: dict[str, tuple[str, ...]] = {
    "init": ("init",),
    "init a request": ("init", "--from", "../request.json"),
    "apply": ("apply", "--yes"),
    "split": ("lock", "split"),
    "join": ("lock", "join"),
    "plan": ("plan", "--out", "plan.json"),
    "plan in a folder": ("plan", "--out", "out/plan.json"),
    "report": ("report",),
    "report in a folder": ("report", "--to", "out/report.html"),
    "rows": ("export", "people", "--to", "rows.jsonl"),
    "rows in a folder": ("export", "people", "--to", "out/rows.csv", "--as", "csv"),
    "parts": ("export", "people", "--split", "a=0.5,b=0.5", "--to", "out"),
    "parts in a folder": ("export", "people", "--split", "a=0.5,b=0.5", "--to", "out/new"),
    "gc": ("gc", "--yes"),
    "schema": ("schema",),
    "adopt": ("adopt", "people", "job"),
    "status": ("status", "--refresh"),
    "doctor": ("doctor",),
}  # fmt: skip


def tree(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """All that is in a folder: modes, and bytes of files."""
    return {
        path.relative_to(folder).as_posix(): (
            stat.S_IMODE(path.lstat().st_mode),
            path.read_bytes() if path.is_file() and not path.is_symlink() else None,
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """What belongs to the user: files of all kinds, old enough to be taken for left-overs."""
    folder = tmp_path / "outside"
    (folder / "folder").mkdir(parents=True)
    for name in ("profile", "folder/thesis.txt", "index", "scope.json", "a.jsonl", "x.log"):
        (folder / name).write_text("mine\n")
        (folder / name).chmod(0o644)
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (1e9, 1e9))
    return folder


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Path:
    """A project that is built, with a store in it, as a repository may bring one."""
    root = tmp_path / "project"
    (root / "specs").mkdir(parents=True)
    (root / "pioneer.yaml").write_text("backend: local\nstore: store\n")
    (root / "specs" / "all.yaml").write_text(SPECS)
    (tmp_path / "request.json").write_text(
        '{"task_type": "ner", "dataset_name": "new", "labels": ["x"], "num_examples": 1, "domain_description": "d"}'
    )
    monkeypatch.chdir(root)
    assert cli("apply", "--yes").code == 0
    return root


def link(path: Path, target: Path) -> None:
    """Puts a link in the place of whatever is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(os.path.relpath(target, path.parent))


def moved(path: Path, target: Path) -> None:
    """What is there goes outside, and a link leads to it: it looks as it did."""
    path.rename(target)
    for one in target.rglob("*"):
        os.utime(one, (1e9, 1e9))
    link(path, target)


#: What a repository may have brought, by what is a link in it.
TRAPS: dict[str, Callable[[Path, Path], None]] = {
    "specs": lambda root, outside: moved(root / "specs", outside / "specs"),
    "no specs": lambda root, outside: (link(root / "specs", outside), (root / "pioneer.lock").unlink()),
    "schemas": lambda root, outside: link(root / ".pioneer", outside),
    "settings of git": lambda root, outside: [
        link(root / name, outside / "profile") for name in (".gitignore", ".gitattributes")
    ],
    "settings": lambda root, outside: link(root / "pioneer.yaml", outside / "new.yaml"),
    "lock": lambda root, outside: (
        moved(root / "pioneer.lock", outside / "pioneer.lock"),
        (root / "specs" / "all.yaml").write_text(SPECS.replace("num_examples: 2", "num_examples: 3")),
    ),
    "lock to be": lambda root, outside: link(root / "pioneer.lock", outside / "new.lock"),
    "folder of the lock": lambda root, outside: link(root / "pioneer.lock.d", outside),
    "files": lambda root, outside: [
        link(root / name, outside / "profile") for name in ("plan.json", "report.html", "rows.jsonl")
    ],
    "files to be": lambda root, outside: [
        link(root / name, outside / f"new {name}") for name in ("plan.json", "report.html", "rows.jsonl")
    ],
    "folders": lambda root, outside: link(root / "out", outside),
    "files in a folder": lambda root, outside: [
        link(root / "out" / name, outside / "profile")
        for name in ("plan.json", "report.html", "rows.csv", "a.jsonl", "b.jsonl")
    ],
    "folder in a folder": lambda root, outside: link(root / "out" / "new", outside),
    "devices": lambda root, outside: [
        link(root / name, Path("/dev/null")) for name in ("plan.json", "report.html", "rows.jsonl")
    ],
    "temporary files of the store": lambda root, outside: link(root / "store" / "tmp", outside),
    "rows of the store": lambda root, outside: moved(root / "store" / "rows", outside / "rows"),
    "annotations of the store": lambda root, outside: moved(root / "store" / "annotations", outside / "annotations"),
    "annotations of a scope": lambda root, outside: [
        moved(path, outside / path.name) for path in list((root / "store" / "annotations").iterdir())
    ],
    "format of the store": lambda root, outside: link(root / "store" / "format", outside / "profile"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_no_command_writes_through_a_link(built: Path, outside: Path, cli: Cli, trap: str) -> None:
    TRAPS[trap](built, outside)
    before = tree(outside)
    said: dict[str, Answer] = {}
    for name, arguments in COMMANDS.items():
        said[name] = cli(*arguments)
        assert tree(outside) == before, (name, said[name])
        assert "Traceback" not in said[name].err
    refusing = {
        "specs": {"apply", "plan"},
        "schemas": {"init"},
        "settings of git": {"init"},
        "lock": {"apply", "plan"},
        "files": {"plan", "report", "rows"},
        "folders": {"plan in a folder", "report in a folder", "rows in a folder", "parts"},
        "files in a folder": {"plan in a folder", "report in a folder", "rows in a folder", "parts"},
        "folder in a folder": {"parts in a folder"},
        "devices": {"plan", "report", "rows"},
    }
    for name in refusing.get(trap, ()):
        assert said[name].code == 1, said[name]
        wanted = (
            "is a symbolic link" if (trap, name) == ("files in a folder", "parts") else "a symbolic link that leaves"
        )
        assert wanted in said[name].err, said[name]
        assert "help: " in said[name].err
