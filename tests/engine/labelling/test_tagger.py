"""Entities of the statistical model, at their places."""

from __future__ import annotations

import pytest

from pioneer_build.engine.labelling.tagger import tag

pytest.importorskip("spacy", reason="needs the extra `local`")


@pytest.mark.parametrize("data", ["A" * 200_000, "%%d0" * 50_000, '"' * 100_000], ids=["letters", "codes", "quotes"])
def test_names_beside_what_is_no_word_keep_their_places(data: str) -> None:
    """Such a run is a picture or a file within a text; the tokenizer would need a minute for it."""
    text = f"Tim Cook lives in Paris. {data} Angela Merkel lives in Berlin."
    (found,) = tag([text])
    names = {text[start:end] for start, end, _ in found}
    assert {"Tim Cook", "Paris", "Angela Merkel", "Berlin"} <= names
    assert all(len(name) < 300 for name in names)


def test_long_words_are_words() -> None:
    text = f"Angela Merkel lives in Berlin, says https://example.org/{'a' * 200} today."
    assert "Berlin" in {text[start:end] for start, end, _ in tag([text])[0]}


def test_a_text_in_parts() -> None:
    text = "Nothing happens here. " * 2000 + "Angela Merkel lives in Berlin."
    (found,) = tag([text])
    assert {"Angela Merkel", "Berlin"} <= {text[start:end] for start, end, _ in found}
