"""Entities of the statistical model, at their places."""

from __future__ import annotations

import pytest

from pioneer_build.engine.labelling.tagger import _batches, tag

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


def test_the_model_gets_a_bounded_part_at_a_time() -> None:
    """It takes some 10 kB for each character: 64 long texts at once took gigabytes."""
    long = [(0, 0, "x" * 15_000), (1, 0, "x" * 5_000), (2, 0, "x" * 20_001), (3, 0, "x")]
    short = [(i, 0, "x" * 100) for i in range(130)]
    assert [len(batch) for batch in _batches([*long, *short])] == [2, 1, 64, 64, 3]
    assert [part for batch in _batches([*long, *short]) for part in batch] == [*long, *short]


def test_work_that_is_no_longer_wanted_ends_between_two_parts() -> None:
    asked = 0

    def go_on() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        tag(["Ada met Tim. " * 4000], go_on)
