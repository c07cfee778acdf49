"""Labels come from what is in the text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.engine import model_files as models
from pioneer_build.engine.generating.ranking import own_texts
from pioneer_build.engine.labelling import UnsupportedLabels, classify, find_entities
from pioneer_build.engine.labelling.checksums import card, iban_length, isbn, luhn
from pioneer_build.engine.labelling.entity_kinds import kinds_of, readable
from pioneer_build.engine.labelling.name_rules import corrected
from pioneer_build.engine.labelling.patterns import PATTERNS
from pioneer_build.engine.vectors import missing
from pioneer_build.engine.wordpiece import token_ids, vocabulary, words
from pioneer_build.errors import PioneerError


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("email", "Write to ada.l+x@mail.example.org, not to ada@.", ["ada.l+x@mail.example.org"]),
        (
            "url",
            "See https://example.com/a?b=c. Or www.foo.org, e.g. today.",
            ["https://example.com/a?b=c", "www.foo.org"],
        ),
        (
            "phone",
            "Call +44 20 7946 0958 or (555) 123-4567 on 2024-01-31.",
            ["+44 20 7946 0958", "(555) 123-4567"],
        ),
        (
            "iban",
            "DE89 3704 0044 0532 0130 00 ok; DE89 3704 0044 0532 0130 01 not",
            ["DE89 3704 0044 0532 0130 00"],
        ),
        ("card", "4111 1111 1111 1111 is one, 4111 1111 1111 1112 isn't", ["4111 1111 1111 1111"]),
        ("ip", "From 192.168.1.10 and fe80::1, not 300.1.1.1", ["192.168.1.10", "fe80::1"]),
        (
            "money",
            "$1,250.00, 45 USD, two hundred dollars or 5%?",
            ["$1,250.00", "45 USD", "two hundred dollars"],
        ),
        ("percent", "Up 3.5% or ten percent, 10 in all", ["3.5%", "ten percent"]),
        (
            "date",
            "On 3rd of June, 2024-01-31 or last Friday; we may march on.",
            ["3rd of June", "2024-01-31", "last Friday"],
        ),
        ("time", "At 10:30 am. Or 7pm, score 3:1", ["10:30 am", "7pm"]),
        ("reference", "Order 12345678 and ORD-99812 of 2024-01-31", ["12345678", "ORD-99812"]),
        ("version", "v1.2.3 and 2.0.11 came in 2024", ["v1.2.3", "2.0.11"]),
        ("file", "Open /tmp/a.txt and report.pdf, etc.", ["/tmp/a.txt", "report.pdf"]),
        ("ssn", "123-45-6789, not 000-45-6789", ["123-45-6789"]),
    ],
)
def test_patterns(kind: str, text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in PATTERNS[kind].find(text)] == found


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_patterns_take_any_text(text: str) -> None:
    for pattern in PATTERNS.values():
        spans = list(pattern.find(text))
        assert all(0 <= a < b <= len(text) for a, b in spans)
        assert all(b <= c for (_, b), (c, _) in pairwise(spans))


def test_check_digits() -> None:
    assert luhn("4539 1488 0343 6467")
    assert not card("0000 0000 0000 0000")
    assert iban_length("GB29NWBK60161331926819 and more") == 22
    assert isbn("978-0-306-40615-7")
    assert isbn("0-306-40615-2")
    assert not isbn("978-0-306-40615-8")


def test_tokens_are_those_of_the_models_own_tokenizer() -> None:
    known = vocabulary()
    assert words("Héllo, wörld!\u00a0it's\tfine") == ["hello", ",", "world", "!", "it", "'", "s", "fine"]
    assert token_ids("embeddings", 128) == [
        101,
        known["em"],
        known["##bed"],
        known["##ding"],
        known["##s"],
        102,
    ]
    assert token_ids("x" * 101, 128) == [101, 100, 102]
    assert len(token_ids("a " * 500, 128)) == 128
    assert token_ids("", 128) == [101, 102]


def test_the_kept_vectors_cover_the_engines_own_texts() -> None:
    assert missing(own_texts()) == [], "run python -m pioneer_build.engine.build_vectors"


def test_a_model_that_is_another_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "EMBEDDING_SHA256", "0" * 64)
    with pytest.raises(PioneerError, match="is not the file this engine was made for"):
        models.embedding_model()


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


def test_what_names_say_themselves() -> None:
    text = "He swam in Sandy Creek, near Harrison, and met Dr. Reading of Oslo University."
    at = {name: (text.index(name), text.index(name) + len(name)) for name in ("Sandy Creek", "Harrison", "Reading")}
    assert corrected(text, *at["Sandy Creek"], "PERSON") == (*at["Sandy Creek"], "LOC")
    assert corrected(text, *at["Harrison"], "PERSON") == (*at["Harrison"], "GPE")
    assert corrected(text, *at["Reading"], "GPE") == (*at["Reading"], "PERSON")
    assert corrected("the keyboard player of A", 4, 19, "PERSON") is None


def test_entities_are_where_they_say_whatever_the_text() -> None:
    texts = ["", " ", "\n", "😀 Anna Müller\u00a0lives in München 😀", "a" * 30_000, "Anna " * 4000, "\0"]
    found = find_entities(["person", "location", "email"], [*texts, "😀 mail x@example.org", texts[3]])
    for text, entities in zip([*texts, "😀 mail x@example.org", texts[3]], found.entities, strict=True):
        assert all(text[e.start : e.end] == e.text for e in entities)
    assert [e.text for e in found.entities[7]] == ["x@example.org"]
    assert found.entities[3] == found.entities[8]


def test_answers_depend_on_the_text_alone() -> None:
    labels = ["sports", "business", "weather"]
    texts = ["The team won the final.", "Shares fell sharply.", "It will rain all day.", "", "🙂"]
    together = classify(labels, texts)
    assert [choice.label for choice in together[:3]] == labels
    assert [classify(labels, [text])[0] for text in texts] == together
    turned = classify(labels[::-1], texts)
    assert [(c.label, c.scores, c.margin) for c in turned] == [(c.label, c.scores, c.margin) for c in together]


def test_one_label_and_many() -> None:
    assert classify(["only"], ["x"])[0].scores == {"only": 1.0}
    many = [f"label {i}" for i in range(300)]
    assert classify(many, ["x"])[0].label in many
