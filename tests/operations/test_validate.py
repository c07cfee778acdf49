"""Which datasets are named as valid, and whose mistakes are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import PioneerError, Problems
from pioneer_build.operations.validate import validate
from pioneer_build.project.open import open_project
from pioneer_build.results.validate import ValidateResult
from tests.made import Made, spec_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def specs(made: Made) -> Path:
    one = spec_text("one", "decoder", prompt="x", num_examples=1, tags=["t"])
    two = spec_text("two", "decoder", prompt="x", num_examples=1)
    (made.root / "specs" / "a.yaml").write_text(f"{one}---\n{two}")
    (made.root / "specs" / "b.yaml").write_text(spec_text("three", "decoder", prompt="x", num_examples=1))
    return made.root / "specs"


def validated(specs: Path, *paths: str, select: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> ValidateResult:
    return validate(open_project(specs), [specs / path for path in paths], select, exclude)


def test_all_of_them_and_some(specs: Path) -> None:
    assert validated(specs) == ValidateResult(("one", "three", "two"), 2)
    assert validated(specs, "b.yaml") == ValidateResult(("three",), 1)
    assert validated(specs, select=("t*",)) == ValidateResult(("three", "two"), 2)
    assert validated(specs, "a.yaml", select=("tag:t",)) == ValidateResult(("one",), 1)
    assert validated(specs, exclude=("one", "two")) == ValidateResult(("three",), 1)
    assert validated(specs).value() == {
        "format": 1, "errors": 0, "files": 0, "problems": [], "datasets": ["one", "three", "two"],
    }  # fmt: skip


def test_mistakes_of_the_named_files_alone(specs: Path) -> None:
    (specs / "b.yaml").write_text("dataset_nam: x\n")
    (specs / "c.yaml").write_text(spec_text("one", "decoder", prompt="x", num_examples=1))
    with pytest.raises(Problems) as caught:
        validated(specs)
    assert {problem.path for problem in caught.value.problems} == {"specs/b.yaml", "specs/c.yaml"}
    with pytest.raises(Problems) as caught:
        validated(specs, "c.yaml")
    assert {problem.path for problem in caught.value.problems} == {"specs/c.yaml"}, "rules between specs see all"
    assert validated(specs, "a.yaml").datasets == ("one", "two")


def test_paths_that_are_not_in_the_project(specs: Path, tmp_path: Path) -> None:
    with pytest.raises(PioneerError, match="no such file"):
        validated(specs, "x" * 5000)
    with pytest.raises(PioneerError, match="no such file"):
        validated(specs, "no.yaml")
    (tmp_path / "outside.yaml").write_text("")
    with pytest.raises(PioneerError, match="is not in the project"):
        validated(specs, "../../outside.yaml")
    (specs / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(PioneerError, match="is not in the project"):
        validated(specs, "link.yaml")
