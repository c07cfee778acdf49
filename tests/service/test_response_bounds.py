"""How large a response may be, and that nothing is decompressed in pieces larger than need be."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.service.response_bounds import bounds_for
from pioneer_build.spec.json_values import values_in
from pioneer_build.web.decompress import decompressed
from tests.service.harness import run

PIECE = 64 * 1024


class _Chunks(httpx.AsyncByteStream):
    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> Any:
        for chunk in self._chunks:
            yield chunk


def pieces(body: bytes, coding: str, size: int = 10_000) -> list[bytes]:
    async def main() -> list[bytes]:
        chunks = [body[start : start + size] for start in range(0, len(body), size)]
        got = httpx.Response(
            200, headers={"Content-Encoding": coding}, stream=_Chunks(chunks), request=httpx.Request("GET", "http://x")
        )
        return [piece async for piece in decompressed(got)]

    found: list[bytes] = run(main())
    return found


@pytest.mark.parametrize(
    ("rows", "size"),
    [(0, 4), (20, 5.25), (1000, 66.5), (4000, 254), (10_000, 260), (100_000, 394.625), (200_000, 512), (None, 66.5)],
)
def test_a_response_may_be_as_long_as_its_rows_need(rows: int | None, size: float) -> None:
    assert bounds_for(rows).size == size * 1024 * 1024


@pytest.mark.parametrize(
    ("rows", "values"), [(0, 100_000), (1000, 600_000), (10_000, 2_100_000), (100_000, 6_500_000), (None, 600_000)]
)
def test_a_response_may_have_as_many_values_as_its_rows_need(rows: int | None, values: int) -> None:
    assert bounds_for(rows).values == bounds_for(rows, streamed=True).values == values


def test_what_is_read_line_by_line_may_be_longer() -> None:
    assert bounds_for(200_000, streamed=True).size == 4 * 1024 * 1024 + 200_000 * 4096 > bounds_for(200_000).size
    assert bounds_for(3, more=1000).size == bounds_for(3).size + 1000
    assert bounds_for(3).shown == "4 MiB"


@pytest.mark.parametrize(
    ("body", "least"), [(b"", 1), (b"[]", 1), (b'{"a": [1, 2]}', 4), (b"[" * 9, 9), (b"[],[],", 3)]
)
def test_values_are_never_counted_too_low(body: bytes, least: int) -> None:
    assert values_in(body) >= least


@given(st.binary(max_size=300_000), st.sampled_from(["gzip", "x-gzip", "GZIP", "deflate"]), st.integers(1, 70_000))
def test_what_was_compressed_comes_back(body: bytes, coding: str, size: int) -> None:
    packed = zlib.compress(body) if coding == "deflate" else gzip.compress(body, mtime=0)
    if len(packed) // size < 1000:
        assert b"".join(pieces(packed, coding, size)) == body


@pytest.mark.parametrize("coding", ["", "identity", "unheard-of"])
def test_what_is_not_compressed_stays(coding: str) -> None:
    assert b"".join(pieces(b"abc", coding)) == b"abc"


def test_members_one_after_the_other() -> None:
    assert (
        b"".join(
            pieces(
                gzip.compress(b"one ", mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(b"two", mtime=0),
                "gzip",
                7,
            )
        )
        == b"one two"
    )


def test_a_bomb_comes_in_small_pieces() -> None:
    found = pieces(gzip.compress(bytes(50_000_000), 9, mtime=0), "gzip", 100_000)
    assert sum(map(len, found)) == 50_000_000
    assert max(map(len, found)) <= PIECE


def test_a_bomb_leaves_time_for_the_deadline_and_for_signals() -> None:
    """It may have come as one chunk, with all of it to be decompressed and read before the next one is waited for."""

    async def main() -> int:
        stream = _Chunks([gzip.compress(bytes(10_000_000), 9, mtime=0)])
        got = httpx.Response(
            200, headers={"Content-Encoding": "gzip"}, stream=stream, request=httpx.Request("GET", "http://x")
        )
        seen, begun = 0, asyncio.Event()

        async def read() -> None:
            nonlocal seen
            async for piece in decompressed(got):
                seen += len(piece)
                begun.set()

        reading = asyncio.ensure_future(read())
        await begun.wait()
        reading.cancel()
        await asyncio.wait({reading})
        return seen

    assert run(main()) <= 3 * PIECE


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"no gzip", "gzip"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-9], "gzip"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-1], "gzip"),
        (gzip.compress(b"x", mtime=0) + b"more", "gzip"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "gzip, gzip"),
    ],
)
def test_what_cannot_be_decompressed(body: bytes, coding: str) -> None:
    with pytest.raises(httpx.DecodingError):
        pieces(body, coding)
