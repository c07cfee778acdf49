"""`validate`: what it says of specs that are right, and of none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.made import spec_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def specs(folder: Path) -> Path:
    (folder / "specs").mkdir()
    for name in ("one", "two"):
        text = spec_text(name, "decoder", prompt="x", num_examples=1)
        (folder / "specs" / f"{name}.yaml").write_text(text)
    return folder / "specs"


def test_specs_that_are_right(cli: Any, specs: Path) -> None:
    assert cli("validate").out == "2 datasets in 2 files: valid\n"
    assert cli("validate", "specs/one.yaml").out == "1 dataset in 1 file: valid\n", "paths count from -C"
    assert (cli("-q", "validate").code, cli("-q", "validate").out) == (0, "")
    assert json.loads(cli("validate", "--format", "json").out)["datasets"] == ["one", "two"]


def test_a_mistake(cli: Any, specs: Path) -> None:
    (specs / "two.yaml").write_text("dataset_nam: x\n")
    ran = cli("validate")
    assert (ran.code, ran.out) == (1, "")
    assert "specs/two.yaml:1:1: error: unknown key 'dataset_nam'" in ran.err
    assert json.loads(cli("validate", "--format", "json").out)["errors"] > 0
    assert cli("validate", "specs/one.yaml").code == 0


def test_no_spec_is_an_error_for_people_alone(cli: Any, folder: Path) -> None:
    ran = cli("validate")
    assert (ran.code, ran.out) == (1, "")
    assert f"no spec in {folder.resolve()}/specs\n  help: pioneer-build init" in ran.err
    assert cli("validate", "--format", "json").code == 0
