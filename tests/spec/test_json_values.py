"""Values of JSON texts are counted before they are parsed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.spec.json_values import has_more_values, values_in

TEXTS = st.text(alphabet='ab,[{]}"\\é\n', max_size=6)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def size(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(size, inner))


@given(VALUES, st.booleans())
def test_no_value_is_missed_and_texts_are_not_counted(value: Any, ascii_only: bool) -> None:
    body, least = json.dumps(value, ensure_ascii=ascii_only).encode(), size(value)
    assert values_in(body) >= least
    assert least == 1 or has_more_values(body, least - 1)
    assert not has_more_values(body, 2 * least), "a list or an object counts as two at most"


@pytest.mark.parametrize("body", [b'"' * 100, b'"",' * 99, b"[" * 99, b'"a" ' * 99])
def test_what_is_no_json_has_an_end(body: bytes) -> None:
    has_more_values(body, 3)
    assert has_more_values(body + b"," * 99, 3)


def test_a_text_without_an_end_is_one() -> None:
    assert not has_more_values(b'["' + b"," * 99, 3)
    assert not has_more_values(b'["\\', 3)
