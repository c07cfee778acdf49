"""Which project a submission belongs to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.journal.model import Origin
from pioneer_build.project.origin import OtherProjects, origin_of
from tests.journal.logs import intent
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.journal.model import Submission


def repository(root: Path, text: str = "") -> Path:
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "file").write_text(text or str(root))
    git(root, "add", "--all")
    git(root, "commit", "-qm", f"first of {root.name}")
    return root


def begun(origin: Origin) -> Submission:
    return replace(intent(), project=origin.project, folder=origin.folder)


def test_clones_are_one_project_and_folders_of_a_repository_are_several(tmp_path: Path) -> None:
    one = repository(tmp_path / "one")
    git(tmp_path, "clone", "-q", "one", "clone")
    (one / "file").write_text("later")
    git(one, "commit", "-qam", "later")
    (one / "below").mkdir()
    here = origin_of(one)
    assert origin_of(tmp_path / "clone").project == here.project
    assert here.folder == str(one.resolve())
    others = [one / "below", repository(tmp_path / "two"), tmp_path]
    assert len({here.project, *(origin_of(root).project for root in others)}) == 4
    other = OtherProjects(tmp_path / "clone")
    assert [other.has(begun(origin_of(root))) for root in (one, *others)] == [False, True, True, True]


def test_a_shallow_clone_goes_by_its_folder(tmp_path: Path) -> None:
    """What it calls its first commit changes with each fetch."""
    one = repository(tmp_path / "one")
    git(one, "commit", "-qm", "later", "--allow-empty")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{one}", "shallow")
    (tmp_path / "plain").mkdir()
    plain = origin_of(tmp_path / "plain").project
    assert origin_of(tmp_path / "shallow").project not in {origin_of(one).project, plain}


def test_a_project_is_the_same_after_its_first_commit(tmp_path: Path) -> None:
    root = tmp_path / "one"
    root.mkdir()
    before = begun(origin_of(root))
    git(root, "init", "-q", "-b", "main")
    git(root, "commit", "-qm", "first", "--allow-empty")
    assert before.project != origin_of(root).project
    assert not OtherProjects(root).has(before)
    git(tmp_path, "clone", "-q", "one", "clone")
    assert not OtherProjects(tmp_path / "clone").has(before)


def test_of_what_an_earlier_version_began_it_is_not_known(tmp_path: Path) -> None:
    assert not OtherProjects(tmp_path).has(intent())
