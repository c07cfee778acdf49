"""Some entries of a lock, read without the others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.lock.file_text import lock_text, read_entries
from pioneer_build.lock.model import Entry, Lock
from tests.lock.strategies import locks
from tests.planning import BACKEND, PROPERTY, declared, entry, generate_spec, job, lock_of


def built(name: str, description: str = "d") -> Entry:
    item = declared(generate_spec(name, domain_description=description))
    return entry(item, job(item))


#: Words that look like the layout of a lock.
TRAP = 'x\n    "b": {\n      "pioneer": {}'
TEXT = lock_text(lock_of(*(built(name, TRAP) for name in ("a", "b", "b-2", "c", 'q"uote', "ä"))))


@PROPERTY
@given(locks(), st.randoms())
def test_they_are_those_of_the_whole(lock: Lock, random: object) -> None:
    names = sorted({name for name, _ in lock.entries})
    chosen = {name for name in names if random.random() < 0.5}  # type: ignore[attr-defined]
    found = read_entries(lock_text(lock), chosen)
    assert found == Lock({key: one for key, one in lock.entries.items() if key[0] in chosen})


@pytest.mark.parametrize("names", [["a"], ["b"], ["c", "a"], ['q"uote', "ä"], ["b-2", "b"], []])
def test_names_are_found_where_they_stand(names: list[str]) -> None:
    found = read_entries(TEXT, names)
    assert found is not None
    assert set(found.entries) == {(name, BACKEND) for name in names}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (TEXT, ["a", "nowhere"]),
        (json.dumps(json.loads(TEXT)), ["a"]),
        (json.dumps(json.loads(TEXT), indent=4), ["a"]),
        (TEXT.replace('"asked": 10', '"asked": 11', 1), ["a"]),
        (TEXT.replace('    "a": {', '    "a": {{', 1), ["a"]),
        (TEXT[: TEXT.index('"c"') + 40], ["c"]),
        (TEXT.replace('    "a": {', '    "z": {', 1), ["z"]),
        ('{\n  "datasets": {\n    "a": 5\n  }\n}', ["a"]),
        ('{\n  "datasets": {\n    "a": {"pioneer": 5}\n  }\n}', ["a"]),
        ('{\n  "datasets": {\n    "a": {"pioneer": {}}\n  }\n}', ["a"]),
        ('{\n    "a": ' + "[" * 100_000, ["a"]),
        ("", ["a"]),
    ],
    ids=[
        "another name", "one line", "other indent", "edited", "no JSON", "cut", "under another name", "no object",
        "no entry", "nothing in it", "nested too deeply", "empty",
    ],
)  # fmt: skip
def test_what_cant_be_read_so_is_left_to_a_reading_of_the_whole(text: str, names: list[str]) -> None:
    assert read_entries(text, names) is None


def test_only_what_is_asked_for_counts() -> None:
    assert read_entries(TEXT.replace('"asked": 10', '"asked": 11', 1), ["b"]) is not None
