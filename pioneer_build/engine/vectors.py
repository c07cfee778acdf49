"""Precomputed vectors of the engine's own texts: `data/vectors.bin`.

They save seconds in the first job, and they are the same on every CPU. After a change of a word list or a sentence, run
`python -m pioneer_build.engine.build_vectors`. A text that isn't in the file is embedded when it is needed.

The file: the number of texts (4 bytes, little-endian), the first 8 bytes of the SHA-256 of each, sorted, and for each a
row of signed bytes, the vector scaled so that its largest component is 127.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from pioneer_build.engine.embedding import Vectors, embedder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: The path of the vectors in this package.
VECTORS_FILE = "data/vectors.bin"
_WIDTH = 384


def _key(text: str) -> bytes:
    return sha256(text.encode()).digest()[:8]


def pack(texts: Iterable[str]) -> bytes:
    """The content of the file for `texts`."""
    by_key = {_key(text): text for text in texts}
    keys = sorted(by_key)
    vectors = embedder().embed([by_key[key] for key in keys])
    scaled = np.rint(vectors / np.abs(vectors).max(axis=1, keepdims=True) * 127).astype(np.int8)
    return len(keys).to_bytes(4, "little") + b"".join(keys) + bytes(scaled.tobytes())


def unpack(content: bytes) -> tuple[Mapping[bytes, int], Vectors]:
    """The row number of each key, and the rows as vectors of length 1."""
    count = int.from_bytes(content[:4], "little")
    keys = {content[4 + 8 * i : 12 + 8 * i]: i for i in range(count)}
    rows = np.frombuffer(content, dtype=np.int8, offset=4 + 8 * count).reshape(count, _WIDTH).astype(np.float32)
    return keys, rows / np.linalg.norm(rows, axis=1, keepdims=True)


@lru_cache(maxsize=1)
def _kept() -> tuple[Mapping[bytes, int], Vectors]:
    return unpack(files("pioneer_build.engine").joinpath(VECTORS_FILE).read_bytes())


def missing(texts: Iterable[str]) -> list[str]:
    """Those of `texts` that are not in the file."""
    keys, _ = _kept()
    return [text for text in texts if _key(text) not in keys]


def own_vectors(texts: Sequence[str]) -> Vectors:
    """One row per text, for texts of the engine itself."""
    keys, rows = _kept()
    new = list(dict.fromkeys(missing(texts)))
    fresh = dict(zip(new, embedder().embed(new), strict=True)) if new else {}
    return np.stack([fresh[text] if text in fresh else rows[keys[_key(text)]] for text in texts])
