"""docs/network.md has every dependency: a new one is looked at before it is used."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
_ADD = "look at what it could send (see tests/e2e/test_offline.py), and add it to the table in docs/network.md"


def on_the_page() -> dict[str, str]:
    """The libraries of the table, and the cell that says which extra brings them."""
    text = (ROOT / "docs/network.md").read_text(encoding="utf-8").partition("## What libraries could send\n")[2]
    found: dict[str, str] = {}
    for line in text.partition("\n\n")[0].splitlines()[2:]:
        libraries, extra = (cell.strip() for cell in line.strip("|").split("|")[:2])
        for name in re.findall(r"`([^`]+)`", libraries):
            assert canonicalize_name(name) not in found, f"{name} is there twice"
            found[canonicalize_name(name)] = extra
    return found


def declared() -> dict[str, set[str]]:
    """The dependencies in pyproject.toml, with the extras that bring them; none for those of the core."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    found: dict[str, set[str]] = {name: set() for name in core}
    for extra, lines in project["optional-dependencies"].items():
        if extra != "dev":
            for line in lines:
                found.setdefault(canonicalize_name(Requirement(line).name), set()).add(extra)
    return {name: set() if name in core else extras for name, extras in found.items()}


def installed() -> set[str]:
    """What the declared dependencies bring with them, as far as it is installed here."""
    found: set[str] = set()
    waiting = list(declared())
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            needed = requires(name) or []
        except PackageNotFoundError:
            continue
        found.add(name)
        waiting += [
            canonicalize_name(one.name)
            for one in map(Requirement, needed)
            if one.marker is None or one.marker.evaluate({"extra": ""})
        ]
    return found


def test_every_declared_dependency_is_on_the_page_with_its_extra() -> None:
    page = on_the_page()
    for name, extras in declared().items():
        assert name in page, f"{name}: {_ADD}"
        assert page[name] == (", ".join(sorted(extras)) or "–"), name


def test_every_library_on_the_page_is_declared_or_comes_with_one_that_is() -> None:
    names = declared()
    for name, extra in on_the_page().items():
        assert name in names or extra.removeprefix("of ") in names or extra == "–", f"{name}: {extra}"


@pytest.mark.long
def test_everything_that_is_installed_is_on_the_page() -> None:
    """Long, because a library may get a new dependency on any day, and then this test fails without a change here."""
    assert len(installed()) > len(declared()) / 2
    assert installed() - set(on_the_page()) == set(), _ADD
