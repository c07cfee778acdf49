"""Decompresses a response in small pieces, so that a few bytes can't fill this machine's memory."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

#: Decompressed bytes that are handled at a time.
_PIECE = 64 * 1024
_IDENTITY = frozenset({"", "identity"})
_ZLIB = frozenset({"gzip", "x-gzip", "deflate"})


async def decompressed(got: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body of a response, decompressed in small pieces. httpx would expand a whole chunk at once.

    Raises:
        httpx.DecodingError: it can't be decompressed, is compressed more than once, or ends too early.
    """
    coding = got.headers.get("content-encoding", "").strip().lower()
    # a transport without a network may have decompressed it already
    chunks: AsyncIterator[bytes] = got.aiter_bytes() if got.is_stream_consumed else got.aiter_raw()
    if "," in coding:
        raise httpx.DecodingError("compressed more than once", request=got.request)
    if coding in _IDENTITY or coding not in _ZLIB or got.is_stream_consumed:
        async for chunk in chunks:
            yield chunk
        return
    engine, fed = zlib.decompressobj(zlib.MAX_WBITS | 32), False
    async for chunk in chunks:
        data = chunk
        while data:
            fed = True
            try:
                piece = engine.decompress(data, _PIECE)
            except zlib.error as error:
                raise httpx.DecodingError(str(error), request=got.request) from None
            data = engine.unconsumed_tail
            if engine.eof:  # further members follow, or nothing
                data, engine, fed = engine.unused_data, zlib.decompressobj(zlib.MAX_WBITS | 32), False
            if piece:
                yield piece
                await asyncio.sleep(0)  # a chunk may make a thousand pieces: the deadline and Ctrl-C come between them
    while not engine.eof and fed:
        try:
            piece = engine.decompress(engine.unconsumed_tail, _PIECE)
        except zlib.error as error:
            raise httpx.DecodingError(str(error), request=got.request) from None
        if not piece and not engine.eof:
            raise httpx.DecodingError("it ends too early", request=got.request)
        yield piece
