"""Paths to write to: what a shell would have understood, and what would be a folder with an odd name."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.cli.output_path import path_to_write
from pioneer_build.errors import UsageError
from tests.made import Made, classes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home; the current folder is the project."""
    made = Made(folder.resolve(), tmp_path / "store")
    classes(made, "moods", 4)
    made.write_lock()
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.chdir(folder)
    return path


def test_the_home_of_the_user(cli: Any, folder: Path, home: Path) -> None:
    assert cli("export", "moods", "--to", "~/rows.jsonl").code == 0
    assert cli("export", "moods", "--to=~/parts", "--split", "a=0.5,b=0.5").code == 0
    assert cli("plan", "--out", "~/plan.json").code == 0
    assert cli("report", "--to", "~/report.html").code == 0
    assert {path.name for path in home.iterdir()} >= {"rows.jsonl", "parts", "plan.json", "report.html"}
    assert not (folder / "~").exists()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("s3://bucket/rows", "can only use folders, not remote stores"),
        ("https://host/rows", "this is a URL, not a path"),
        ("~other/rows", "only the home of the user who runs this"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ("export", "moods", "--split", "a=0.5,b=0.5", "--to"),
        ("plan", "--out"),
        ("report", "--to"),
        ("serve", "--state"),
        ("init",),
    ],
)
def test_what_is_no_path(cli: Any, folder: Path, home: Path, command: tuple[str, ...], path: str, said: str) -> None:
    before = sorted(folder.rglob("*"))
    ran = cli(*command, path)
    assert ran.code == 64
    assert said in " ".join(ran.err.split())
    assert sorted(folder.rglob("*")) == before


def test_without_a_home(cli: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.delenv("HOME")
    ran = cli("report", "--to", "~/x.html")
    assert (ran.code, "HOME is not set" in ran.err) == (64, True)


def test_a_link_that_leaves_the_project_is_only_followed_by_its_own_path(cli: Any, folder: Path, home: Path) -> None:
    """It may have come with the repository; whoever wants to write there says so."""
    (home / "big").mkdir()
    (folder / "data").symlink_to(home / "big")
    (folder / "inside").mkdir()
    (folder / "in").symlink_to("inside")
    (home / "mine").symlink_to("big")
    ran = cli("export", "moods", "--to", "data/rows.jsonl")
    assert ran.code == 1
    assert f"{folder.resolve() / 'data'} is a symbolic link that leaves the project" in ran.err
    assert f"help: if you want to write there, pass the path that it leads to: {home / 'big' / 'rows.jsonl'}" in ran.err
    assert list((home / "big").iterdir()) == []
    for path in (home / "big" / "rows.jsonl", home / "mine" / "more.jsonl", folder / "in" / "rows.jsonl"):
        assert cli("export", "moods", "--to", str(path)).code == 0
        assert path.exists()
    assert cli("init", "data").code == 1
    assert cli("serve", "--state", "data/state").code == 1


@pytest.mark.parametrize("other", [False, True], ids=["folder", "a folder of another name"])
def test_nothing_is_written_where_git_keeps_its_own(cli: Any, folder: Path, home: Path, other: bool) -> None:
    place = folder / ("kept" if other else ".git")
    git = ("git", "init", "-q", *(["--separate-git-dir", str(place)] if other else []), str(folder))
    subprocess.run(git, check=True)
    (folder / "data").symlink_to(place.name)
    (folder / "out").symlink_to(f"{place.name}/new")
    (folder / "report.html").symlink_to(f"{place.name}/config")
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    for command in (
        ("export", "moods", "--to", "data/config"),
        ("export", "moods", "--split", "a=0.5,b=0.5", "--to", "data"),
        ("export", "moods", "--to", f"{place.name}/x.jsonl"),
        ("export", "moods", "--to", f"{place}/x.jsonl"),
        ("plan", "--out", "data/plan"),
        ("plan", "--out", "out"),
        ("plan", "--out", f"{place.name}/hooks/plan"),
        ("report",),
        ("report", "--to", "data/report.html"),
        ("init", "data"),
        ("init", f"{place.name}/x"),
        ("serve", "--state", "data/state"),
    ):
        ran = cli(*command)
        assert (ran.code, "is in a folder of git" in ran.err) == (1, True), command
        assert "this is a bug" not in ran.err
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
    (folder / "pioneer.yaml").write_text("version: 1\nstore: data/store\n")
    assert "it is in a folder of git" in cli("plan").err


def test_a_folder_named_like_gits_above_the_checkout_is_none_of_its(cli: Any, home: Path, tmp_path: Path) -> None:
    work = tmp_path / ".git" / "work"
    work.mkdir(parents=True)
    (work / ".git").mkdir()
    assert path_to_write(work / "rows.jsonl", str(work)) == work / "rows.jsonl"


def test_a_path_with_the_key_is_neither_written_nor_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", "sk-Zq81hT6vLmW02xKpR9")
    for written in ("sk-Zq81hT6vLmW02xKpR9.json", "sk-Zq81hT6vLmW02xKpR9/plan.json"):
        with pytest.raises(UsageError) as caught:
            path_to_write(written, str(tmp_path))
        assert "sk-Zq" not in f"{caught.value.message} {caught.value.hint}"
    assert path_to_write("plan.json", str(tmp_path)).name == "plan.json"


def test_a_link_in_the_project_is_followed_once_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is the place that was checked: no link is followed after that."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pioneer.yaml").write_text("version: 1\n")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "rows.jsonl").symlink_to("real/rows.jsonl")
    real = tmp_path.resolve() / "real"
    assert path_to_write("link/x.jsonl", ".") == real / "x.jsonl"
    assert path_to_write("rows.jsonl", ".") == real / "rows.jsonl"
    assert str(path_to_write("real/x.jsonl", ".")) == "real/x.jsonl"
    assert str(path_to_write("/dev/stdout", ".")) == "/dev/stdout"
