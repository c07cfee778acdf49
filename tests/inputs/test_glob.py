"""What a glob matches must be what `pathlib` finds, which reads only what is there."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.inputs.glob import Glob

BASE = Path("/base")
NAMES = st.sampled_from(["a", "b", "ab.txt", "x.txt", ".h", "[x]"])
PARTS = st.sampled_from(["**", "*", "a", "?", "*.txt", "[ab]*", ".*", "x.txt", "[[]x]"])


@settings(max_examples=60, deadline=None)
@given(
    paths=st.sets(st.lists(NAMES, min_size=1, max_size=4).map(tuple), max_size=12),
    parts=st.lists(PARTS, min_size=1, max_size=4),
)
def test_as_pathlib_does(paths: set[tuple[str, ...]], parts: list[str]) -> None:
    if parts[-1] == "**":
        parts.append("*")
    files = {path for path in paths if not any(other[: len(path)] == path for other in paths - {path})}
    with TemporaryDirectory() as folder:
        glob = Glob(Path(folder), tuple(parts))
        for path in files:
            glob.base.joinpath(*path).parent.mkdir(parents=True, exist_ok=True)
            glob.base.joinpath(*path).touch()
        there = {path for path in glob.base.glob("/".join(parts)) if path.is_file()}
        if not glob.names_hidden:
            there = {path for path in there if not any(one.startswith(".") for one in path.relative_to(folder).parts)}
        assert {path for path in glob.base.rglob("*") if path.is_file() and glob.matches(path)} == there
        for path in there:
            assert all(glob.reaches(above) for above in path.parents)


@pytest.mark.parametrize(
    ("parts", "folder", "reaches"),
    [
        (("*.txt",), "sub", False),
        (("*", "x.txt"), "sub", True),
        (("*", "x.txt"), "sub/deep", False),
        (("**", "*.txt"), "sub/deep", True),
        (("a*", "**", "*.txt"), "sub", False),
        (("**", "*.txt"), ".sub", False),
        (("**", ".sub", "*.txt"), ".sub", True),
        (("*.txt",), ".", True),
        (("*.txt",), "..", True),
        (("*.txt",), "../other", False),
    ],
)
def test_how_far_it_reaches(parts: tuple[str, ...], folder: str, *, reaches: bool) -> None:
    assert Glob(BASE, parts).reaches(BASE.joinpath(folder) if folder[:2] != ".." else Path("/", folder[3:])) is reaches


@pytest.mark.parametrize(
    ("parts", "reaches"), [(("*", "x.txt"), True), (("**", "x.txt"), False), (("**", "*", "x.txt"), True)]
)
def test_two_stars_follow_no_link(parts: tuple[str, ...], *, reaches: bool) -> None:
    assert Glob(BASE, parts).reaches(BASE / "sub", link=True) is reaches


def test_many_stars_take_no_time() -> None:
    deep = BASE.joinpath(*["a"] * 200)
    assert not Glob(BASE, (*["**", "a"] * 50, "b")).matches(deep)
