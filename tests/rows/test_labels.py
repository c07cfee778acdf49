"""Which declared label a service's word means."""

from __future__ import annotations

import pytest

from pioneer_build.rows import DeclaredLabels, Fault, normalise

TEXT = "Ada met Bob in Paris."
NER = ("person", "city")


def test_an_undeclared_label_that_differs_in_case_is_told_so() -> None:
    row = normalise({"text": TEXT, "entities": [["Ada", "PERSON"]]}, "ner", NER)
    assert row == Fault("undeclared-label", "the label 'PERSON' is not declared (did you mean 'person'?)")


def test_a_label_means_the_authors_spelling_of_it() -> None:
    row = normalise({"text": "x", "label": "cafe\u0301"}, "classification", ["caf\u00e9"])
    assert row == {"text": "x", "label": "caf\u00e9"}


def test_without_declared_labels_each_word_is_one() -> None:
    labels = DeclaredLabels(())
    assert labels.read("anything") == "anything"
    assert isinstance(labels.read("\ud800"), Fault)


def test_a_word_that_is_none_of_them() -> None:
    labels = DeclaredLabels(["caf\u00e9", "bar"])
    assert labels.names == ("caf\u00e9", "bar")
    assert labels.read("pub") == Fault("undeclared-label", "the label 'pub' is not declared")
    assert labels.read("CAFE\u0301") == Fault(
        "undeclared-label", "the label 'CAFE\u0301' is not declared (did you mean 'caf\u00e9'?)"
    )


def test_many_undeclared_labels_are_compared_with_many_declared_ones_in_few_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declared = DeclaredLabels(f"a{number}" for number in range(1000))
    normalized: list[str] = []

    def counted(text: str) -> str:
        normalized.append(text)
        return text

    monkeypatch.setattr("pioneer_build.rows.labels.nfc", counted)
    for number in range(1000):
        assert isinstance(declared.read(f"A{number}"), Fault)
    assert len(normalized) < 5000
