"""What the last plan found holds as long as nothing moved, and no longer."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cache.unchanged_plan import CachedPlan, inputs_are_unchanged, nothing_to_do
from pioneer_build.disk.stamps import stamp_of
from pioneer_build.inputs.freshness import unchanged_glob
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.plan import Choices
from pioneer_build.project.open import open_project
from tests.built import age, build, home, spec_text, write_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path.resolve() / "p"
    root.mkdir()
    folder = home(root, monkeypatch)
    build(root, folder / "share", ["one", "two", "three"])
    age()
    read_project_state(open_project(root))
    return root


def recalled(root: Path, backend: str | None = None, *, verified: bool = False) -> CachedPlan | None:
    return nothing_to_do(str(root), backend, unchanged_glob, verified=verified)


def test_a_plan_with_nothing_to_do_is_remembered(root: Path) -> None:
    found = recalled(root)
    assert found is not None
    assert (found.datasets, found.digests, found.has_nothing_to_do) == (3, 3, True)


def edit(root: Path) -> None:
    write_spec(root, "one.yaml", spec_text("one", examples=11))


def same_size_and_mtime(root: Path) -> None:
    path = root / "specs" / "one.yaml"
    before = path.stat()
    path.write_text(path.read_text().replace("mail", "mall"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def row_file(root: Path) -> Path:
    return next((root.parent / "p-home" / "share").rglob("*.jsonl"))


def journal(root: Path) -> None:
    path = root.parent / "p-home" / "state" / "pioneer-build" / "journal" / "journal.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a spec": edit,
    "a spec, its size and mtime as before": same_size_and_mtime,
    "a spec more": lambda root: write_spec(root, "deep/four.yaml", spec_text("four")),
    "a spec less": lambda root: (root / "specs" / "one.yaml").unlink(),
    "a spec moved": lambda root: (root / "specs" / "one.yaml").rename(root / "specs" / "uno.yaml"),
    "settings": lambda root: (root / "pioneer.yaml").write_text("version: 1\nseed: 2\n"),
    "no settings": lambda root: (root / "pioneer.yaml").unlink(),
    "the lock": lambda root: (root / "pioneer.lock").write_text((root / "pioneer.lock").read_text() + "\n"),
    "no lock": lambda root: (root / "pioneer.lock").unlink(),
    "the journal": journal,
    "rows": lambda root: row_file(root).unlink(),
    "the store": lambda root: shutil.rmtree(row_file(root).parents[2]),
    "a link out of the project": lambda root: (root / "specs" / "l.yaml").symlink_to("/etc/hostname"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_it_says_nothing_once_something_moved(root: Path, what: str) -> None:
    CHANGES[what](root)
    assert recalled(root) is None


@pytest.mark.parametrize(
    "name", ["PIONEER_BACKEND", "PIONEER_BASE_URL", "PIONEER_REQUESTS_PER_MINUTE", "XDG_DATA_HOME"]
)
def test_it_holds_under_the_same_settings_only(root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/elsewhere")
    assert recalled(root) is None


def test_it_holds_for_the_same_backend_only(root: Path) -> None:
    assert recalled(root, "local") is None


def test_what_doesnt_count_isnt_looked_at(root: Path) -> None:
    (root / "specs" / "notes.txt").write_text("x")
    (root / "specs" / ".hidden.yaml").write_text("x")
    assert recalled(root) is not None


def test_a_flipped_byte_makes_it_another(root: Path) -> None:
    (path,) = (root.parent / "p-home" / "cache").rglob("*.plan")
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert recalled(root) is None, place


@pytest.mark.parametrize("cut", [0, 1, 30, 200, -1])
def test_a_damaged_one_is_ignored(root: Path, cut: int) -> None:
    (path,) = (root.parent / "p-home" / "cache").rglob("*.plan")
    data = path.read_bytes()
    path.write_bytes(data[:cut])
    assert recalled(root) is None
    path.write_bytes(data[:-5] + b"xxxxx")
    assert recalled(root) is None
    path.write_bytes(b"\0" * len(data))
    assert recalled(root) is None
    read_project_state(open_project(root))
    assert recalled(root) is not None


def test_a_file_too_young_to_tell_is_not_remembered(root: Path) -> None:
    soon = time.time_ns() + 5_000_000_000
    os.utime(root / "specs" / "one.yaml", ns=(soon, soon))
    read_project_state(open_project(root))
    assert recalled(root) is None


def test_a_plan_with_flags_says_nothing_of_one_without(root: Path) -> None:
    for path in (root.parent / "p-home" / "cache").rglob("*.plan"):
        path.unlink()
    read_project_state(open_project(root), Choices(retry=frozenset({"one"})))
    assert recalled(root) is None


def test_only_what_was_verified_is_called_verified(root: Path) -> None:
    from pioneer_build.operations.check import check

    assert recalled(root, verified=True) is None
    found = read_project_state(open_project(root))
    assert check(found, found.plan).digests == 3
    assert recalled(root, verified=True) is not None
    path = row_file(root)
    path.write_bytes(path.read_bytes()[::-1])
    assert recalled(root) is not None  # a plan asks whether rows are there
    assert recalled(root, verified=True) is None
    found = read_project_state(open_project(root))
    (finding,) = check(found, found.plan).findings
    assert finding.kind == "content"


def test_label_specs_are_held_by_their_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = recalled(root)
    assert found is not None
    (root / "texts.txt").write_text("a\nb\n")
    stamp = ["texts.txt", stamp_of((root / "texts.txt").stat())]
    for pattern in ("../texts.txt", "../*.txt"):
        found = found._replace(inputs=json.dumps([["specs/one.yaml", pattern, [stamp]]]).encode())
        assert inputs_are_unchanged(found, str(root), unchanged_glob)
    (root / "more.txt").write_text("c\n")
    assert not inputs_are_unchanged(found, str(root), unchanged_glob)
    (root / "texts.txt").write_text("a\nc\n")
    found = found._replace(inputs=json.dumps([["specs/one.yaml", "../texts.txt", [stamp]]]).encode())
    assert not inputs_are_unchanged(found, str(root), unchanged_glob)
