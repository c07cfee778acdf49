"""From labels to slots of the engine's sentences."""

from __future__ import annotations

import pytest

from pioneer_build.engine.generating.made_up_values import knows
from pioneer_build.engine.generating.slots import slots_of


@pytest.mark.parametrize(
    ("label", "slots"),
    [
        ("city", ("city",)),
        ("Cities", ("city", "country")),
        ("Product", ("product", "item", "vehicle")),
        ("order_number", ("order", "ticket")),
        ("drugs", ("drug",)),
        ("EMAIL", ("email",)),
        ("number", ("number",)),
        ("location", ("city", "country", "landmark", "address")),
        ("person", ("person",)),
        ("people", ("person", "first", "last")),
        ("organization", ("company", "bank", "airline", "university", "agency", "team")),
        ("starship", ("coined:starship",)),
        ("{odd}", ("coined:odd",)),
        ("!?", ("coined:!?",)),
    ],
)
def test_slots(label: str, slots: tuple[str, ...]) -> None:
    assert slots_of(label) == slots


def test_every_slot_has_values() -> None:
    labels = ["person", "organization", "misc", "location", "product", "date", "url", "dish", "money", "disease"]
    assert all(knows(slot) for label in labels for slot in slots_of(label))
