"""Bounds that the rows of a label spec violate: `apply` warns, and rejects nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pioneer_build.cli import run

SPEC = """\
dataset_name: moods
task_type: classification
labels: [positive, negative]
inputs: ["I love it.", "It broke after a day.", "I love it.", "Bad."]
"""


class Project:
    """A project with one label spec, for the local backend."""

    def __init__(self, root: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capfd = capfd
        (root / "specs").mkdir(parents=True)
        self.declare()

    def declare(self, checks: str = "", settings: str = "", name: str = "moods") -> None:
        text = f"{SPEC}checks: {{{checks}}}\n" if checks else SPEC
        (self.root / "specs" / f"{name}.yaml").write_text(text.replace("moods", name))
        (self.root / "pioneer.yaml").write_text(f"version: 1\nbackend: local\n{settings}")

    def apply(self, *select: str, code: int = 0) -> list[dict[str, Any]]:
        """The notes about datasets during an apply."""
        self._capfd.readouterr()
        assert run(["-C", str(self.root), "--log-format", "json", "apply", "--yes", *select]) == code
        events = [json.loads(line) for line in self._capfd.readouterr().err.splitlines() if line.startswith("{")]
        return [event for event in events if event["event"] == "note" and event["dataset_name"]]

    def rows(self) -> int:
        lock = json.loads((self.root / "pioneer.lock").read_text())
        count: int = lock["datasets"]["moods"]["local"]["examples"]
        return count


@pytest.fixture
def project(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Project:
    return Project(tmp_path / "project", capfd)


def test_bounds_that_somebody_set_are_warned_about(project: Project) -> None:
    project.declare("min_chars: 5, max_duplicate_ratio: 0.1", "checks: {max_chars: 15, min_chars: 1}\n")
    notes = project.apply()
    assert [(note["dataset_name"], note["check"], note["measured"], note["bound"]) for note in notes] == [
        ("moods", "max_duplicate_ratio", 0.25, 0.1),
        ("moods", "min_chars", 1.0, 5.0),
        ("moods", "max_chars", 1.0, 15.0),
    ]
    assert [note["text"] for note in notes] == [
        "1 of 4 rows is a duplicate (0.25; at most 0.10 allowed)",
        "1 of 4 rows is below min_chars: 5",
        "1 of 4 rows is above max_chars: 15",
    ]
    assert project.rows() == 4, "nothing is rejected"
    assert project.apply() == [], "nothing was made"


def test_defaults_are_nobodys_bounds(project: Project) -> None:
    assert project.apply() == []
    assert project.rows() == 4


def test_changed_bounds_are_held_against_the_rows_that_are_there(project: Project) -> None:
    project.apply()
    project.declare("max_chars: 5")
    assert [note["check"] for note in project.apply()] == ["max_chars"]
    project.declare("max_chars: 50")
    assert project.apply() == []
    assert project.rows() == 4


def test_texts_of_another_dataset_are_warned_about(project: Project) -> None:
    project.declare(name="gold")
    project.apply()
    project.declare("no_overlap_with: [gold]")
    assert [(note["check"], note["text"]) for note in project.apply()] == [
        ("no_overlap_with", "4 of 4 rows have a text that also occurs in gold")
    ]


def test_damaged_rows_of_another_dataset_are_a_note_and_stop_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = project.root.parent / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    project.declare(name="others")
    project.apply()
    for path in data.rglob("rows/*/*.jsonl"):
        path.write_bytes(path.read_bytes().replace(b"love", b"hate"))
    project.declare("no_overlap_with: [others]")
    spec = project.root / "specs" / "moods.yaml"
    spec.write_text(spec.read_text().replace("Bad.", "Worse."))
    notes = project.apply("--select", "moods")
    assert len(notes) == 1
    assert notes[0]["dataset_name"] == "moods"
    assert "digest" in notes[0]["text"]
