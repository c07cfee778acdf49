"""Inputs that somebody could have written, and then some: bytes and JSON values changed at random."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

#: Stands for an integer with more digits than Python converts; `json_bytes` writes the digits.
HUGE = "\x01huge\x01"
_HUGE_DIGITS = b"7" * 5000
#: Bytes that readers have stumbled over, in any kind of text.
_BYTES: Sequence[bytes] = (
    b"",
    b"\0",
    b"\n",
    b"\r",
    b"\r\n",
    b"\t",
    b" ",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b'"',
    b"'",
    b"`",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\udfff\\ud800",
    b"\x1b[31m",
    "\u2028\u202e\u0085".encode(),
    "é".encode(),
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[[[[[[[",
    b"{{{{{{{{",
    b"- - - - - ",
    b"? ? ? ? ",
    b": ",
    b":",
    b"- ",
    b"---\n",
    b"...\n",
    b"&a ",
    b"*a",
    b"&a [*a]",
    b"!!",
    b"!!python/object:os.system ",
    b"!!binary ",
    b"!!int ",
    b"<<: ",
    b"# ",
    b"%YAML 1.1\n",
    b"|\n",
    b">-\n",
    b"~",
    b"null",
    b"true",
    b"no",
    b"NaN",
    b"Infinity",
    b"-0",
    b"-1",
    b"0",
    b"1",
    b"1e999",
    b"1e5",
    b"0x1F",
    b"0o17",
    b"1_000",
    b"2024-01-01",
    b"1:30",
    b".5",
    b"1.",
    b"99999999999999999999",
    _HUGE_DIGITS,
    b"=======\n",
    b"<<<<<<< ours\n",
    b">>>>>>> theirs\n",
    b"||||||| base\n",
    b"../../etc/passwd",
    b"/dev/null",
    b"$(id)",
    b"; id",
)
_WORDS: Sequence[str] = (
    "",
    " ",
    "a",
    "A",
    "é",
    "e\u0301",
    "\ud800",
    "\udc00x",
    "\0",
    "\n",
    "\r",
    "\x1b[2J",
    "\u2028",
    "\u202e",
    "\ufeff",
    "😀",
    "a/b",
    "../x",
    ".",
    "..",
    "-",
    "--",
    "0",
    "-1",
    "1.5",
    "true",
    "null",
    "ready",
    "open",
    "failed",
    "unknown",
    "ner",
    "classification",
    "decoder",
    "local",
    "pioneer",
    "https://host/v1",
    "sha256:" + "0" * 64,
    "fp1:" + "1" * 64,
    "x" * 300,
    "\u0130",
    "ß",
    "ﬃ",
    "a" * 101,
    "<b>",
    "@everyone",
    "::error::x",
    "|",
    "`",
    "'; id",
    HUGE,
)
_NUMBERS: Sequence[Any] = (
    0,
    1,
    -1,
    2,
    7,
    2**31,
    2**63,
    2**64,
    -(2**63),
    10**18,
    10**400,
    0.0,
    -0.0,
    0.5,
    1.5,
    1e308,
    -1e-9,
    float("nan"),
    float("inf"),
    True,
    False,
    None,
)
_TOKEN = re.compile(rb"[A-Za-z0-9_.+-]+|\"[^\"]*\"|[^\s]")
#: Of so many inputs, one has a part that is repeated until it is long.
_LONG_EVERY = 250
_LONGEST = 200_000


def mutated(random: Random, data: bytes, others: Sequence[bytes] = ()) -> bytes:
    """`data` with one to five changes.

    Args:
        random: decides.
        data: a good input, or nearly.
        others: parts of these are put in, too.
    """
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        data = _changed(random, data, others)
    if random.randrange(_LONG_EVERY) == 0:
        start, end = _slice(random, data, 40)
        part = data[start:end] or random.choice(_BYTES) or b"x"
        data = data[:start] + part * random.randrange(1, _LONGEST // len(part) + 2) + data[end:]
    return data


def _changed(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    start, end = _slice(random, data, 60)
    match random.randrange(9):
        case 0:
            return data[:start] + random.choice(_BYTES) + data[start:]
        case 1:
            return data[:start] + random.choice(_BYTES) + data[end:]
        case 2:
            return data[:start] + data[end:]
        case 3:
            return data[:end] + data[start:end] * random.choice((1, 1, 2, 9)) + data[end:]
        case 4:
            return data[:start] + bytes([random.randrange(256)]) + data[start + 1 :]
        case 5:
            return data[:start]
        case 6 if others:
            other = random.choice(others)
            begin, stop = _slice(random, other, 200)
            return data[:start] + other[begin:stop] + data[end:]
        case 7:
            lines = data.split(b"\n")
            one, two = random.randrange(len(lines)), random.randrange(len(lines))
            lines[one], lines[two] = lines[two], lines[one]
            return b"\n".join(lines)
        case _:
            tokens = list(_TOKEN.finditer(data[start : start + 400]))
            if not tokens:
                return data
            token = random.choice(tokens)
            return data[: start + token.start()] + random.choice(_BYTES) + data[start + token.end() :]


def _slice(random: Random, data: bytes, longest: int) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.randrange(1, longest))


def any_value(random: Random, depth: int = 3) -> Any:
    """A JSON value without any sense."""
    kind = random.randrange(6 if depth else 4)
    if kind < 2:
        return random.choice(_WORDS)
    if kind < 4:
        return random.choice(_NUMBERS)
    size = random.choice((0, 1, 2, 3, 3, 8))
    if kind == 4:
        return [any_value(random, depth - 1) for _ in range(size)]
    return {random.choice(_WORDS): any_value(random, depth - 1) for _ in range(size)}


def mutated_value(random: Random, value: Any, changes: int = 3) -> Any:
    """A copy of a JSON value with some changes, mostly in its leaves.

    Args:
        random: decides.
        value: a good one.
        changes: at most so many.
    """
    root = [copy.deepcopy(value)]
    for _ in range(random.randrange(1, changes + 1)):
        holder, key = _place(random, root)
        _change(random, holder, key)
    return root[0]


def _place(random: Random, root: list[Any]) -> tuple[Any, Any]:
    """An object or list in `root`, and a key of it."""
    holder: Any = root
    key: Any = 0
    while isinstance(holder[key], dict | list) and holder[key] and random.randrange(8):
        holder = holder[key]
        key = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
    return holder, key


def _change(random: Random, holder: Any, key: Any) -> None:
    value = holder[key]
    match random.randrange(8):
        case 0:
            holder[key] = any_value(random)
        case 1 if isinstance(holder, dict):
            del holder[key]
        case 2 if isinstance(holder, dict):
            holder[random.choice(_WORDS)] = copy.deepcopy(value)
        case 3 if isinstance(holder, list) and len(holder) < 1000:
            holder[key:key] = [copy.deepcopy(value)] * random.choice((1, 1, 2, 10, 200))
        case 4 if isinstance(value, str) and value:
            at = random.randrange(len(value))
            holder[key] = value[:at] + random.choice(_WORDS) + value[at + 1 :]
        case 5 if isinstance(value, bool | int | float):
            holder[key] = random.choice(_NUMBERS)
        case 6:
            holder[key] = [value] if random.randrange(2) else {"x": value}
        case _:
            holder[key] = random.choice(_WORDS) if isinstance(value, str) else random.choice(_NUMBERS)


def json_bytes(value: Any, indent: int | None = None) -> bytes:
    """`value` as JSON; `HUGE` becomes an integer of thousands of digits, lone surrogates stay escapes."""
    text = json.dumps(value, indent=indent).encode()
    return text.replace(json.dumps(HUGE).encode(), _HUGE_DIGITS)
