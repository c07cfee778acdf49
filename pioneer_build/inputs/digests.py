"""Digests that identify texts and ids.

A text is its exact UTF-8 bytes: nothing is normalised or stripped. Its digest is BLAKE2b with 16 bytes (RFC 7693). It
is collision-resistant, because customers write tickets, and a collision would give one text the annotation of another.
Several digests are stored as one `bytes` object, 16 bytes each: a million take 16 MB, and 60 MB as a list.
"""

from __future__ import annotations

from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DIGEST_SIZE = 16

#: The id of a record in the author's own data: text or a whole number, as in the file.
Id: TypeAlias = "str | int"


def text_digest(text: str) -> bytes:
    """The 16-byte digest of `text`."""
    return blake2b(text.encode(), digest_size=DIGEST_SIZE).digest()


def text_digests(texts: Iterable[str]) -> bytes:
    """The digests of `texts`, concatenated."""
    return b"".join([blake2b(text.encode(), digest_size=DIGEST_SIZE).digest() for text in texts])


def id_digests(ids: Iterable[Id]) -> bytes:
    """The digests of `ids`, concatenated. The number 1 and the text "1" are different ids."""
    kinds = [b"s" + one.encode() if isinstance(one, str) else b"i%d" % one for one in ids]
    return b"".join([blake2b(kind, digest_size=DIGEST_SIZE).digest() for kind in kinds])


def split(digests: bytes) -> Iterator[bytes]:
    """The single digests of concatenated ones."""
    for start in range(0, len(digests), DIGEST_SIZE):
        yield digests[start : start + DIGEST_SIZE]


def inputs_digest(texts: bytes, ids: bytes) -> str:
    """The digest of a whole input: it changes with each text, id, and their order. Part of the lock's published format.

    `sha256:` of SHA-256 over `inputs 1`, a newline, the SHA-256 of the text digests, and of the id digests.
    """
    whole = sha256(b"inputs 1\n")
    whole.update(sha256(texts).digest())
    whole.update(sha256(ids).digest())
    return f"sha256:{whole.hexdigest()}"
