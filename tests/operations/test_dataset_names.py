"""Names for completion, read off files that needn't be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.operations.dataset_names import dataset_names

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pioneer.yaml").write_text("version: 1\nspecs: sets\n")
    (tmp_path / "sets/deep").mkdir(parents=True)
    (tmp_path / "sets/a.yaml").write_text("dataset_name: people\ntask: wrong\n---\n{'dataset_name': \"places\"}\n")
    (tmp_path / "sets/deep/b.yml").write_text("version: 1\ndataset_name: tickets-2   # two\n")
    (tmp_path / "pioneer.lock").write_text('{"entries": [{"dataset_name": "gone"}]}')
    return tmp_path


def test_names_are_read_off_specs_and_lock(project: Path) -> None:
    assert dataset_names(str(project / "sets/deep")) == ["gone", "people", "places", "tickets-2"]
    assert dataset_names(str(project / "nowhere")) == ["gone", "people", "places", "tickets-2"]
    assert dataset_names("/nowhere/at/all") == []


def test_names_of_a_split_lock_are_those_of_its_files(project: Path) -> None:
    """A shell puts a completion into the command line as it is: only names that a dataset can have."""
    (project / "pioneer.lock.d").mkdir()
    for name in ("kept.json", ".hidden.json", "README.md", "$(touch pwned).json", "a\n;b.json"):
        (project / "pioneer.lock.d" / name).write_text("{}")
    assert dataset_names(str(project)) == ["gone", "kept", "people", "places", "tickets-2"]


def test_what_can_not_be_read_is_passed_over(project: Path) -> None:
    (project / "sets/c.yaml").symlink_to("/nowhere")
    (project / "sets/d.yaml").mkdir()
    (project / "sets/e.yaml").write_bytes(b"\xff\xfe dataset_name: binary\x00")
    assert dataset_names(str(project)) == ["binary", "gone", "people", "places", "tickets-2"]


def test_without_settings_specs_are_where_they_are_by_default(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/a.yaml").write_text("dataset_name: people\n")
    assert dataset_names(str(tmp_path)) == ["people"]


def test_nothing_outside_of_the_project_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "a.yaml").write_text("dataset_name: theirs\n")
    (root / "sets").symlink_to(outside)
    for folder in ("sets", "../outside", str(outside)):
        (root / "pioneer.yaml").write_text(f"specs: {folder}\n")
        assert dataset_names(str(root)) == []
    (root / "sets").unlink()
    (root / "sets/deep").mkdir(parents=True)
    (root / "sets/deep/a.yaml").write_text("dataset_name: ours\n")
    (root / "pioneer.yaml").write_text("specs: sets\n")
    assert dataset_names(str(root)) == ["ours"]
    monkeypatch.setattr("pioneer_build.operations.dataset_names._MOST_ENTRIES", 1)
    assert dataset_names(str(root)) == []
