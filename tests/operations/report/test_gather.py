"""What the report shows, of all that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.checks.quarantined_rows import QuarantinedRow
from pioneer_build.errors import PioneerError
from pioneer_build.operations.report.gather import ReportRequest, gather
from pioneer_build.project.open import open_project
from tests.made import Made, classes, spec_text
from tests.operations.report.chunks import unpacked
from tests.runner import git

if TYPE_CHECKING:
    from pioneer_build.results.report import ReportContents


def gathered(made: Made, most_rows: int = 100, **more: Any) -> ReportContents:
    return gather(open_project(made.root), ReportRequest(most_rows, **more))


def test_rows_beyond_the_bound_are_counted_and_left_out(made: Made) -> None:
    for name, count in (("small", 3), ("large", 50)):
        classes(made, name, count)
    made.write_lock()
    contents = gathered(made, 20)
    large, small = contents.overview["datasets"]
    assert (small["embedded"], large["embedded"]) == (3, 17)
    assert large["summary"]["labels"] == [("a", 25), ("b", 25)]
    assert [len(unpacked(contents.chunks[one])) for one in (*large["chunks"], *small["chunks"])] == [17, 3]


def test_rows_that_are_not_here_are_said_to_be_so(made: Made) -> None:
    classes(made, "gone", 1)
    made.write_lock()
    made.store.path(made.entries[0].content or "").unlink()
    [one] = gathered(made).overview["datasets"]
    assert "not on this machine" in one["unseen"]
    assert (one["chunks"], one["summary"], one["examples"]) == ([], None, 1)


def test_selection(made: Made) -> None:
    for name in ("one", "two", "three"):
        classes(made, name, 1)
    made.write_lock()
    assert [one["dataset_name"] for one in gathered(made, select=("t*",)).overview["datasets"]] == ["three", "two"]
    (made.root / "specs" / "two.yaml").unlink()
    found = gathered(made, exclude=("one",)).overview["datasets"]
    assert [(one["dataset_name"], one["state"]) for one in found] == [("three", "ready"), ("two", "changed")]
    with pytest.raises(PioneerError, match="matches no dataset"):
        gathered(made, select=("four",))


def test_what_was_set_aside(made: Made) -> None:
    causes: tuple[Any, ...] = ("no-text", "no-text", "no-row")
    bad = [QuarantinedRow(number, {}, cause, "why") for number, cause in enumerate(causes, 1)]
    classes(made, "some", 2, bad)
    made.write_lock()
    contents = gathered(made)
    aside = contents.overview["datasets"][0]["quarantined"]
    assert (aside["total"], aside["causes"], aside["unseen"]) == (3, [("no-text", 2), ("no-row", 1)], None)
    assert unpacked(contents.chunks[aside["chunks"][0]])[0] == ["no-text", "why", "job job-some, row 1", "{}"]
    made.store.path(made.entries[0].jobs[0].quarantined or "").unlink()
    lost = gathered(made).overview["datasets"][0]["quarantined"]
    assert (lost["total"], lost["chunks"]) == (0, [])
    assert lost["unseen"]


def test_what_is_not_built_yet(made: Made) -> None:
    (made.root / "specs" / "new.yaml").write_text(
        spec_text("new", "decoder", prompt="x", num_examples=3, owner="me", tags=["t"], description="d")
    )
    contents = gathered(made)
    assert (contents.datasets, contents.chunks) == (1, {})
    [one] = contents.overview["datasets"]
    assert (one["state"], one["unseen"], one["summary"]) == ("new", None, None)
    assert (one["owner"], one["tags"], one["description"]) == ("me", ["t"], "d")


def test_what_changed_since_a_revision(made: Made) -> None:
    git(made.root, "init", "-q")
    git(made.root, "add", ".")
    git(made.root, "commit", "-qm", "no lock")
    classes(made, "one", 2)
    classes(made, "gone", 1)
    made.write_lock()
    git(made.root, "add", ".")
    git(made.root, "commit", "-qm", "two")
    first = gathered(made, since="HEAD~1").overview
    assert first["notes"] == [f"{first['since']} has no pioneer.lock, so everything counts as added"]
    assert {one["change"]["change"] for one in first["datasets"]} == {"added"}
    made.entries = [entry for entry in made.entries if entry.dataset_name == "one"]
    (made.root / "specs" / "gone.yaml").unlink()
    classes(made, "one", 3)
    made.write_lock()
    overview = gathered(made, since="HEAD").overview
    [one] = overview["datasets"]
    assert [sample[0] for sample in one["change"]["samples"]] == ["added"]
    assert [(one["dataset_name"], one["change"]) for one in overview["removed"]] == [("gone", "removed")]
    with pytest.raises(PioneerError, match="git can't find the commit"):
        gathered(made, since="nope")
