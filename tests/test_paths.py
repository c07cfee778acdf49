"""The user's folders, where the environment names them, names them badly, or doesn't."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.paths import (
    cache_folder,
    checkout_of,
    data_folder,
    find_root,
    link_that_leaves,
    local_path,
    place_without_links,
    spare_folders,
    state_folder,
)

ALL = (cache_folder, data_folder, state_folder)
XDG = {"XDG_CACHE_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s"}


def test_where_they_are() -> None:
    assert [str(folder(XDG)) for folder in ALL] == ["/c/pioneer-build", "/d/pioneer-build", "/s/pioneer-build"]
    below_home = ["/h/.cache/pioneer-build", "/h/.local/share/pioneer-build", "/h/.local/state/pioneer-build"]
    assert [str(folder({"HOME": "/h"})) for folder in ALL] == below_home
    relative = dict.fromkeys(XDG, "relative")
    assert [str(folder({"HOME": "/h", **relative})) for folder in ALL] == below_home
    assert [str(folder({"HOME": "/", **dict.fromkeys(XDG, "")})) for folder in ALL] == [
        path.removeprefix("/h") for path in below_home
    ]


@pytest.mark.parametrize(("home", "said"), [(None, "HOME is not set"), ("", "HOME is not set"),
                                            ("~", r"HOME is not an absolute path \('~'\)"),
                                            ("here", r"HOME is not an absolute path \('here'\)")])  # fmt: skip
def test_without_a_home_it_is_said_what_to_set(home: str | None, said: str) -> None:
    environ = {} if home is None else {"HOME": home}
    for folder in ALL:
        with pytest.raises(PioneerError, match=said) as caught:
            folder({**environ, "XDG_CACHE_HOME": "relative"})
        assert "export HOME=/your/home" in str(caught.value.hint)
        assert "XDG_STATE_HOME" in str(caught.value.hint)
    assert [str(folder({**environ, **XDG})) for folder in ALL]


def test_a_project_has_its_own_local_engine() -> None:
    assert local_path("/a", XDG) != local_path("/b", XDG)
    assert local_path("/a", XDG).startswith("/s/pioneer-build/local/")


def test_spare_folders_are_absolute_and_different() -> None:
    found = spare_folders(Path("/p"), {**XDG, "TMPDIR": "relative"})
    assert found[:3] == (Path("/s/pioneer-build"), Path("/c/pioneer-build"), Path("/p/.pioneer"))
    assert len(set(found)) == 5
    assert all(folder.is_absolute() for folder in found)
    assert spare_folders(Path("/p"), {**XDG, "TMPDIR": "/t"})[-1] == Path(f"/t/pioneer-build-{os.geteuid()}")


@pytest.mark.parametrize("home", [None, "", "~", "here"])
def test_no_command_makes_a_folder_named_like_the_home_that_is_missing(tmp_path: Path, home: str | None) -> None:
    (tmp_path / "pioneer.yaml").write_text("version: 1\n")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1])}
    if home is not None:
        environ["HOME"] = home
    for command in ("plan", "doctor"):
        done = subprocess.run([sys.executable, "-m", "pioneer_build", command], cwd=tmp_path, env=environ,
                              capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 1
        assert "HOME is not" in done.stderr + done.stdout
        assert "export HOME=" in done.stderr + done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["pioneer.yaml"]


def test_a_link_that_leaves_a_folder_is_found_on_the_way(tmp_path: Path) -> None:
    root, outside = (tmp_path / "project").resolve(), (tmp_path / "outside").resolve()
    (root / "a").mkdir(parents=True)
    outside.mkdir()
    for name, target in (
        ("in", "a"),
        ("out", "../outside"),
        ("a/out", str(outside)),
        ("chain", "out"),
        ("no", "../no"),
    ):
        (root / name).symlink_to(target)
    (tmp_path / "to").symlink_to(root)
    (outside / "back").symlink_to(root)
    (outside / "link").symlink_to("/")

    def found(path: str) -> str | None:
        return link_that_leaves(str(root), path)

    for path in ("a/x", "in/x", "x/y", "../x", "in/../x", ""):
        assert found(f"{root}/{path}") is None, path
    assert found(f"{outside}/link/x") is None, "the user's own"
    for path, link in (
        ("out", "out"), ("out/x/y", "out"), ("in/out/x", "a/out"), ("chain/x", "chain"), ("no", "no"),
        ("out/../project/a", "out"), ("a/../out/x", "out"),
    ):  # fmt: skip
        assert found(f"{root}/{path}") == f"{root}/{link}", path
    assert found(f"{tmp_path}/to/out/x") == f"{root}/out", "by whatever way"
    assert found(f"{outside}/back/out") == f"{root}/out"


def test_a_place_without_links_is_where_the_path_leads(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "project"
    (root / "real").mkdir(parents=True)
    (root / "link").symlink_to("real")
    (root / "out").symlink_to(tmp_path)
    assert place_without_links(str(root), f"{root}/real/../x") == f"{root}/real/../x"
    assert place_without_links(str(root), f"{root}/link/x") == f"{root}/real/x"
    with pytest.raises(PioneerError, match="out is a symbolic link that leaves the project"):
        place_without_links(str(root), f"{root}/out/x")


def test_a_link_that_is_a_folder_again_while_it_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then `realpath` reads a link where there is none."""
    (tmp_path / "folder").mkdir()
    monkeypatch.setattr(os.path, "islink", lambda path: str(path).endswith("/folder"))

    def fails(path: str) -> str:
        raise OSError(22, "Invalid argument", path)

    monkeypatch.setattr(os.path, "realpath", fails)
    with pytest.raises(PioneerError, match=r"can't follow the symbolic link .*/folder: Invalid argument"):
        place_without_links(str(tmp_path), f"{tmp_path}/folder/x")


