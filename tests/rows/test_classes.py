"""The label of a row, or its labels."""

from __future__ import annotations

from typing import Any

from pioneer_build.rows import DeclaredLabels, Fault, normalise
from pioneer_build.rows.classes import read_classes, read_true_label

LABELS = DeclaredLabels(("a", "b"))


def test_classification_has_one_form_a_row() -> None:
    def row(**fields: Any) -> Any:
        out = normalise({"text": "x", **fields}, "classification", ["a", "b"])
        return out.cause if isinstance(out, Fault) else out

    assert row(label="a") == row(**{"class": "a"}) == row(label="a", labels=None) == {"text": "x", "label": "a"}
    assert row(labels=["b", "a", "b"], confidence=0.5) == {"text": "x", "labels": ["a", "b"], "score": 0.5}
    assert row(label="a", labels=["a"]) == row(label="a", **{"class": "a"}) == "mixed-labels"
    assert row() == row(labels=[]) == row(label=" ") == "no-label"
    assert row(label=["a"]) == row(label=1) == row(labels="a") == row(labels=[["a"]]) == "bad-shape"
    assert row(label="c") == row(labels=["a", "c"]) == "undeclared-label"
    assert row(label="a", score="high") == "bad-score"


def test_messages_name_what_is_wrong() -> None:
    assert read_classes({"label": "a", "class": "a"}, LABELS) == Fault(
        "mixed-labels", "there is more than one of `label`, `class` and `labels`"
    )
    assert read_classes({"labels": []}, LABELS) == Fault("no-label", "the list of labels is empty")
    assert read_classes({"labels": ["a", " "]}, LABELS) == Fault("no-label", "the label is empty")
    assert read_classes({"label": 1}, LABELS) == Fault("bad-shape", "the label is not a string")


def test_a_score_goes_before_a_confidence() -> None:
    assert read_classes({"label": "a", "score": 0, "confidence": 1}, LABELS) == {"label": "a", "score": 0.0}
    assert read_classes({"label": "a", "score": None, "confidence": 1}, LABELS) == {"label": "a", "score": 1.0}


def test_training_rows_have_one_task() -> None:
    def read(tasks: Any) -> Any:
        found = read_true_label({"classifications": tasks}, LABELS)
        return found.cause if isinstance(found, Fault) else found

    assert read([{"true_label": "a"}]) == {"label": "a"}
    assert read([{"true_label": ["a", "b"]}]) == {"labels": ["a", "b"]}
    assert read(None) == read([{}]) == read([{"true_label": []}]) == "no-label"
    assert read([]) == read({}) == read(["a"]) == read([{"true_label": "a"}] * 2) == "bad-shape"
