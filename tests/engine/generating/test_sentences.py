"""The engine's own sentences: the files are as their readers take them."""

from __future__ import annotations

import pytest

from pioneer_build.engine.generating.made_up_values import knows
from pioneer_build.engine.generating.sentences import Sentence, sentences

FILES = ("carriers.txt", "clauses.txt", "facts.txt", "negatives.txt", "replies.txt", "sentences.txt", "wrappers.txt")


@pytest.mark.parametrize("name", FILES)
def test_every_slot_has_values(name: str) -> None:
    found = sentences(name)
    assert found
    slots = {slot for sentence in found for slot in sentence.slots} - ({"x", "y"} if name == "carriers.txt" else set())
    assert not [slot for slot in slots if not knows(slot.rstrip("2"))]


@pytest.mark.parametrize("name", ["clauses.txt", "replies.txt", "wrappers.txt"])
def test_every_sentence_stands_in_a_block(name: str) -> None:
    assert all(sentence.field and sentence.topic for sentence in sentences(name))


def test_slots_are_in_order() -> None:
    assert Sentence("{b} to {a} and {b}", "", "").slots == ("b", "a", "b")
    assert Sentence("no {odd slot}", "", "").slots == ()
