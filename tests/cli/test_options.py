"""What several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from pioneer_build.cli.options import Globals, choice_options, choices_of, format_option, selection_options
from pioneer_build.errors import PioneerError
from pioneer_build.operations.check import check_project
from pioneer_build.plan import Choices
from tests.built import age, build, build_texts, home
from tests.made import Made

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@choice_options
@selection_options
@format_option("markdown")
def command(**given: object) -> dict[str, object]:
    """Gives back what it is given."""
    return given


def given(*arguments: str) -> object:
    return command.main(args=arguments, standalone_mode=False)


def test_options_that_repeat() -> None:
    assert given() == {
        "resubmit": (), "retry": (), "relabel": (), "delete_remote": False, "select": (), "exclude": (), "form": "text",
    }  # fmt: skip
    assert given("--retry", "a", "--retry", "b", "--select", "c", "--exclude", "d", "--format", "markdown") == {
        "resubmit": (), "retry": ("a", "b"), "relabel": (), "delete_remote": False, "select": ("c",),
        "exclude": ("d",), "form": "markdown",
    }  # fmt: skip
    with pytest.raises(click.BadParameter):
        given("--format", "yaml")


def test_flags_as_the_planner_takes_them() -> None:
    assert choices_of((), (), (), delete_remote=False) == Choices()
    assert choices_of(("a", "a"), ("b",), ("c", "d"), delete_remote=True) == Choices(
        frozenset("a"), frozenset("b"), frozenset("cd"), delete_remote=True
    )


def test_the_project_and_what_was_found_last_time(tmp_path: Path) -> None:
    made = Made(tmp_path.resolve() / "project", tmp_path / "store")
    made.write_lock()
    options = Globals(str(made.root / "specs"), "pioneer", 0, "text")
    assert options.project().root == made.root
    assert options.project().config.backend == "pioneer"
    assert options.nothing_to_do() is None, "no plan was made yet"
    with pytest.raises(PioneerError, match="no such folder"):
        Globals(str(tmp_path / "nowhere"), None, 0, "text").project()


def test_nothing_is_to_do_as_long_as_nothing_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path.resolve() / "p"
    root.mkdir()
    share = home(root, monkeypatch) / "share"
    build(root, share, ["one"])
    build_texts(root, share)
    age()
    options = Globals(str(root / "specs"), None, 0, "text")
    assert options.nothing_to_do() is None
    check_project(options.project())
    found = options.nothing_to_do(verified=True)
    assert found is not None
    assert found.datasets == 2
    assert Globals(str(root), "local", 0, "text").nothing_to_do() is None
    (root / "inputs" / "c.txt").write_text("one more that the glob names\n")
    assert options.nothing_to_do() is None
