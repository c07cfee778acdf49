"""A glob finds what `pathlib` finds, and looks at each folder once."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.inputs.glob import Glob
from pioneer_build.inputs.glob_walk import matches
from pioneer_build.paths import private_folders

NAMES = st.sampled_from(["a", "b", "ab.txt", "x.txt", ".h", "[x]"])
PARTS = st.sampled_from(["**", "**", "*", "a", "?", "*.txt", "[ab]*", ".*", "x.txt", "[[]x]"])


def found(folder: Path, *parts: str) -> list[str]:
    result = matches(Glob(folder, parts), str(folder), private_folders(str(folder)))
    assert not result.failed
    return result.names


@settings(max_examples=100, deadline=None)
@given(
    paths=st.lists(st.lists(NAMES, min_size=1, max_size=4), max_size=12),
    links=st.lists(
        st.tuples(st.sampled_from(["a", "b", "x.txt"]), st.sampled_from([".", "a", "b", "a/b"])), max_size=2
    ),
    parts=st.lists(PARTS, min_size=1, max_size=4),
)
def test_as_pathlib_does(paths: list[list[str]], links: list[tuple[str, str]], parts: list[str]) -> None:
    if parts[-1] == "**":
        parts.append("*")
    with TemporaryDirectory() as name:
        folder = Path(os.path.realpath(name))
        for link, target in links:
            if not (folder / link).is_symlink():
                (folder / link).symlink_to(target)
        for path in paths:
            file = folder.joinpath(*path)
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
            except OSError:  # another path has a file there, or a link leads nowhere
                continue
        there = {path.relative_to(folder) for path in folder.glob("/".join(parts)) if not path.is_dir()}
        if not any(part.startswith(".") for part in parts):
            there = {path for path in there if not any(one.startswith(".") for one in path.parts)}
        # a link to nowhere is found also by its name: it is said, and not taken for nothing
        names = [name for name in found(folder, *parts) if (folder / name).exists()]
        assert set(names) <= {path.as_posix() for path in there}
        # a folder that several links lead to is looked at once
        assert {(folder / name).resolve() for name in names} == {
            (folder / path).resolve() for path in there if (folder / path).exists()
        }
        assert names == sorted(names)


def test_a_link_to_nowhere_is_found_by_any_pattern(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").symlink_to("nowhere")
    assert found(tmp_path, "*", "x.txt") == found(tmp_path, "*", "*.txt") == found(tmp_path, "**", "x*") == ["a/x.txt"]


def test_each_folder_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = tmp_path.joinpath(*["a"] * 24)
    chain.mkdir(parents=True)
    (chain / "f.txt").touch()
    listed: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(str(path)), scandir(path))[1])
    name = "a/" * 24 + "f.txt"
    assert found(tmp_path, *["**"] * 7, "*.txt") == [name]
    assert found(tmp_path, *["**", "a"] * 7, "**", "*.txt") == [name]
    assert len(listed) == 2 * 25


def test_a_name_without_a_star_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").touch()
    listed: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(str(path)), scandir(path))[1])
    assert found(tmp_path, "*", "x.txt") == ["a/x.txt", "b/x.txt"]
    assert listed == [str(tmp_path)]


def test_what_can_not_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, reason in ((OSError(5, "Input/output error"), "Input/output error"), (ValueError("a NUL"), "a NUL")):

        def fails(path: str, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(os, "scandir", fails)
        result = matches(Glob(tmp_path, ("*",)), str(tmp_path), ("/none",))
        assert (result.unreadable, result.failed) == ([(str(tmp_path), reason)], True)


def test_folders_that_many_links_lead_to(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"l{number}").symlink_to(".")
    for number in range(20):
        (tmp_path / f"{number:02}.txt").touch()
    assert found(tmp_path, *"****", "*.txt") == [f"l0/l0/l0/l0/{number:02}.txt" for number in range(20)]


def test_the_bound(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.txt").touch()
    assert matches(Glob(tmp_path, ("*",)), str(tmp_path), ("/none",), most=9).too_many
    assert len(matches(Glob(tmp_path, ("*",)), str(tmp_path), ("/none",), most=10).names) == 10
