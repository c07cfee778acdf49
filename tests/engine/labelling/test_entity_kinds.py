"""From names of labels to kinds of entities."""

from __future__ import annotations

import pytest

from pioneer_build.engine.labelling import UnsupportedLabels, find_entities
from pioneer_build.engine.labelling.entity_kinds import kinds_of, readable


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("orderNumber", "order number"),
        ("ORDER_NUMBER", "order number"),
        ("Sci/Tech", "sci tech"),
        ("IBAN", "iban"),
    ],
)
def test_labels_as_words(label: str, name: str) -> None:
    assert readable(label) == name


def test_label_names_find_their_kinds() -> None:
    assert kinds_of("E-Mail").kinds == ("email",)
    assert kinds_of("COMPANIES").kinds == ("spacy:ORG",)
    assert kinds_of("enterprise").approximate or not kinds_of("enterprise").kinds
    for unknown in ("starship", "disease", "sentiment", "qwxz"):
        assert kinds_of(unknown).kinds == ()
    with pytest.raises(UnsupportedLabels, match="unsupported_label"):
        find_entities(["starship"], ["x"])
