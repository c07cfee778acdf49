"""Rows of another definition than the spec's: nobody reads them unawares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.errors import PioneerError, Problems
from pioneer_build.lock.model import Labelling
from pioneer_build.operations.load import load
from pioneer_build.operations.stale_rows import is_stale
from tests.made import Made, spec_text
from tests.planning import declared, entry, generate_spec, job, label_spec

if TYPE_CHECKING:
    from pathlib import Path

ROWS: list[dict[str, Any]] = [{"text": f"text {i}", "label": "ab"[i % 2]} for i in range(4)]


def spec(**more: Any) -> str:
    return spec_text("moods", "classification", **{"labels": ["a", "b"], "num_examples": 4, **more})


@pytest.fixture
def moods(made: Made) -> Made:
    made.dataset(spec(), ROWS)
    made.write_lock()
    return made


def write(made: Made, text: str, name: str = "moods") -> Path:
    path = made.root / "specs" / f"{name}.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "more",
    [{"num_examples": 9}, {"checks": {"min_chars": 90}}, {"protect": True}, {"labels": ["b", "a"]}, {"owner": "me"}],
    ids=str,
)
def test_what_makes_no_rows_stale(moods: Made, more: dict[str, Any]) -> None:
    write(moods, spec(**more))
    assert list(load("moods", directory=moods.root)) == ROWS


def test_another_definition(moods: Made) -> None:
    write(moods, spec(domain_description="shops"))
    with pytest.raises(PioneerError, match="'moods' are stale") as caught:
        load("moods", directory=moods.root)
    assert 'specs/moods.yaml (domain_description: (none) → "shops")' in caught.value.message
    assert "allow_stale=True" in str(caught.value.hint)
    assert list(load("moods", directory=moods.root, allow_stale=True)) == ROWS


def test_rows_of_a_definition_that_the_lock_no_longer_has(moods: Made) -> None:
    (built,) = moods.entries
    definition = {"task_type": "ner", "labels": ["person"]}
    moods.entries = [replace(built, task_type="ner", definition=definition, fingerprint="")]
    moods.write_lock()
    write(moods, spec_text("moods", "ner", labels=["person"], num_examples=4))
    with pytest.raises(PioneerError) as caught:
        load("moods", directory=moods.root)
    assert caught.value.message.endswith("for another definition than the one in specs/moods.yaml")
    stale = load("moods", directory=moods.root, allow_stale=True)
    assert (stale.task_type, stale.labels, list(stale)) == ("classification", (), ROWS)


def test_a_spec_that_is_gone_or_elsewhere(moods: Made) -> None:
    write(moods, spec()).unlink()
    assert list(load("moods", directory=moods.root)) == ROWS, "there is no other definition"
    (moods.root / "specs").rmdir()
    assert list(load("moods", directory=moods.root)) == ROWS, "only the lock was copied to the training machine"


def test_specs_with_errors(moods: Made) -> None:
    broken = write(moods, "dataset_name: [", "broken")
    assert list(load("moods", directory=moods.root)) == ROWS, "errors of other datasets don't matter"
    write(moods, spec()).unlink()
    with pytest.raises(Problems):
        load("moods", directory=moods.root)
    assert list(load("moods", directory=moods.root, allow_stale=True)) == ROWS
    broken.unlink()
    assert list(load("moods", directory=moods.root)) == ROWS


def test_generated_rows_and_the_authors_own_texts() -> None:
    label, generate = declared(label_spec("a", ("x", "y"))), declared(generate_spec("a", ("x", "y")))
    assert label.fingerprint == generate.fingerprint
    made = entry(generate, job(generate))
    labelled = entry(label, labelling=Labelling(label.fingerprint, "d", 1, 1, 1, 0, 1, "sha256:" + "0" * 64))
    assert (is_stale(made, generate), is_stale(labelled, label)) == (False, False)
    assert (is_stale(made, label), is_stale(labelled, generate)) == (True, True)
    assert not is_stale(entry(generate), label), "there are no rows"
    assert not is_stale(None, label)
    assert not is_stale(made, None)
