"""A project on disk: its root, its settings, its lock; what didn't change isn't read again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import LockError, PioneerError, Problems
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.paths import cache_folder, find_root, state_folder
from pioneer_build.project.open import open_project
from tests.built import age, build, home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path.resolve() / "p"
    root.mkdir()
    home(root, monkeypatch)
    (root / "pioneer.yaml").write_text("version: 1\n")
    return root


def test_the_root_is_above(root: Path) -> None:
    deep = root / "specs" / "a"
    deep.mkdir(parents=True)
    assert find_root(str(deep)) == str(root)
    assert open_project(deep).root == root
    (root / "pioneer.yaml").unlink()
    assert find_root(str(deep)) == str(deep)
    (root / "pioneer.lock").write_text("{}")
    assert find_root(str(deep)) == str(root)


def test_a_folder_that_isnt_there(root: Path) -> None:
    with pytest.raises(PioneerError, match="no such folder"):
        open_project(root / "nowhere")


def test_folders_follow_the_environment() -> None:
    assert str(cache_folder({"XDG_CACHE_HOME": "/c"})) == "/c/pioneer-build"
    assert str(cache_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"})) == "/h/.cache/pioneer-build"
    assert str(state_folder({"HOME": "/h"})) == "/h/.local/state/pioneer-build"


def test_settings_are_not_parsed_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pioneer_build import parse

    (root / "pioneer.yaml").write_text("version: 1\nspecs: data\n")
    age()
    project = open_project(root)
    assert project.config.specs == "data"
    project.cache.save()
    monkeypatch.setattr(parse, "parse_settings", None)
    assert open_project(root).config.specs == "data"
    (root / "pioneer.yaml").write_text("version: 1\nspecs: other\n")
    with pytest.raises(TypeError):
        open_project(root)


def test_settings_with_a_mistake_are_said_each_time(root: Path) -> None:
    (root / "pioneer.yaml").write_text("version: 1\nspec: data\n")
    age()
    for _ in range(2):
        with pytest.raises(Problems, match="1 error"):
            open_project(root)


def test_settings_that_cant_be_read(root: Path) -> None:
    (root / "pioneer.yaml").unlink()
    (root / "pioneer.yaml").symlink_to("pioneer.yaml")
    (root / "pioneer.lock").write_text("")
    with pytest.raises(PioneerError, match=r"can't read pioneer\.yaml"):
        open_project(root)


@pytest.mark.parametrize("target", ["../outside", ".git/config", "/dev/zero"])
def test_settings_are_not_read_from_where_a_repository_has_no_say(root: Path, target: str) -> None:
    (root / ".git").mkdir()
    for path in (root.parent / "outside", root / ".git" / "config"):
        path.write_text("machine api.example password hunter2\n")
    (root / "pioneer.yaml").unlink()
    (root / "pioneer.yaml").symlink_to(target)
    with pytest.raises(PioneerError, match=r"pioneer\.yaml is a symbolic link to a file that is not in the") as caught:
        open_project(root)
    assert "hunter2" not in str(caught.value)


def test_settings_may_be_a_link_in_the_repository(root: Path) -> None:
    (root / ".git").mkdir()
    (root / "sub").mkdir()
    (root / "sub" / "pioneer.yaml").symlink_to("../pioneer.yaml")
    (root / "pioneer.yaml").write_text("version: 1\nspecs: there\n")
    assert open_project(root / "sub").config.specs == "there"


def test_settings_that_are_a_pipe_are_not_waited_for(root: Path) -> None:
    (root / "pioneer.yaml").unlink()
    os.mkfifo(root / "pioneer.yaml")
    with pytest.raises(PioneerError, match=r"can't read pioneer\.yaml: it is not a regular file"):
        open_project(root)


def test_the_journal_of_the_local_engine_is_the_projects_own(root: Path) -> None:
    service, local = open_project(root).journal_folder, open_project(root, "local").journal_folder
    assert service == state_folder() / "journal"
    assert local.is_relative_to(state_folder() / "local")


# -- the lock ------------------------------------------------------------------------------------------------------


def damaged(root: Path) -> None:
    """Edits the entry of `two` by hand."""
    path = root / "pioneer.lock"
    path.write_text(
        path.read_text().replace('"dataset_name": "two"', '"dataset_name": "2"').replace('"j-two"', '"j-2"')
    )
    age()


def test_an_unchanged_lock_is_verified_once(root: Path, tmp_path: Path) -> None:
    build(root, tmp_path / "share", ["one", "two"])
    damaged(root)
    with pytest.raises(LockError, match="digest"):
        open_project(root).read_lock()
    project = open_project(root)
    stamp = project.lockfile.stamp()
    assert stamp is not None
    project.cache.put_verified_lock(stamp)
    assert len(project.read_lock().entries) == 2


def test_what_was_verified_is_known_to_the_next_command(root: Path, tmp_path: Path) -> None:
    build(root, tmp_path / "share", ["one", "two"])
    age()
    project = open_project(root)
    lock = project.read_lock()
    project.cache.save()
    again = open_project(root)
    stamp = again.lockfile.stamp()
    assert stamp is not None
    assert again.cache.has_verified_lock(stamp)
    assert again.read_lock() == lock


def test_there_is_no_lock(root: Path) -> None:
    assert not open_project(root).read_lock().entries


@pytest.mark.parametrize("asked", ["localhost", "127.0.0.1", "[::1]"])
@pytest.mark.parametrize("written", ["localhost", "127.0.0.1", "[::1]"])
def test_a_service_on_this_machine_is_one_and_the_lock_keeps_its_spelling(root: Path, asked: str, written: str) -> None:
    """`serve` prints 127.0.0.1, and people write localhost: what was bought under one isn't bought under the other."""
    where = f"http://{written}:8765"
    entry = Entry("a", where, "decoder", {"task_type": "decoder", "prompt": "a"}, "a", 5)
    (root / "pioneer.lock").write_text(lock_text(Lock({("a", where): entry})))
    config = open_project(root, f"http://{asked}:8765").config
    assert (config.backend, config.base_url) == (where, f"http://{asked}:8765")
    other = open_project(root, f"http://{asked}:8766").config
    assert other.backend == f"http://{asked}:8766"


def test_a_damaged_lock_is_reported_when_it_is_needed(root: Path) -> None:
    (root / "pioneer.lock").write_text("{")
    assert open_project(root, "http://localhost:1").config.backend == "http://localhost:1"
