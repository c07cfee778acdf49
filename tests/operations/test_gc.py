"""What a lock names is kept, that of another project too; all else is found first and removed when told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pioneer_build.checks.quarantined_rows import QuarantinedRow
from pioneer_build.errors import LockError, PioneerError
from pioneer_build.operations.gc import find_garbage
from pioneer_build.project.open import open_project
from pioneer_build.results.gc import GcResult
from tests.made import Made, classes

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_that_the_lock_names_goes(made: Made) -> None:
    classes(made, "one", 2, [QuarantinedRow(1, {}, "no-text", "m")])
    classes(made, "off", 3)
    made.entries[-1] = replace(made.entries[-1], forgotten=True)
    made.write_lock()
    garbage = find_garbage(open_project(made.root), (), None)
    assert garbage.result == GcResult(0, 0, 0, 0, 0)


def test_what_no_lock_names_goes_when_told(made: Made) -> None:
    classes(made, "one", 2)
    old = classes(made, "old", 3)
    made.entries.pop()
    made.write_lock()
    path = made.store.path(old.jobs[0].rows or "")
    garbage = find_garbage(open_project(made.root), (), None)
    assert garbage.result == GcResult(1, path.stat().st_size, 3, 0, 0)
    assert garbage.result.value(removed=False)["removed"] is False
    assert path.exists()
    garbage.remove()
    assert not path.exists()
    assert made.store.has(made.entries[0].jobs[0].rows or "")
    assert find_garbage(open_project(made.root), (), None).result.files == 0


def test_what_another_project_needs_is_kept(made: Made, tmp_path: Path) -> None:
    other = Made(tmp_path / "other", tmp_path / "store")
    classes(other, "theirs", 4)
    other.write_lock()
    project = open_project(made.root)
    assert find_garbage(project, (), None).result.rows == 4
    assert find_garbage(project, [other.root], None).result.rows == 0
    with pytest.raises(PioneerError, match="no such folder"):
        find_garbage(project, [tmp_path / "nowhere"], None)


def test_a_lock_that_can_not_be_read_stops_everything(made: Made) -> None:
    classes(made, "one", 2)
    (made.root / "pioneer.lock").write_text("{")
    with pytest.raises(LockError):
        find_garbage(open_project(made.root), (), None)
