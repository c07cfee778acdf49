"""What a name's own words say about its type."""

from __future__ import annotations

from pioneer_build.engine.labelling.name_rules import corrected


def test_what_names_say_themselves() -> None:
    text = "He swam in Sandy Creek, near Harrison, and met Dr. Reading of Oslo University."
    at = {name: (text.index(name), text.index(name) + len(name)) for name in ("Sandy Creek", "Harrison", "Reading")}
    assert corrected(text, *at["Sandy Creek"], "PERSON") == (*at["Sandy Creek"], "LOC")
    assert corrected(text, *at["Harrison"], "PERSON") == (*at["Harrison"], "GPE")
    assert corrected(text, *at["Reading"], "GPE") == (*at["Reading"], "PERSON")
    assert corrected("the keyboard player of A", 4, 19, "PERSON") is None
