"""What is known of texts to label, and when they are read for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from pioneer_build.inputs import text_digest
from pioneer_build.lock.model import Rejection
from pioneer_build.operations.input_facts import read_input_facts
from pioneer_build.plan import Choices, InputFacts
from pioneer_build.project.lock_file import LockFile
from pioneer_build.project.open import open_project
from pioneer_build.project.specs import load_specs
from pioneer_build.store import Store
from tests.built import age, label_text, write_spec


def facts(root: Path, choices: Choices | None = None) -> tuple[InputFacts, bool]:
    """The facts of `texts`, and whether its inputs were read."""
    project = open_project(root)
    specs = load_specs(project)
    store = Store(project.config.store)
    found, surveys = read_input_facts(project, specs.declared, project.read_lock(), store, choices or Choices())
    project.cache.save()
    assert list(found) == ["texts"]
    return found["texts"], "texts" in surveys


def change(root: Path, **fields: Any) -> None:
    lock = LockFile(root)
    lock.write(lock.read().with_entries([replace(lock.read().entries["texts", "pioneer"], **fields)]))


def test_texts_are_read_once(built: Path) -> None:
    first, read = facts(built)
    assert read
    assert (first.texts, first.distinct, first.new, first.held) == (3, 3, 3, 0), "the store has no annotation of them"
    labelling = LockFile(built).read().entries["texts", "pioneer"].labelling
    assert labelling is not None
    assert first.digest == labelling.inputs
    again, read = facts(built)
    assert not read
    assert again == InputFacts(first.digest, 3, 3, 0, 0, 3), "as the lock has it"


def new_file(root: Path) -> None:
    (root / "inputs" / "c.txt").write_text("four\n")


def other_text(root: Path) -> None:
    (root / "inputs" / "a.txt").write_text("one\n2\n")


def touched(root: Path) -> None:
    (root / "inputs" / "a.txt").touch()


def other_path(root: Path) -> None:
    write_spec(root, "texts.yaml", label_text().replace("*.txt", "a.txt"))


def other_definition(root: Path) -> None:
    write_spec(root, "texts.yaml", label_text().replace("[x]", "[x, y]"))


def forgotten(root: Path) -> None:
    change(root, forgotten=True)


def turned(root: Path) -> None:
    change(root, num_examples=5)


def rejected(root: Path) -> None:
    change(root, rejection=Rejection("fp1:" + "0" * 64, "inputs1:0", "failed", "why"))


def no_content(root: Path) -> None:
    content = LockFile(root).read().entries["texts", "pioneer"].content_digests[0]
    Store(open_project(root).config.store).path(content).unlink()


def no_cache(root: Path) -> None:
    rmtree(root.parent / "p-home" / "cache" / "pioneer-build" / "projects")


@pytest.mark.parametrize(
    "edit",
    [new_file, other_text, touched, other_path, other_definition, forgotten, turned, rejected, no_content, no_cache],
)
def test_they_are_read_again_where_the_lock_can_not_tell(built: Path, edit: Callable[[Path], None]) -> None:
    facts(built)
    assert not facts(built)[1]
    edit(built)
    assert facts(built)[1]


@pytest.mark.parametrize("flag", ["retry", "relabel"])
def test_they_are_read_again_where_they_are_tried_again(built: Path, flag: str) -> None:
    facts(built)
    assert facts(built, Choices(**{flag: frozenset({"texts"})}))[1]
    assert not facts(built, Choices(**{flag: frozenset({"one"})}))[1]


def test_a_comment_in_the_spec_changes_nothing(built: Path) -> None:
    facts(built)
    write_spec(built, "texts.yaml", label_text("# a comment\n"))
    assert not facts(built)[1]


def test_texts_in_the_spec_itself(built: Path) -> None:
    write_spec(built, "texts.yaml", label_text().replace("../inputs/*.txt", "[one, two, two]"))
    found, read = facts(built)
    assert read
    assert (found.texts, found.distinct, found.new) == (3, 2, 2)


def test_annotations_in_the_store_are_not_new(built: Path) -> None:
    project = open_project(built)
    (item,) = [one for one in load_specs(project).declared if one.name == "texts"]
    with Store(project.config.store).annotations("pioneer", item.fingerprint) as annotations:
        annotations.add([(text_digest("one"), b"{}"), (text_digest("elsewhere"), b"{}")])
        annotations.quarantine(text_digest("two"), "refused: no")
    found, _ = facts(built)
    assert (found.new, found.quarantined, found.held) == (1, 1, 3)


def test_files_too_young_are_read_again(built: Path) -> None:
    path = built / "inputs" / "a.txt"
    soon = time.time_ns() + 5_000_000_000
    os.utime(path, ns=(soon, soon))
    assert [facts(built)[1] for _ in range(2)] == [True, True]
    os.utime(path)
    age()
    assert [facts(built)[1] for _ in range(2)] == [True, False]
