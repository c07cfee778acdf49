"""What makes two texts, or two ids, the same.

A text is its exact UTF-8 bytes: no normalisation, no stripping. Its digest is BLAKE2b of 16 bytes (RFC 7693),
collision-resistant, because customers write tickets and a collision would hand one text another's annotation.
Many digests travel as one `bytes`, 16 a piece: a million are 16 MB, where a list of them would be 60.
"""

from __future__ import annotations

from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DIGEST_SIZE = 16

#: The author's own key of a record: text or a whole number, as the file has it.
Id: TypeAlias = "str | int"


def text_digest(text: str) -> bytes:
    """The 16 bytes that stand for `text`."""
    return blake2b(text.encode(), digest_size=DIGEST_SIZE).digest()


def text_digests(texts: Iterable[str]) -> bytes:
    """The digests of `texts`, one after the other."""
    return b"".join([blake2b(text.encode(), digest_size=DIGEST_SIZE).digest() for text in texts])


def id_digests(ids: Iterable[Id]) -> bytes:
    """The digests of `ids`, one after the other. The number 1 and the text "1" are two ids."""
    kinds = [b"s" + one.encode() if isinstance(one, str) else b"i%d" % one for one in ids]
    return b"".join([blake2b(kind, digest_size=DIGEST_SIZE).digest() for kind in kinds])


def split(digests: bytes) -> Iterator[bytes]:
    """The single digests of a row of them."""
    for start in range(0, len(digests), DIGEST_SIZE):
        yield digests[start : start + DIGEST_SIZE]


def inputs_digest(texts: bytes, ids: bytes) -> str:
    """The digest of a whole input: changes with a text, an id, or the order. Published: it stands in the
    lock.

    `sha256:` of SHA-256 over `inputs 1`, a newline, the SHA-256 of the text digests, and of the id digests.
    """
    whole = sha256(b"inputs 1\n")
    whole.update(sha256(texts).digest())
    whole.update(sha256(ids).digest())
    return f"sha256:{whole.hexdigest()}"
