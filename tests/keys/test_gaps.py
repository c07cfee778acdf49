"""A text without gaps, and where its characters were."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.keys.gaps import squeezed, squeezed_bytes

PIECES = ["a", "n", "t", "u", "0", "\\", " ", "\n", "\\n", "\\u0020", "\\u000p", "\\uFE0F", "\u200b", "\ud800", "é"]


def test_what_is_taken_out() -> None:
    assert [one.text for one in squeezed("a\\n\\tb \n\\u0020\\u200bc")] == ["abc", "antbc"]
    assert [one.text for one in squeezed("\\u000p \\u0070\\")] == ["u000pu0070"]  # these are no spaces
    assert [one.text for one in squeezed("")] == [""]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_each_character_is_where_it_was(text: str) -> None:
    for reading in squeezed(text):
        places = [reading.original(place, place + 1) for place in range(len(reading.text))]
        assert "".join(text[start:end] for start, end in places) == reading.text
        assert places == sorted(set(places))
        for start in range(len(places)):
            assert reading.original(start, len(places)) == (places[start][0], places[-1][1])


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_what_is_left_has_no_white_space(text: str) -> None:
    for reading in squeezed(text):
        assert reading.text.split() in ([], [reading.text])
        assert "\\" not in reading.text


@given(st.lists(st.sampled_from([*PIECES, "\u3000", "\U000e0041", "\x85", "\u2019"]), max_size=40).map("".join))
def test_bytes_are_squeezed_as_their_text(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    expected = [one.text.encode() for one in squeezed(body.decode("utf-8", "replace"))]
    assert squeezed_bytes(body) == expected


@given(st.lists(st.sampled_from([b"a", b"n", b"\\", b"\\n", b"\n", b"\xe2", b"\x80", b"\x99", b"\xff", b"\xc2"])))
def test_bytes_that_are_no_text_are_gaps(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    assert squeezed_bytes(body) == [one.text.encode() for one in squeezed(body.decode("utf-8", "replace"))]
