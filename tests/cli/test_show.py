"""`show`: one dataset, or a saved plan, in each form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.made import Made, classes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def made(folder: Path, tmp_path: Path) -> Made:
    made = Made(folder.resolve(), tmp_path / "store")
    classes(made, "moods", 4)
    made.write_lock()
    return made


def test_a_dataset(cli: Any, made: Made) -> None:
    ran = cli("show", "moods", "--rows", "1")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("moods: classification, ready on local\n")
    assert ran.out.endswith("\nfirst row\n  text 0 → a\n")
    value = json.loads(cli("show", "moods", "--rows", "1", "--format", "json").out)
    assert (value["dataset_name"], value["examples"], len(value["rows"])) == ("moods", 4, 1)
    assert cli("show", "moods", "--rejected").out.endswith("Nothing was quarantined.\n")


def test_a_saved_plan(cli: Any, made: Made, tmp_path: Path) -> None:
    saved = str(tmp_path / "plan.json")
    spec = made.root / "specs" / "moods.yaml"
    spec.write_text(spec.read_text().replace("num_examples: 4", "num_examples: 9"))
    shown = {form: cli("plan", "--format", form).out for form in ("text", "json", "markdown")}
    cli("plan", "--out", saved)
    assert {form: cli("show", "--plan", saved, "--format", form).out for form in shown} == shown
    assert "↑ moods  extend  5 of 9 examples" in shown["text"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 64, "pass the name of a dataset, or --plan FILE"),
        (("moods", "--plan", "x"), 64, "pass the name of a dataset, or --plan FILE"),
        (("moods", "--format", "markdown"), 64, "--format markdown needs --plan FILE"),
        (("mods",), 1, "did you mean 'moods'?"),
        (("--plan", "/nowhere/plan.json"), 1, "can't read /nowhere/plan.json"),
    ],
)
def test_what_can_not_be_shown(cli: Any, made: Made, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = cli("show", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
