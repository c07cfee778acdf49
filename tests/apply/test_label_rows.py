"""The rows of a label spec: what they are made of, and when they are not recorded in the lock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import Problems, StoreError
from pioneer_build.inputs import text_digest
from pioneer_build.inputs.records import beyond
from pioneer_build.rows.annotation import annotation_line, row_line_of
from pioneer_build.spec.model import Checks
from pioneer_build.spec.request_limits import LONGEST_ANNOTATION, LONGEST_ID, LONGEST_TEXT
from pioneer_build.store import Store
from tests.apply.labelling import Project, result
from tests.apply.world import BACKEND
from tests.inputs.project import said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TOO_LONG = "takes more than 1 MiB as JSON, in which rows are stored"


@pytest.mark.parametrize("change", ["grow", "shrink", "edit", "remove"])
def test_inputs_that_change_meanwhile(project: Project, change: str) -> None:
    project.file = project.root / "texts.txt"
    lines = [f"text {number}" for number in range(3000)]
    project.file.write_text("\n".join(lines) + "\n")
    count = 0

    def meddle(texts: Sequence[str]) -> bool:
        nonlocal count
        count += 1
        if count == 1:
            assert project.file is not None
            match change:
                case "grow":
                    project.file.write_text("\n".join([*lines, "more"]) + "\n")
                case "shrink":
                    project.file.write_text("\n".join(lines[:1500]) + "\n")
                case "edit":
                    project.file.write_text("\n".join(["other", *lines[1:-1], "else"]) + "\n")
                case "remove":
                    project.file.unlink()
        return False

    project.service.refuse = meddle
    report = project.apply()
    assert result(report) == "stopped"
    assert report.stopped is None  # other datasets continue
    assert project.entry().labelling is None
    project.service.refuse = lambda texts: False
    if change == "remove":
        project.file.write_text("\n".join(lines) + "\n")
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}


def test_a_label_that_cant_be_found_is_remembered_until_the_definition_changes(project: Project) -> None:
    project.service.unsupported = ("y",)
    assert "does not support these labels: y" in project.apply().outcomes[0].message
    assert project.entry().labelling.unsupported == ("y",)
    project.service.unsupported = ()
    project.texts += ("new",)
    assert result(project.apply()) == "done"
    assert project.entry().labelling.unsupported == ("y",), "the service says it once"
    project.labels = ("x", "z")
    assert result(project.apply()) == "done"
    assert project.entry().labelling.unsupported == ()


def test_rows_are_in_input_order_with_a_row_for_each_repetition(project: Project) -> None:
    project.texts = ("b", "a", "b", "c")
    project.checks = Checks(min_accepted=0.5)
    project.service.silent = lambda text: text == "a"
    assert result(project.apply()) == "rejected"
    entry = project.entry()
    rows = [json.loads(line)["text"] for line in project.store.lines(entry.labelling.content)]
    assert rows == ["b", "b", "c"]
    counted = entry.labelling
    assert (counted.texts, counted.distinct, counted.annotated, counted.quarantined, counted.rows) == (4, 3, 2, 1, 3)


def test_too_many_texts_without_an_annotation_leave_the_rows_as_they_were(project: Project) -> None:
    project.checks = Checks(min_accepted=0.9)
    assert result(project.apply()) == "done"
    before = project.entry()
    project.texts += tuple(f"silent {number}" for number in range(10))
    project.service.silent = lambda text: text.startswith("silent")
    assert result(project.apply()) == "rejected"
    entry = project.entry()
    assert entry.labelling == before.labelling
    assert entry.rejection.state == "rejected"
    assert "40 of 50 texts were annotated" in entry.rejection.reason
    assert result(project.apply()) == "blocked"


def test_other_rows_than_those_in_the_lock_are_recorded_only_when_that_is_asked_for(
    project: Project, tmp_path: Path
) -> None:
    """On another machine, the engine labels the texts again for free, and another revision gives other labels."""
    project.apply(free=True)
    content = project.entry().labelling.content
    project.store = Store(tmp_path / "another-store")
    project.service.first = 1
    report = project.apply(free=True)
    assert result(report) == "differs"
    assert "don't match pioneer.lock" in report.outcomes[0].message
    assert project.entry().labelling.content == content
    assert result(project.apply(free=True, retry=True)) == "done"
    assert project.entry().labelling.content != content


def test_texts_of_a_service_that_were_labelled_again_elsewhere(project: Project, tmp_path: Path) -> None:
    project.apply()
    here = project.store
    project.store = Store(tmp_path / "another-store")
    project.service.first = 1
    (project.root / "pioneer.lock").unlink()
    assert result(project.apply()) == "done"
    project.store = here
    report = project.apply()
    assert result(report) == "differs"
    assert report.outcomes[0].message.endswith("labelled the texts again, and its annotations are not on this machine")
    assert "--retry" in (report.outcomes[0].command or "")


def test_the_longest_row_that_is_accepted_is_read_again(tmp_path: Path) -> None:
    text = "A" + '"' * ((LONGEST_TEXT - 4) // 2) + "B"
    key = "\\" * ((LONGEST_ID - 2) // 2)
    label = "x" * (LONGEST_ANNOTATION - len(annotation_line({"label": ""})))
    annotation = annotation_line({"label": label})
    assert (beyond(text, LONGEST_TEXT), beyond(key, LONGEST_ID), len(annotation)) == (None, None, LONGEST_ANNOTATION)
    assert (beyond(text + '"', LONGEST_TEXT) is None, beyond(key + "x", LONGEST_ID) is None) == (False, False)
    line = row_line_of(text, annotation, key)
    store = Store(tmp_path)
    (row,) = store.rows(store.put([line]), len)
    assert row == len(line) > LONGEST_TEXT + LONGEST_ID + LONGEST_ANNOTATION


def test_a_text_whose_row_could_not_be_read_is_never_sent(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("records", "plain_text", "reading"):
        monkeypatch.setattr(f"pioneer_build.inputs.{module}.LONGEST_TEXT", 1 << 20)
    long = "A" + "\x01" * 200_000
    project.texts = ("fine", long)
    with pytest.raises(Problems) as caught:
        project.apply()
    assert said(list(caught.value.problems)) == [("spec.yaml:1:1", f"text 2 of inputs {_TOO_LONG}")]
    project.file = project.root / "texts.txt"
    project.file.write_text(f"fine\n{long}\n")
    with pytest.raises(Problems) as caught:
        project.apply()
    assert said(list(caught.value.problems)) == [("texts.txt:2:1", f"the text {_TOO_LONG}")]
    assert project.service.requests == []


def test_a_disk_that_refuses_the_rows_keeps_the_answers(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(lines: object) -> str:
        raise StoreError("No space left on device")

    monkeypatch.setattr(project.store, "put", refuse)
    report = project.apply()
    assert result(report) == "stopped"
    assert isinstance(report.stopped, StoreError)
    assert project.entry().labelling is None
    monkeypatch.undo()
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}


@pytest.mark.parametrize(
    "annotation",
    [
        b"garbage",
        b"[]",
        b"",
        b"{}\n",
        b'{"label":1}\n',
        b'{"label":"x"}\n{"text":"more","label":"x"}\n',
        b'{"label":"\xff"}\n',
        b"{" * 50_000,
    ],
)
def test_annotations_that_make_no_rows(project: Project, annotation: bytes) -> None:
    """A store that a repository brought can have anything, with good checksums."""
    assert result(project.apply()) == "done"
    before = project.entry()
    with project.store.annotations(BACKEND, before.fingerprint) as store:
        store.add([(text_digest("new"), annotation)])
    project.texts += ("new",)
    report = project.apply()
    assert result(report) == "stopped"
    assert "the stored annotation of the text at spec.yaml:" in report.outcomes[0].message
    assert (project.entry().labelling, report.requests) == (before.labelling, 0)
