"""Keys that occur twice in one object, whatever else is in it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.inputs.records import Columns
from pioneer_build.inputs.repeated_keys import any_may_repeat, may_repeat, repeated_key, spellings

COLUMNS = Columns("text", "id")
SMALL = st.recursive(
    st.one_of(st.none(), st.integers(0, 9), st.text('te"x\\ {:', max_size=5)),
    lambda more: st.one_of(
        st.lists(more, max_size=2), st.dictionaries(st.sampled_from(["text", "x", 't"']), more, max_size=3)
    ),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.sampled_from(["text", "id", "x", 't"']), SMALL), max_size=4), st.sampled_from([None, 1]))
def test_keys_of_the_object_itself_are_counted(pairs: list[tuple[str, object]], indent: int | None) -> None:
    body = ", ".join(f"{json.dumps(key)}: {json.dumps(value, indent=indent)}" for key, value in pairs)
    keys = [key for key, _ in pairs]
    found = repeated_key("{" + body + "}", COLUMNS)
    if found is not None:
        assert may_repeat("{" + body + "}", spellings(COLUMNS))
    assert (found is not None) == (keys.count("text") > 1 or keys.count("id") > 1)
    if found is not None:
        assert ("{" + body + "}")[found[1] :].startswith(json.dumps(found[0]))


def test_lines_that_need_no_look() -> None:
    good = b'{"text": "a", "id": 1}\n{"id": 2, "text": "id text \\u00e9"}\n'
    assert not any_may_repeat(good, spellings(COLUMNS), 2)
    assert any_may_repeat(good + b'{"id": 3, "text": "a", "text": "b"}\n', spellings(COLUMNS), 3)
    assert any_may_repeat(good + b'{"id": 3, "text": "a", "te\\u0078t": "b"}\n', spellings(COLUMNS), 3)


def test_what_is_no_object_or_nested_too_deeply() -> None:
    for source in ('"text"', "[1]", "7", "[" * 100_000, '{"text": ' + "[" * 100_000, ""):
        assert repeated_key(source, COLUMNS) is None
