"""Entities come from what is in the text."""

from __future__ import annotations

from pioneer_build.engine.labelling import find_entities


def test_entities_are_where_they_say_whatever_the_text() -> None:
    texts = ["", " ", "\n", "😀 Anna Müller\u00a0lives in München 😀", "a" * 30_000, "Anna " * 4000, "\0"]
    found = find_entities(["person", "location", "email"], [*texts, "😀 mail x@example.org", texts[3]])
    for text, entities in zip([*texts, "😀 mail x@example.org", texts[3]], found.entities, strict=True):
        assert all(text[e.start : e.end] == e.text for e in entities)
    assert [e.text for e in found.entities[7]] == ["x@example.org"]
    assert found.entities[3] == found.entities[8]
