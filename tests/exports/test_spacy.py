"""`spacy`, read back by spaCy."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.errors import UsageError
from pioneer_build.exports import Ledger, export_to_path
from pioneer_build.exports.base import RowStream

if TYPE_CHECKING:
    from pathlib import Path

spacy = pytest.importorskip("spacy")
VOCAB = spacy.blank("xx").vocab


def read(rows: list[dict[str, Any]], path: Path, task: Any, labels: list[str]) -> tuple[list[Any], Ledger]:
    from spacy.tokens import DocBin

    ledger = export_to_path("spacy", iter(rows), path / "rows.spacy", task, labels)
    docs = DocBin(store_user_data=True).from_disk(path / "rows.spacy")
    return list(docs.get_docs(VOCAB)), ledger


def test_ner(ner_rows: list[dict[str, Any]], labels: list[str], tmp_path: Path) -> None:
    docs, ledger = read(ner_rows, tmp_path, "ner", labels)
    assert [doc.text for doc in docs] == [row["text"] for row in ner_rows]
    assert [(e.text, e.label_, e.start_char, e.end_char) for e in docs[0].ents] == [
        ("Ann", "person", 2, 5),
        ("Ärm 🎉 Ltd.", "company name", 24, 34),
        ("New-York", "city", 35, 43),
    ]
    assert [(e.text, e.label_, e.start_char) for e in docs[0].spans["sc"]] == [
        (e["text"], e["label"], e["start"]) for e in ner_rows[0]["entities"]
    ]
    assert [doc.user_data.get("id") for doc in docs] == ["t-1", 2, None, None]
    assert docs[1].has_annotation("ENT_IOB")
    assert dict(ledger.lost) == {"ambiguous": 1, "overlaps": 1, "scores": 2}


@given(text=st.text("aé1 -'.🎉\n\t", min_size=1, max_size=15), data=st.data())
@settings(max_examples=25, deadline=None)
def test_any_span_of_any_text(text: str, data: st.DataObject) -> None:
    from pioneer_build.exports.spacy import write

    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    out = io.BytesIO()
    entity = {"text": text[start:end], "label": "p", "start": start, "end": end}
    ledger = write(RowStream([{"text": text, "entities": [entity]}], "ner", ["p"]), out)
    (doc,) = spacy.tokens.DocBin().from_bytes(out.getvalue()).get_docs(VOCAB)
    assert doc.text == text
    if not ledger.lost:
        assert [(ent.start_char, ent.end_char) for ent in doc.ents] == [(start, end)]
    else:
        assert text[start:end] != text[start:end].strip()


def test_as_many_cuts_as_characters() -> None:
    """Each token looks only at its own cuts."""
    from pioneer_build.exports.spacy import write

    text = "ab" * 3000 + " " + "c " * 3000
    entities = [
        {"text": text[at], "label": "p", "start": at, "end": at + 1} for at in range(len(text)) if text[at] != " "
    ]
    out = io.BytesIO()
    write(RowStream([{"text": text, "entities": entities}], "ner", ["p"]), out)
    (doc,) = spacy.tokens.DocBin().from_bytes(out.getvalue()).get_docs(VOCAB)
    assert doc.text == text
    assert [(ent.start_char, ent.end_char) for ent in doc.ents] == [(one["start"], one["end"]) for one in entities]


def test_white_space_at_an_edge_of_an_entity(tmp_path: Path) -> None:
    entity = {"text": " Ada ", "label": "p", "start": 1, "end": 6}
    docs, ledger = read([{"text": "I Ada am", "entities": [entity]}], tmp_path, "ner", ["p"])
    assert [(e.text, e.start_char) for e in docs[0].ents] == [("Ada", 2)]
    assert dict(ledger.lost) == {"edges": 1}


def test_classification(
    class_rows: list[dict[str, Any]], multi_rows: list[dict[str, Any]], labels: list[str], tmp_path: Path
) -> None:
    docs, ledger = read(class_rows, tmp_path, "classification", labels)
    assert docs[0].cats == {"person": 0.0, "company name": 0.0, "city": 1.0}
    assert docs[0].text == class_rows[0]["text"]
    assert docs[0].user_data["score"] == 0.5
    assert ledger.lost == ()
    docs, _ = read(multi_rows, tmp_path, "classification", labels)
    assert docs[0].cats == {"person": 1.0, "company name": 0.0, "city": 1.0}


def test_user_data_are_kept_if_the_first_row_has_some(
    class_rows: list[dict[str, Any]], labels: list[str], tmp_path: Path
) -> None:
    first = {"text": "x", "label": "city"}
    docs, ledger = read([first, *class_rows], tmp_path, "classification", labels)
    assert all(not doc.user_data for doc in docs)
    assert dict(ledger.lost) == {"ids": 2, "scores": 1}


def test_an_nlp_is_trained_on_it(ner_rows: list[dict[str, Any]], labels: list[str], tmp_path: Path) -> None:
    from spacy.training import Corpus

    export_to_path("spacy", ner_rows, tmp_path / "rows.spacy", "ner", labels)
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    examples = list(Corpus(tmp_path / "rows.spacy")(nlp))
    nlp.initialize(lambda: examples)
    assert nlp.update(examples)["ner"] > 0


def test_decoder_rows_have_no_place(decoder_rows: list[dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="spacy supports ner and classification rows"):
        export_to_path("spacy", decoder_rows, tmp_path / "x", "decoder")
    assert list(tmp_path.iterdir()) == []
