"""What label names are commonly taken to mean."""

from __future__ import annotations

import pytest

from pioneer_build.engine.labelling.glosses import every_phrase, gloss, is_rest, polarity_of


def test_a_name_and_its_plural_mean_the_same() -> None:
    assert "please refund my order" in gloss("refund")
    assert gloss("refunds") == gloss("refund")
    assert gloss("qwxz") == ()
    assert set(gloss("world")) <= set(every_phrase())
    assert every_phrase() == sorted(set(every_phrase()))


@pytest.mark.parametrize("label", ["other", "Misc", "NONE_OF_THE_ABOVE", "unknown"])
def test_the_label_of_the_rest(label: str) -> None:
    assert is_rest(label)
    assert not is_rest(f"{label} things")


def test_sides() -> None:
    assert [polarity_of(name) for name in ("good", "neg", "mixed", "sports")] == [
        "positive",
        "negative",
        "neutral",
        None,
    ]
