"""Rows for entity recognition: what is annotated stands in the text, and what has a form is annotated."""

from __future__ import annotations

from typing import Any

import pytest

from pioneer_build.draws import Draw
from pioneer_build.engine.generating.ner import EntityRows
from pioneer_build.engine.generating.rejects import Reject
from pioneer_build.engine.labelling import find_entities


def rows_of(labels: list[str], domain: str = "", count: int = 80) -> list[dict[str, Any]]:
    maker = EntityRows(labels, domain)
    rows = []
    for ordinal in range(count):
        for attempt in range(40):
            try:
                rows.append(maker.candidate(Draw("d", ordinal, attempt), ordinal))
            except Reject:
                continue
            break
    assert len(rows) == count
    return rows


def test_entities_stand_in_the_text_in_their_order() -> None:
    for row in rows_of(["person", "company", "date"]):
        at = 0
        for span, label in row["entities"]:
            at = row["text"].index(span, at) + len(span)
            assert label in ("person", "company", "date")
        assert row["text"][0] == row["text"][0].upper()
        assert "{" not in row["text"]


def test_what_has_a_form_is_annotated_wherever_it_stands() -> None:
    labels = ["email", "phone", "money"]
    for row in rows_of(labels, "customer support"):
        (found,) = find_entities(labels, [row["text"]]).entities
        marked = [span for span, _ in row["entities"]]
        assert all(any(entity.text in span or span in entity.text for span in marked) for entity in found), row


def test_some_rows_have_no_entity_and_every_label_has_its_share() -> None:
    labels = ["person", "city", "drug"]
    rows = rows_of(labels, count=300)
    empty = sum(not row["entities"] for row in rows)
    assert 10 < empty < 70
    for label in labels:
        assert sum(any(one == label for _, one in row["entities"]) for row in rows) > 60


def test_a_label_nobody_wrote_sentences_for_is_named_in_those_that_fit_any() -> None:
    rows = rows_of(["starship"])
    texts = " ".join(row["text"] for row in rows)
    assert "starship" in texts
    assert "[label" not in texts
    assert any(len(row["entities"]) == 2 for row in rows)


@pytest.mark.parametrize(("label", "plural"), [("galaxy", "galaxies"), ("gas", "gas"), ("quark", "quarks")])
def test_plurals(label: str, plural: str) -> None:
    texts = " ".join(row["text"] for row in rows_of([label], count=150))
    assert f" {plural} " in texts


def test_of_labels_that_share_a_slot_the_narrower_has_it() -> None:
    rows = rows_of(["location", "city"], count=120)
    by_label: dict[str, set[str]] = {"location": set(), "city": set()}
    for row in rows:
        for span, label in row["entities"]:
            by_label[label].add(span)
    assert {"Oslo", "Paris"} & by_label["city"]
    assert not by_label["city"] & by_label["location"]


def test_a_domain_decides_what_the_sentences_are_about() -> None:
    clinic = " ".join(row["text"] for row in rows_of(["person"], "clinical notes"))
    court = " ".join(row["text"] for row in rows_of(["person"], "contracts and law"))
    assert clinic.count("diagnosed") + clinic.count("patient") > court.count("diagnosed") + court.count("patient")
    assert court.count("agreement") > clinic.count("agreement")
