"""What is there is never overwritten, and half a file is never left."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.operations.init.project_files import write_project_files
from pioneer_build.operations.init.specs_from_requests import SpecDraft
from pioneer_build.operations.init.starter_files import ATTRIBUTES
from pioneer_build.project.open import open_project

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.results.init import WrittenFiles

DRAFT = SpecDraft("d", "specs/d.yaml", "dataset_name: d\n", {"specs/data/d.jsonl": "{}\n"}, ())


def written(root: Path, *drafts: SpecDraft) -> WrittenFiles:
    return write_project_files(open_project(root), drafts)


def test_an_empty_folder(tmp_path: Path) -> None:
    files = written(tmp_path)
    assert files.new == (
        "pioneer.yaml",
        ".pioneer/spec.schema.json",
        ".pioneer/settings.schema.json",
        "specs/support-intents.yaml",
        "specs/support-mail.yaml",
        "specs/reviews.yaml",
        "specs/data/reviews.txt",
        ".gitignore",
        ".gitattributes",
    )
    assert (files.extended, files.kept, files.merge_driver) == ((), (), None)
    assert all((tmp_path / path).stat().st_mode & 0o777 == 0o644 for path in files.new if not path.startswith(".git"))
    again = written(tmp_path)
    assert (again.new, again.extended) == ((), ())
    assert set(again.kept) == {path for path in files.new if not path.startswith("specs/")}


def test_lines_are_added_to_what_is_there(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"*.tmp\xff")
    (tmp_path / ".gitattributes").write_text("".join(f"{line}\n" for line in ATTRIBUTES))
    files = written(tmp_path)
    assert (files.extended, files.kept) == ((".gitignore",), (".gitattributes",))
    assert (tmp_path / ".gitignore").read_bytes().startswith(b"*.tmp\xff\n# pioneer-build")


def test_a_project_with_a_lock_gets_no_starter(tmp_path: Path) -> None:
    (tmp_path / "pioneer.lock").write_text('{\n  "datasets": {},\n  "lock_version": 1\n}\n')
    assert not any(path.startswith("specs/") for path in written(tmp_path).new)


def test_drafts_come_instead_of_the_starter(tmp_path: Path) -> None:
    assert [path for path in written(tmp_path, DRAFT).new if path.startswith("specs/")] == [
        "specs/d.yaml",
        "specs/data/d.jsonl",
    ]
    assert (tmp_path / "specs/data/d.jsonl").read_text() == "{}\n"


def test_a_draft_whose_file_is_there_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "specs/data").mkdir(parents=True)
    (tmp_path / "specs/data/d.jsonl").write_text("mine")
    with pytest.raises(PioneerError, match=r"specs/data/d\.jsonl already exists"):
        written(tmp_path, DRAFT)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["d.jsonl", "data", "specs"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "pioneer.yaml").symlink_to(tmp_path / "elsewhere")
    assert "pioneer.yaml" in written(tmp_path).kept
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / ".pioneer").write_text("")
    with pytest.raises(PioneerError, match=r"can't write .*spec\.schema\.json"):
        written(tmp_path)


@pytest.mark.parametrize("program", [None, "something else"])
def test_the_merge_driver(tmp_path: Path, program: str | None) -> None:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q")
    if program is not None:
        git("config", "merge.pioneer-lock.driver", program)
    assert written(tmp_path).merge_driver is True
    driver = git("config", "merge.pioneer-lock.driver")
    assert driver == program if program is not None else "pioneer-build merge-lock %O %A %B" in driver
