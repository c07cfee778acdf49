"""A file of lines in remembered chunks: which are found again, wherever they stand, and what is parsed."""

from __future__ import annotations

import io
import random
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.inputs import incremental as module
from pioneer_build.inputs.incremental import Chunk, Piece, chunk_of, pieces
from pioneer_build.inputs.line_chunks import LineTooLongError

LINES = st.lists(st.sampled_from([b"a\n", b"bb\n", b"a longer line that fills a chunk\n", b"\n"]), max_size=40)


@pytest.fixture(autouse=True, scope="module")
def _small_chunks() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", 32)
        patch.setattr(module, "_WINDOW", 16)
        yield


def chunks_of(data: bytes) -> list[Chunk]:
    """What is remembered of a file that is read for the first time."""
    chunks, rows = [], 0
    for piece in pieces(io.BytesIO(data), []):
        assert piece.old is None
        count = piece.data.count(b"\n")
        if piece.data.endswith(b"\n"):
            chunks.append(chunk_of(piece.data, count, rows))
        rows += count
    return chunks


def bytes_of(piece: Piece, old: bytes, chunks: list[Chunk]) -> bytes:
    """The bytes that a piece stands for."""
    if piece.old is None:
        return piece.data
    start = sum(chunk.length for chunk in chunks[: chunks.index(piece.old)])
    return old[start : start + piece.old.length]


def read_again(data: bytes, old: bytes) -> tuple[bytes, int]:
    """The file as its pieces have it, and how many of its bytes are parsed."""
    chunks = chunks_of(old)
    found = list(pieces(io.BytesIO(data), chunks))
    return b"".join(bytes_of(piece, old, chunks) for piece in found), sum(len(piece.data) for piece in found)


def numbered(count: int) -> list[bytes]:
    return [b"this is line %d of the file\n" % number for number in range(count)]


def test_the_memory_of_lines() -> None:
    chunk = chunk_of(b"one\ntwo\n", 2, 5)
    assert (chunk.length, chunk.lines, chunk.rows, chunk.start) == (8, 2, 2, 5)
    assert chunk.sha == sha256(b"one\ntwo\n").digest()
    assert chunk.head == chunk_of(b"one\nother\n", 2, 0).head, "a hint by the first line alone"
    assert chunk.moved_to(7) == chunk_of(b"one\ntwo\n", 2, 7)


@given(LINES, st.booleans())
def test_a_first_reading_is_the_file_in_whole_lines(lines: list[bytes], end: bool) -> None:
    data = b"".join(lines) if end else b"".join(lines).rstrip(b"\n")
    found = list(pieces(io.BytesIO(data), []))
    assert b"".join(piece.data for piece in found) == data
    assert all(piece.data.endswith(b"\n") for piece in found[:-1])


@settings(max_examples=200)
@given(LINES, LINES)
def test_whatever_changed_the_pieces_are_the_file(before: list[bytes], after: list[bytes]) -> None:
    data = b"".join(after)
    assert read_again(data, b"".join(before))[0] == data


@given(st.lists(st.integers(0, 30), max_size=6), st.randoms())
def test_edits_in_a_file_of_many_lines(places: list[int], chance: random.Random) -> None:
    before = numbered(30)
    after = list(before)
    for place in places:
        edit = chance.choice(["insert", "delete", "swap"])
        if edit == "insert":
            after.insert(place, b"a new line\n")
        elif edit == "delete":
            del after[place : place + 1]
        else:
            after = after[place:] + after[:place]
    data = b"".join(after)
    assert read_again(data, b"".join(before))[0] == data


def test_an_unchanged_file_is_not_parsed() -> None:
    data = b"".join(numbered(100))
    assert read_again(data, data) == (data, 0)


@pytest.mark.parametrize("place", [0, 1, 50, 98, 99])
def test_one_changed_line_costs_about_a_chunk(place: int) -> None:
    before = numbered(100)
    after = [*before[:place], b"another\n", *before[place + 1 :]]
    whole, parsed = read_again(b"".join(after), b"".join(before))
    assert whole == b"".join(after)
    assert 0 < parsed <= 3 * module.CHUNK


def test_lines_before_all_others_cost_themselves() -> None:
    before = numbered(100)
    after = [b"new\n", *before]
    assert read_again(b"".join(after), b"".join(before))[1] <= module.CHUNK + 40


def test_a_last_line_that_grows_is_read_again() -> None:
    old = b"".join(numbered(10)) + b"not whole"
    whole, parsed = read_again(old + b" yet\n", old)
    assert whole == old + b" yet\n"
    assert parsed >= len(b"not whole yet\n")


def test_lines_that_begin_alike_do_not_cost_a_hash_each() -> None:
    """A file of one line over and over: the hint is worth nothing, and is given up after a while."""
    old = b"same\n" * 1000
    new = b"same\n" * 500 + b"other\n" + b"same\n" * 500
    hashed = 0
    real = module.sha256

    def counted(data: bytes) -> object:
        nonlocal hashed
        hashed += 1
        return real(data)

    chunks = chunks_of(old)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "sha256", counted)
        found = list(pieces(io.BytesIO(new), chunks))
    assert b"".join(bytes_of(piece, old, chunks) for piece in found) == new
    assert hashed <= 4 * len(chunks) + 40


def test_a_line_too_long_for_any_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RECORD", 200)
    assert [piece.data for piece in pieces(io.BytesIO(b"x" * 100 + b"\n"), [])] == [b"x" * 100 + b"\n"]
    with pytest.raises(LineTooLongError):
        list(pieces(io.BytesIO(b"fine\n" + b"x" * 1000 + b"\n"), []))
