"""`conll`, read back by hand, and by spaCy's own converter where spaCy is installed."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import UsageError
from pioneer_build.exports import Ledger, export_to_stream
from pioneer_build.exports.conll import tokens_of


def written(rows: list[dict[str, Any]], labels: list[str]) -> tuple[str, Ledger]:
    out = io.BytesIO()
    ledger = export_to_stream("conll", iter(rows), out, "ner", labels)
    return out.getvalue().decode("utf-8"), ledger


def test_tokens_and_tags(ner_rows: list[dict[str, Any]], labels: list[str]) -> None:
    text, ledger = written(ner_rows, labels)
    sentences = text.split("\n\n")
    lines = dict.fromkeys(sentences[0].split("\n"))
    assert list(lines)[:7] == ["Ann\tB-person", "met\tO", "Ann\tO", ",\tO", "said\tO", "Zoë\tO", "Ärm\tB-company_name"]
    assert "York\tI-city" in lines
    assert "ers\tO" in lines
    assert sentences[1] == "Nothing\tO\nhere\tO"
    assert dict(ledger.lost) == {
        "ambiguous": 1,
        "edges": 1,
        "ids": 2,
        "label-names": 1,
        "overlaps": 1,
        "scores": 2,
        "white-space": 2,
    }


def test_each_entity_begins_anew() -> None:
    entities = [
        {"text": "Ann", "label": "p", "start": 0, "end": 3},
        {"text": "Bob Ray", "label": "p", "start": 4, "end": 11},
    ]
    text, _ = written([{"text": "Ann Bob Ray", "entities": entities}], ["p"])
    assert text == "Ann\tB-p\nBob\tB-p\nRay\tI-p\n\n"


@given(st.text("aé1 -🎉\n", min_size=1, max_size=15), st.data())
def test_every_entity_has_whole_tokens(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    tokens = list(tokens_of(text, {start, end}))
    assert not any(first < edge < last for first, last in tokens for edge in (start, end))
    assert "".join(text[first:last] for first, last in tokens) == "".join(text.split())


def test_labels_that_would_be_one(ner_rows: list[dict[str, Any]], class_rows: list[dict[str, Any]]) -> None:
    with pytest.raises(UsageError, match="would be the same"):
        written(ner_rows, ["a b", "a_b"])
    with pytest.raises(UsageError, match="conll supports ner rows, but this is a classification dataset"):
        export_to_stream("conll", class_rows, io.BytesIO(), "classification", [])


@pytest.mark.filterwarnings("ignore")
def test_spacys_converter_reads_it(ner_rows: list[dict[str, Any]], labels: list[str]) -> None:
    converters = pytest.importorskip("spacy.training.converters")
    docs = list(converters.conll_ner_to_docs(written(ner_rows, labels)[0], n_sents=1))
    assert len(docs) == len(ner_rows)
    assert [(ent.text, ent.label_) for ent in docs[0].ents] == [
        ("Ann", "person"),
        ("Ärm 🎉 Ltd .", "company_name"),
        ("New - York", "city"),
    ]
