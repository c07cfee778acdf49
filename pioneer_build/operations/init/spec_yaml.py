"""Writes a spec as YAML, the way a person would write it. A test checks that the parser reads back the same values."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Words that some YAML parsers don't read as text (docs/spec.md, "How YAML is read").
_AMBIGUOUS: Final = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9 _./()+'-]*")
_UNPRINTABLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff\U0001fffe-\U0010ffff]"
)
_WIDTH: Final = 110


def spec_text(spec: Mapping[str, Any]) -> str:
    """A spec as YAML, from plain values in the order in which to write them."""
    return "".join(_entry(key, value) for key, value in spec.items())


def _entry(key: str, value: Any) -> str:
    if isinstance(value, str) and "\n" in value.strip("\n") and _fits_a_block(value):
        # `|` ends with one line feed; white space around a prompt is ignored
        return f"{key}: |\n" + "".join(f"  {line}\n" if line else "\n" for line in value.strip("\n").split("\n"))
    if isinstance(value, list):
        flow = f"{key}: {_flow(value)}\n"
        if len(flow) <= _WIDTH and not any(isinstance(item, dict) for item in value):
            return flow
        return f"{key}:\n" + "".join(f"  - {_flow(item)}\n" for item in value)
    if isinstance(value, dict) and value:
        return f"{key}:\n" + "".join(f"  {scalar(name)}: {_flow(item)}\n" for name, item in value.items())
    return f"{key}: {_flow(value)}\n"


def _flow(value: Any) -> str:
    match value:
        case str():
            return scalar(value)
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case dict():
            return "{" + ", ".join(f"{scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
        case _:
            return json.dumps(value)


def scalar(text: str) -> str:
    """`text` as a YAML scalar: plain if every parser reads it as text, otherwise quoted."""
    if _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _AMBIGUOUS:
        return text
    return _UNPRINTABLE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _fits_a_block(text: str) -> bool:
    lines = text.strip("\n").split("\n")
    return (
        not _UNPRINTABLE.search(text.replace("\n", ""))
        and not lines[0].startswith((" ", "\t"))
        and all(line.strip() or not line for line in lines)
    )


def plain_names(names: Sequence[str]) -> str:
    """Names of keys for a comment; names that aren't plain words are left out."""
    return ", ".join(name for name in names if _PLAIN.fullmatch(name) and len(name) <= 40)
