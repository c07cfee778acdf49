"""The texts of datasets in `no_overlap_with`: from the store, or from the inputs of label specs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pioneer_build.apply.other_rows import InputTexts, OtherRows
from pioneer_build.errors import StoreError
from pioneer_build.inputs import survey
from pioneer_build.lock.model import Entry, Labelling
from pioneer_build.rows import row_line, row_text_digest
from pioneer_build.spec.model import Checks, InlineTexts, InputFiles
from pioneer_build.store import Store
from tests.planning import declared, label_spec

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.spec.model import Inputs

CHECKS = Checks(no_overlap_with=("b", "new"))
TEXTS = ("one", " two  words ", "one")
DIGESTS = frozenset(row_text_digest({"text": text}) for text in TEXTS)
LOST = "sha256:" + "0" * 64


def known(folder: Path, inputs: Inputs | None = None) -> tuple[InputTexts, Entry]:
    """The texts of a label dataset, and its entry; the rows of that are nowhere."""
    item = declared(replace(label_spec("b"), inputs=inputs or InlineTexts(TEXTS), path="specs/b.yaml"))
    assert item.spec.inputs is not None
    found = survey(item.spec.inputs, project_root=folder, spec_path=item.spec.path)
    made = Labelling(item.fingerprint, found.digest, found.rows, found.distinct, found.distinct, 0, found.rows, LOST)
    entry = Entry("b", "x", "ner", item.definition, "b", labelling=made)
    return InputTexts(folder, {"b": (item, found)}), entry


def others(folder: Path, texts: InputTexts, entry: Entry) -> OtherRows:
    return OtherRows(Store(folder / "store"), {"b": entry}.get, texts)


def test_texts_of_inputs_stand_for_rows_that_are_not_here(tmp_path: Path) -> None:
    texts, entry = known(tmp_path)
    here = others(tmp_path, texts, entry)
    assert here.elsewhere(CHECKS) == ()
    assert here.texts(CHECKS) == {"b": DIGESTS, "new": frozenset()}
    assert others(tmp_path, InputTexts(), entry).elsewhere(CHECKS) == ("b",)
    assert others(tmp_path, InputTexts(), entry).texts(CHECKS)["b"] == frozenset()


def test_stored_rows_come_before_them(tmp_path: Path) -> None:
    texts, entry = known(tmp_path)
    assert entry.labelling is not None
    content = Store(tmp_path / "store").put([row_line({"text": "another", "entities": []})])
    stored = replace(entry, labelling=replace(entry.labelling, content=content))
    assert others(tmp_path, texts, stored).texts(CHECKS)["b"] == {row_text_digest({"text": "another"})}


def test_other_inputs_and_texts_without_annotation_cant_be_told(tmp_path: Path) -> None:
    texts, entry = known(tmp_path)
    made = entry.labelling
    assert made is not None
    for other in (
        replace(entry, labelling=replace(made, inputs="sha256:other")),
        replace(entry, labelling=replace(made, rows=2, annotated=1, quarantined=1)),
        replace(entry, num_examples=3),
        replace(entry, labelling=None),
        replace(entry, dataset_name="another"),
    ):
        assert not texts.has(other)
    assert texts.has(entry)


def test_files_that_change_meanwhile_are_an_error_or_unread(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    path = tmp_path / "specs" / "b.txt"
    path.write_text("one\ntwo  words\n")
    texts, entry = known(tmp_path, InputFiles("b.txt"))
    path.write_text("one\nthree\n")
    here = others(tmp_path, texts, entry)
    with pytest.raises(StoreError, match="the inputs of 'b' changed"):
        here.texts(CHECKS)
    path.unlink()
    unread: list[StoreError] = []
    assert here.texts(CHECKS, unread)["b"] == frozenset()
    assert [error.message.split(":")[0] for error in unread] == ["the inputs of 'b' can't be read"]
    path.write_text("one\ntwo  words\n")
    assert here.texts(CHECKS)["b"] == DIGESTS
    path.unlink()
    assert here.texts(CHECKS)["b"] == DIGESTS, "read once"
