"""Rows that are hard to hold: overlaps, ambiguous mentions, entities inside words, white space, emoji, every key."""

from __future__ import annotations

from typing import Any

import pytest

TEXT = "  Ann met Ann, said Zoë Ärm 🎉 Ltd.\nNew-Yorkers\tdon't."


@pytest.fixture
def labels() -> list[str]:
    """Declared labels, one of them with a space, one without a row."""
    return ["person", "company name", "city"]


@pytest.fixture
def ner_rows() -> list[dict[str, Any]]:
    """In normal form."""

    def entity(span: str, label: str, start: int, **more: Any) -> dict[str, Any]:
        assert TEXT[start : start + len(span)] == span
        return {"text": span, "label": label, "start": start, "end": start + len(span), **more}

    return [
        {
            "id": "t-1",
            "text": TEXT,
            "entities": [
                entity("Ann", "person", 2, score=0.5),
                entity("Zoë Ärm", "person", 20),
                entity("Ärm 🎉 Ltd.", "company name", 24, score=0.25),
                entity("New-York", "city", 35),
            ],
        },
        {"id": 2, "text": "Nothing here", "entities": []},
        {"text": "Ann and Ann", "entities": [{"text": "Ann", "label": "person", "ambiguous": True}]},
        {"text": '=1+1,"x"\r\ny', "entities": [{"text": '"x"\r', "label": "city", "start": 5, "end": 9}]},
    ]


@pytest.fixture
def class_rows() -> list[dict[str, Any]]:
    """One label a row, in normal form."""
    return [
        {"id": "a", "text": '=SUM(A1)\n"quoted", Zoë\r', "label": "city", "score": 0.5},
        {"id": 7, "text": "-2+3", "label": "person"},
    ]


@pytest.fixture
def multi_rows() -> list[dict[str, Any]]:
    """Several labels a row, in normal form."""
    return [{"text": "x", "labels": ["city", "person"], "score": 1.0}, {"text": "y", "labels": ["city"]}]


@pytest.fixture
def decoder_rows() -> list[dict[str, Any]]:
    """In normal form."""
    return [
        {"messages": [{"role": "user", "content": "Hi,\n🎉"}, {"role": "assistant", "content": '"Ho"'}]},
        {
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "content": "u"},
                {"role": "assistant", "content": "a"},
            ]
        },
    ]
