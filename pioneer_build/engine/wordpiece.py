"""The tokenizer of the embedding model: BERT's, uncased. The vocabulary is BERT's own (Apache-2.0)."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from unicodedata import category

from pioneer_build.spec.unicode_form import nfd

_UNKNOWN, _START, _END = 100, 101, 102
_LONGEST_WORD = 100


@cache
def vocabulary() -> dict[str, int]:
    """Every piece and its id; pieces that continue a word begin with `##`."""
    packed = files("pioneer_build.engine").joinpath("data/wordpiece.txt.gz").read_bytes()
    return {piece: i for i, piece in enumerate(gzip.decompress(packed).decode("utf-8").split("\n"))}


def _is_punctuation(char: str) -> bool:
    code = ord(char)
    return 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126 or category(char)[0] == "P"


def _is_ideograph(char: str) -> bool:
    code = ord(char)
    return (
        0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x2FA1F
    )


def words(text: str) -> list[str]:
    """`text` in lower case without accents, split at white space and around punctuation and ideographs."""
    out: list[str] = []
    current: list[str] = []

    def flush() -> None:
        if current:
            out.append("".join(current))
            current.clear()

    for char in nfd(text.lower()):
        kind = category(char)
        if char in "\t\n\r" or kind == "Zs":
            flush()
        elif kind == "Mn" or kind[0] == "C" or char == "\ufffd":
            continue
        elif _is_punctuation(char) or _is_ideograph(char):
            flush()
            out.append(char)
        else:
            current.append(char)
    flush()
    return out


def _pieces(word: str, known: dict[str, int]) -> list[int]:
    if len(word) > _LONGEST_WORD:
        return [_UNKNOWN]
    ids = []
    start = 0
    while start < len(word):
        end = len(word)
        while start < end:
            piece = known.get(word[start:end] if start == 0 else "##" + word[start:end])
            if piece is not None:
                break
            end -= 1
        else:
            return [_UNKNOWN]
        ids.append(piece)
        start = end
    return ids


def token_ids(text: str, limit: int) -> list[int]:
    """The ids of `text` between the start and end tokens, at most `limit` in all."""
    known = vocabulary()
    ids = [_START]
    for word in words(text):
        ids.extend(_pieces(word, known))
        if len(ids) >= limit:
            break
    return [*ids[: limit - 1], _END]
