"""The layout: sizes, circles and layers within their targets, and pages that say what is there.

`pytest -s tests/test_house.py` prints the table, as `python -m tests.house` does.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from benchmarks.mutation import TESTS
from pioneer_build.cli import COMMANDS
from tests.house import MEASURES, PACKAGE, House, Layer, Measure, table

ROOT = Path(__file__).resolve().parent.parent
HOUSE = House(ROOT)
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")

#: Packages of many modules of one kind, whose listing names the others.
LISTED_IN_PART = {"exports"}


def test_the_table_is_shown() -> None:
    """For whoever runs this with `-s`; on stderr, as what workers of xdist say on stdout is lost."""
    print(f"\n{table(HOUSE)}", file=sys.stderr)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_no_figure_is_worse_than_its_target(measure: Measure) -> None:
    figure = measure.figure(HOUSE)
    if figure > measure.target:
        offenders = "\n  ".join(measure.offenders(HOUSE))
        pytest.fail(f"{measure.name}: {figure}, and {measure.target} is the target\n  {offenders}", pytrace=False)


# -- layers ---------------------------------------------------------------------------------------------------------


def drawn() -> list[Layer]:
    """The layers that CONTRIBUTING.md draws."""
    block = re.search(r"^## The house\n.*?^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert block is not None
    layers = []
    for part in block[1].split("---\n"):
        lines = re.findall(r"^(\(?)([a-z_]+)\)? +\S.*$", part, re.MULTILINE)
        assert len(lines) == len(part.splitlines()), f"a line is no room with a phrase:\n{part}"
        planned = frozenset(room for bracket, room in lines if bracket)
        layers.append(Layer(frozenset(room for _, room in lines), planned))
    return layers


def test_the_drawing_has_the_layers_that_are_checked() -> None:
    assert drawn() == HOUSE.layers()


def test_every_room_has_its_layer_and_a_planned_one_is_not_there_yet() -> None:
    placed = frozenset().union(*(layer.rooms for layer in HOUSE.layers()))
    planned = frozenset().union(*(layer.planned for layer in HOUSE.layers()))
    assert HOUSE.rooms() == placed - planned


def test_no_room_is_on_two_layers() -> None:
    rooms = [room for layer in HOUSE.layers() for room in layer.rooms]
    assert len(rooms) == len(set(rooms))


def test_files_that_the_page_names_are_there() -> None:
    named = set(re.findall(r"`((?:[\w.]+/)*[\w.]+\.(?:py|toml|md))`", PAGE))
    assert len(named) > 20
    places = (ROOT / PACKAGE, ROOT)
    lost = {one for one in named if "X" not in one and not any((place / one).exists() for place in places)}
    assert not lost


def test_rooms_that_the_page_names_are_there_or_planned() -> None:
    named = set(re.findall(r"`([\w]+)/`", PAGE.partition("## The house")[2]))
    assert named <= {*HOUSE.rooms(), "docs", ".pioneer"}


def test_the_tests_that_mutants_are_tried_with_are_there() -> None:
    for part, tests in TESTS.items():
        assert [one for one in (part, *tests) if not (ROOT / one).exists()] == []


#: Commands without a module of their name in one of the rooms: CONTRIBUTING.md says the same.
FEWER_PARTS = {
    "adopt": {"render"},
    "completion": {"operations", "render"},
    "merge_lock": {"render"},
    "schema": {"operations", "render"},
    "serve": {"operations", "render"},
}


@pytest.mark.parametrize("command", sorted(name.replace("-", "_") for name in COMMANDS))
def test_a_command_is_three_files(command: str) -> None:
    lacking = {room for room in ("operations", "render") if f"{PACKAGE}.{room}.{command}" not in HOUSE.modules}
    assert lacking == FEWER_PARTS.get(command, set())
    assert command not in FEWER_PARTS or f"`{command.replace('_', '-')}`" in PAGE


# -- listings --------------------------------------------------------------------------------------------------------


def listed(docstring: str, there: set[str]) -> set[str]:
    """The modules that a package's docstring lists: `name   phrase`, or `one, other   phrase`, a line each.

    A block of such lines that names no module of the package is about something else.
    """
    found: set[str] = set()
    for block in re.split(r"\n\s*\n", docstring):
        lines = re.findall(r"^ *([a-z_]+(?:\.py)?(?:, [a-z_]+(?:\.py)?)*) {2,}\S", block, re.MULTILINE)
        names = {name.removesuffix(".py") for line in lines for name in line.split(", ")}
        if names & there:
            found |= names
    return found


def packages() -> list[str]:
    return sorted(name for name, module in HOUSE.modules.items() if module.path.stem == "__init__")


@pytest.mark.parametrize("package", packages())
def test_a_package_that_lists_its_modules_lists_those_there_are(package: str) -> None:
    module = HOUSE.modules[package]
    there = {name.removeprefix(f"{package}.") for name in HOUSE.modules if name.rpartition(".")[0] == package}
    names = listed(ast.get_docstring(module.tree) or "", there)
    assert names <= there
    if names and module.room not in LISTED_IN_PART:
        assert there <= names


def test_what_a_listing_is() -> None:
    page = "A room.\n\none   what it is\ntwo, three.py  more\nSome prose that goes  on.\n\nformat  of the files"
    assert listed(page, {"one", "four"}) == {"one", "two", "three"}
    assert listed(page, {"four"}) == set()
