"""`lock split` and `lock join`, and what is said where the files and the setting disagree."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.git.driver import merges_with_driver
from pioneer_build.lock.split import SPLIT_MARK, entry_path
from tests.built import spec_text, write_spec
from tests.made import Made, classes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def made(folder: Path, tmp_path: Path) -> Made:
    made = Made(folder.resolve(), tmp_path / "store")
    for name in ("one", "two"):
        classes(made, name, 2)
    made.write_lock()
    return made


def lock_files(made: Made) -> dict[str, bytes]:
    paths = [made.root / "pioneer.lock", *(made.root / "pioneer.lock.d").glob("*")]
    return {path.relative_to(made.root).as_posix(): path.read_bytes() for path in paths}


def test_there_and_back_again(cli: Callable[..., Any], made: Made) -> None:
    before = lock_files(made)
    ran = cli("lock", "split")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "pioneer.lock is now split, with a file per dataset in pioneer.lock.d/: 2 datasets.\n"
        "Next: add `lock: split` to pioneer.yaml, so that a new lock is stored in the same way.\n"
        "Commit all files of the lock together: git add --all pioneer.lock pioneer.lock.d\n"
    )
    assert lock_files(made).keys() == {"pioneer.lock", entry_path("one"), entry_path("two")}
    assert (made.root / "pioneer.lock").read_text() == SPLIT_MARK
    assert cli("check").code == 0
    assert cli("lock", "split").out.startswith("pioneer.lock is already split, with a file per dataset in")
    ran = cli("lock", "join", "--format", "json")
    assert json.loads(ran.out) == {
        "format": 1, "split": False, "exists": True, "changed": True, "datasets": 2, "extended": [],
        "setting_differs": False,
    }  # fmt: skip
    assert lock_files(made) == before
    assert cli("-q", "lock", "join").out == ""
    assert cli("check").code == 0


def test_without_a_lock_nothing_is_written(cli: Callable[..., Any], folder: Path) -> None:
    (folder / "pioneer.yaml").write_text("version: 1\nlock: split\n")
    ran = cli("lock", "split")
    assert (ran.code, ran.out) == (0, "There is no pioneer.lock yet; nothing was written.\n")
    assert [path.name for path in folder.iterdir()] == ["pioneer.yaml"]
    assert cli("lock").code == 64
    assert cli("lock", "merge").code == 64


def test_git_is_told_of_the_files(cli: Callable[..., Any], made: Made) -> None:
    subprocess.run(["git", "init", "-q"], cwd=made.root, check=True)
    (made.root / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock linguist-generated=true\n")
    assert "\n.gitattributes has new lines for the files of a split lock.\n" in cli("lock", "split").out
    assert merges_with_driver(made.root, entry_path("one"))
    assert ".gitattributes" not in cli("lock", "split").out


def test_a_folder_that_git_ignores_is_refused(cli: Callable[..., Any], made: Made) -> None:
    """A rule for files of compilers: the entries would never be committed, and others would buy them again."""
    subprocess.run(["git", "init", "-q"], cwd=made.root, check=True)
    (made.root / ".gitignore").write_text("*.d\n")
    before = lock_files(made)
    ran = cli("lock", "split")
    assert (ran.code, ran.out) == (1, "")
    assert "git ignores pioneer.lock.d/, so a split lock would not be committed" in ran.err
    assert "git check-ignore -v pioneer.lock.d/x.json" in ran.err
    assert lock_files(made) == before


def test_a_file_that_git_ignores_is_refused(cli: Callable[..., Any], made: Made) -> None:
    """Not only a rule for all files: that of one dataset would be missing as well."""
    subprocess.run(["git", "init", "-q"], cwd=made.root, check=True)
    exclude = made.root / ".git" / "info" / "exclude"
    exclude.write_text("/pioneer.lock.d/t*\n")
    before = lock_files(made)
    ran = cli("lock", "split")
    assert (ran.code, "git ignores pioneer.lock.d/two.json" in ran.err) == (1, True)
    assert "`git check-ignore -v pioneer.lock.d/two.json` shows the line to remove" in ran.err
    assert lock_files(made) == before
    exclude.write_text("")
    assert cli("lock", "split").code == 0


@pytest.mark.parametrize("split", [False, True], ids=["one-file", "split"])
def test_a_lock_that_git_ignores_is_not_just_to_be_added(cli: Callable[..., Any], folder: Path, *, split: bool) -> None:
    """`git add`, as `apply` recommends it, would leave it out."""
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    (folder / "pioneer.yaml").write_text("version: 1\nbackend: local\n" + ("lock: split\n" if split else ""))
    write_spec(folder, "a.yaml", spec_text("a", examples=2))
    (folder / ".gitignore").write_text("*.json\n" if split else "*.lock\n")
    path = entry_path("a") if split else "pioneer.lock"
    ran = cli("apply", "--yes")
    assert ran.code == 0
    assert f"note: git ignores {path}: `git add` leaves out what other people and CI then build again\n" in ran.err
    assert f"  help: git check-ignore -v {path}   # shows the line to remove\n" in ran.err
    (folder / ".gitignore").unlink()
    write_spec(folder, "b.yaml", spec_text("b", examples=2, about="mail to a baker"))
    assert "note:" not in cli("apply", "--yes").err


def test_the_files_say_how_the_lock_is_stored_and_the_setting_is_compared(cli: Callable[..., Any], made: Made) -> None:
    settings = made.root / "pioneer.yaml"
    plain = settings.read_text()
    settings.write_text(f"{plain}lock: split\n")
    ran = cli("apply", "--yes")
    assert ran.code == 0
    assert ran.err == (
        "note: pioneer.yaml has `lock: split`, but pioneer.lock is one file, and stays one\n"
        "  help: pioneer-build lock split\n"
    )
    assert "! lock      pioneer.yaml has `lock: split`, but pioneer.lock is one file" in cli("doctor").out
    assert cli("lock", "split").out.count("\n") == 2, "there is nothing more to set"
    assert cli("apply", "--yes").err == ""
    assert "✓ lock      2 datasets on local, split" in cli("doctor").out
    settings.write_text(plain)
    ran = cli("apply", "--yes")
    assert ran.code == 0
    assert "pioneer.lock is split, but pioneer.yaml has no `lock: split`" in ran.err
    assert "pioneer-build lock join" in ran.err
    settings.write_text(f"{plain}lock: join\n")
    ran = cli("plan")
    assert (ran.code, ran.err.split("\n")[0]) == (1, "pioneer.yaml:4:7: error: 'lock' must be split, not join")


def test_both_forms_at_once_are_refused_until_one_is_chosen(cli: Callable[..., Any], made: Made) -> None:
    whole = (made.root / "pioneer.lock").read_bytes()
    assert cli("lock", "split").code == 0
    (made.root / "pioneer.lock").write_bytes(whole)
    (made.root / entry_path("two")).unlink()
    for command in ("plan", "check", "apply", "status", "doctor"):
        ran = cli(command)
        assert ran.code == 1, command
        said = " ".join((ran.out + ran.err).split())
        assert "the lock isn't split, but pioneer.lock.d/ has entries too" in said
        assert "pioneer-build lock split" in said
    assert cli("lock", "join").code == 0
    assert lock_files(made) == {"pioneer.lock": whole}


def test_a_damaged_file_is_named_for_the_runner(
    cli: Callable[..., Any], made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("lock", "split").code == 0
    path = made.root / entry_path("two")
    path.write_text(path.read_text().replace('"asked": ', '"asked": 1'))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran = cli("check")
    assert ran.code == 1
    assert "::error file=pioneer.lock.d/two.json,line=4,title=pioneer.lock::pioneer.lock.d/two.json:4" in ran.err
    assert "git checkout HEAD -- pioneer.lock.d/two.json" in ran.err
