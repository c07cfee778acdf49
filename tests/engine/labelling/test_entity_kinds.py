"""From names of labels to kinds of entities."""

from __future__ import annotations

import pytest

from pioneer_build.engine.labelling import find_entities
from pioneer_build.engine.labelling.entity_kinds import LabelMeaning, claims, kinds_of, kinds_of_all, readable
from pioneer_build.engine.labelling.patterns import PATTERNS
from pioneer_build.engine.makers import UnsupportedLabels
from pioneer_build.engine.word_lists import lines

#: What the tagger's model knows.
ONTONOTES = {
    "CARDINAL", "DATE", "EVENT", "FAC", "GPE", "LANGUAGE", "LAW", "LOC", "MONEY", "NORP", "ORDINAL", "ORG",
    "PERCENT", "PERSON", "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART",
}  # fmt: skip


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


@pytest.mark.parametrize(
    ("label", "kinds"),
    [
        ("cities", ("spacy:GPE",)),
        ("telephone", ("phone",)),
        ("places", ("spacy:GPE", "spacy:LOC", "spacy:FAC")),
        ("phone_number", ("phone",)),
    ],
)
def test_names_of_the_list_are_sure(label: str, kinds: tuple[str, ...]) -> None:
    assert kinds_of(label) == LabelMeaning(kinds)


def test_other_names_are_near_a_type_or_nothing() -> None:
    assert kinds_of("geographical place") == LabelMeaning(("spacy:GPE", "spacy:LOC", "spacy:FAC"), approximate=True)
    assert kinds_of("gadgetry") == LabelMeaning(())


def test_many_labels_mean_what_each_means_alone() -> None:
    labels = ["starship", "gadgetry", "geographical place", "email"]
    assert kinds_of_all(labels) == {label: kinds_of(label) for label in labels}


def test_every_kind_of_the_list_can_be_found() -> None:
    kinds = {kind for line in lines("kinds.txt") for kind in kinds_of(line.partition(" = ")[2].split("|")[0]).kinds}
    assert kinds - set(PATTERNS) <= {f"spacy:{name}" for name in ONTONOTES}


def test_of_labels_that_share_a_kind_the_narrower_gets_it() -> None:
    labels = {name: kinds_of(name) for name in ("location", "city", "misc")}
    owners = claims(labels)
    assert owners["spacy:GPE"] == "city"
    assert owners["spacy:LOC"] == owners["spacy:FAC"] == "location"
    assert owners["spacy:EVENT"] == "misc"
    assert claims(dict(reversed(labels.items()))) == owners
    # a label that is only near loses to one that is meant
    near = {"b": LabelMeaning(("email",)), "a": LabelMeaning(("email",), approximate=True)}
    assert claims(near) == {"email": "b"}