def test_the_checkout_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "repository" / "sub" / "project").mkdir(parents=True)
    project = str(tmp_path / "repository" / "sub" / "project")
    assert checkout_of(project) == project
    (tmp_path / "repository" / ".git").write_text("gitdir: elsewhere")
    assert checkout_of(project) == str(tmp_path / "repository")


def test_a_project_is_not_looked_for_outside_of_the_repository(tmp_path: Path) -> None:
    top = tmp_path.resolve() / "top"
    deep = top / "specs" / "deep"
    deep.mkdir(parents=True)
    (tmp_path / "pioneer.yaml").write_text("version: 1\n")
    assert find_root(str(deep)) == str(tmp_path.resolve())
    (top / ".git").write_text("gitdir: elsewhere\n")
    assert find_root(str(deep)) == str(deep)
    assert find_root(str(top)) == str(top)
    (top / "pioneer.lock").write_text("{}")
    assert find_root(str(deep)) == str(top), "the top itself was looked at"


def test_a_project_is_not_looked_for_on_another_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path.resolve()
    deep = top / "mounted" / "deep"
    deep.mkdir(parents=True)
    (top / "pioneer.yaml").write_text("version: 1\n")
    real = os.stat

    def stat(path: str, **more: Any) -> os.stat_result:
        found = real(path, **more)
        return os.stat_result((*found[:2], found.st_dev + ("mounted" in str(path)), *found[3:]))

    monkeypatch.setattr(os, "stat", stat)
    assert find_root(str(deep)) == str(deep)
    assert find_root(str(top)) == str(top)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
@pytest.mark.parametrize("name", ["pioneer.yaml", "pioneer.lock", "pioneer.lock.d", ".pioneer", ""])
def test_a_project_of_another_user_above_is_refused(tmp_path: Path, name: str) -> None:
    top = tmp_path.resolve() / "top"
    deep = top / "a b" / "deep"
    deep.mkdir(parents=True)
    for file in ("pioneer.yaml", "pioneer.lock"):
        (top / file).write_text("version: 1\n")
    for folder in ("pioneer.lock.d", ".pioneer"):
        (top / folder).mkdir()
    assert find_root(str(deep)) == str(top)
    os.chown(top / name, 1234, -1)
    with pytest.raises(PioneerError, match=r"belongs to another user \(uid 1234\), and would be used in ") as caught:
        find_root(str(deep))
    assert str(top / name) in caught.value.message
    assert "start in the folder of that file; if not: " in str(caught.value.hint)
    assert find_root(str(top)) == str(top), "who starts there trusts it"
    os.chown(deep, 1234, -1)
    assert find_root(str(deep)) == str(top), "a volume of one owner"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_a_project_of_another_user_in_a_folder_that_is_open_to_all(tmp_path: Path) -> None:
    top = tmp_path.resolve()
    (top / "pioneer.yaml").write_text("version: 1\n")
    os.chown(top / "pioneer.yaml", 1234, -1)
    assert find_root(str(top)) == str(top), "only its owner can have put it there"
    top.chmod(0o1777)
    with pytest.raises(PioneerError, match="anybody can write to its folder"):
        find_root(str(top))
    (top / "pioneer.yaml").unlink()
    os.symlink("/dev/null", top / "pioneer.lock")
    (top / "settings").write_text("version: 1\n")
    os.symlink("settings", top / "pioneer.yaml")
    os.lchown(top / "pioneer.yaml", 1234, -1)
    with pytest.raises(PioneerError, match="anybody can write to its folder"):
        find_root(str(top))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_the_search_ends_at_a_folder_of_another_user(tmp_path: Path) -> None:
    mine = tmp_path.resolve() / "theirs" / "mine"
    mine.mkdir(parents=True)
    (tmp_path / "pioneer.yaml").write_text("version: 1\n")
    assert find_root(str(mine)) == str(tmp_path.resolve())
    os.chown(mine.parent, 1234, -1)
    assert find_root(str(mine)) == str(mine)
