"""Sets of digests, against Python's own; digests that share a half among them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.inputs import digest_sets as sets
from pioneer_build.inputs import split

digest = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(
    lambda halves: halves[0].to_bytes(8, "little") + halves[1].to_bytes(8, "little")
)
many = st.lists(digest, max_size=30)


@given(many)
def test_distinct(digests: list[bytes]) -> None:
    assert sets.distinct(b"".join(digests)) == len(set(digests))


@given(many)
def test_repeated(digests: list[bytes]) -> None:
    expected = [(at, digests.index(one)) for at, one in enumerate(digests) if digests.index(one) < at]
    assert sets.repeated(b"".join(digests)) == expected


@given(many, many.map(dict.fromkeys).map(list))
def test_first_positions(digests: list[bytes], wanted: list[bytes]) -> None:
    expected = sorted(digests.index(one) for one in set(wanted) if one in digests)
    assert sets.first_positions(b"".join(digests), b"".join(wanted)).tolist() == expected
    assert list(split(b"".join(digests))) == digests


@given(many, many)
def test_positions_of(digests: list[bytes], wanted: list[bytes]) -> None:
    expected = [at for at, one in enumerate(digests) if one in wanted]
    assert sets.positions_of(b"".join(digests), b"".join(wanted)) == expected
