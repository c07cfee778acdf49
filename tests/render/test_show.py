"""One dataset at several widths, without and with colour."""

from __future__ import annotations

import re

import pytest

from pioneer_build.render.show import marked, show_text
from tests.render.made import DIGEST, JOB, LONG, VALUE


@pytest.mark.parametrize("width", [60, 80, 200])
def test_show_fits(width: int) -> None:
    text = show_text(VALUE, width=width)
    assert max(map(len, text.split("\n"))) <= width
    assert "[Ada](person) met \\x1b[31mBob" in text
    assert "             Are you there?" in text
    assert "38 of 40 rows" in text
    assert "None" not in text
    assert (DIGEST in text) == (width >= 90)


def test_colour_only_adds() -> None:
    coloured = show_text(VALUE, width=80, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == show_text(VALUE, width=80)


def test_remote_names_are_shown_where_they_differ() -> None:
    other = {**JOB, "job_id": None, "remote_name": "people-1a2b3c4d", "state": "unknown", "reason": LONG}
    text = show_text({**VALUE, "jobs": [JOB, other]}, width=80)
    assert "people-1a2b3c4d" in text
    assert "(no id): the connection" in text


def test_what_was_set_aside() -> None:
    bad = {"job_id": "job_1", "number": 3, "cause": "no-text", "message": "there is no text", "raw": {"text": ""}}
    value = {**VALUE, "rejected": [bad] * 25}
    value.pop("rows")
    text = show_text(value, width=60)
    assert "quarantined: 25 no-text" in text
    assert "… and 5 more: --format json lists all" in text


def test_overlapping_spans_and_spans_without_a_place() -> None:
    text = "Ada Lovelace spoke"
    spans = [
        {"text": "Ada", "label": "person", "start": 0, "end": 3},
        {"text": "Ada Lovelace", "label": "name", "start": 0, "end": 12},
        {"text": "spoke", "label": "verb"},
    ]
    assert marked(text, spans) == "[Ada](person) Lovelace spoke"
    assert marked(text, spans[:1], colour=True) == "\x1b[36m[Ada](person)\x1b[0m Lovelace spoke"
    assert marked("a\x1bb", []) == "a\\x1bb"


def test_texts_of_a_label_spec() -> None:
    inputs = {"texts": 1200, "distinct": 1000, "annotated": 990, "quarantined": 10}
    text = show_text({**VALUE, "inputs": inputs, "unsupported_labels": ["place"], "reason": "because"}, width=100)
    assert "texts        1,200, 1,000 distinct, 990 annotated, 10 quarantined\n" in text
    assert "unsupported  place: the service does not support these labels\n" in text
    assert "reason       because\n" in text
    assert "remote name" not in text


def test_what_rows_hold() -> None:
    text = show_text(VALUE, width=80)
    assert f"  person        30 mentions  {'█' * 20}\n" in text
    assert f"  place          3 mentions  {'█' * 2}\n" in text
    assert "  2 rows without an entity (5%)\n" in text
    assert "[7] short → place 0.50" in text


def test_one_is_not_several() -> None:
    summary = {**VALUE["content_summary"], "mentions": {"place": 1, "person": 30}, "empty": 1, "duplicates": 1}
    job = {**JOB, "accepted": 1, "examples": 1}
    text = show_text({**VALUE, "content_summary": summary, "jobs": [job], "rows": VALUE["rows"][:1]}, width=80)
    for said in ("  1 mention   █", "  1 row without an entity", "  1 duplicate\n", "1 of 1 row  ", "\nfirst row\n"):
        assert said in text
    assert "\nfirst 3 rows\n" in show_text(VALUE, width=80)


def test_nothing_was_set_aside() -> None:
    assert show_text({**VALUE, "rows": [], "rejected": []}, width=80).endswith("Nothing was quarantined.")


@pytest.mark.parametrize(
    ("state", "said"), [("rejected", "the response was rejected as a whole"), ("failed", "the request was refused")]
)
def test_texts_that_were_rejected_all_at_once(state: str, said: str) -> None:
    reason = "0 of 14 texts have an annotation (at least 12 must): 14 belong to another text"
    text = show_text({**VALUE, "state": state, "reason": reason, "rows": [], "rejected": []}, width=200)
    assert reason in text
    assert text.endswith(f"No single text was quarantined: {said}, for the reason above.")


def test_a_definition_is_shown_as_it_was_written() -> None:
    definition = {
        "task_type": "ner",
        "labels": ["a", "b"],
        "domain_description": 'mail Labels: {"a": "the first", "b": "x"}',
        "ner_examples": [
            {"entities": [["Ada", "a"], ["Bo", "b"]], "text": "Ada, Bo"},
            {"entities": [], "text": "none"},
        ],
    }
    text = show_text({**VALUE, "definition": definition}, width=80)
    for line in ("domain_description: mail", "label descriptions:", "  a: the first", "Ada, Bo → Ada = a, Bo = b"):
        assert f"  {line}\n" in text
    assert "none → no entities" in text
