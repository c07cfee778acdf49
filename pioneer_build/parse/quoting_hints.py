"""How to write a value so that YAML reads it as what was meant: with quotes, without them, or in another spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yaml.nodes import ScalarNode

from pioneer_build.parse.ambiguous_words import BOOL

if TYPE_CHECKING:
    from yaml.nodes import Node


def as_whole(node: Node) -> str | None:
    """How to write the whole number that `node` probably means."""
    if not isinstance(node, ScalarNode) or node.tag == BOOL:
        return None
    value = node.value.strip()
    if node.style and value.isascii() and value.isdigit():
        return f"write it without quotes: {value}"
    number = _guess_whole(value.replace(",", "") if "." not in value else value)
    return f"write {number}" if number is not None else None


def _guess_whole(value: str) -> int | None:
    if len(value) > 30:
        return None
    text = value.replace("_", "").lower()
    try:
        if text.startswith("0") and text.isdigit() and len(text) > 1:
            return None  # octal for some readers, decimal for others
        return int(text, 0)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() and abs(number) < 1e15 else None


def as_number(node: Node) -> str | None:
    """How to write the number that `node` probably means."""
    if not isinstance(node, ScalarNode):
        return None
    value = node.value.strip()
    try:
        if value.endswith("%"):
            return f"write {float(value[:-1]) / 100:g}"
        if node.style:
            return f"write it without quotes: {float(value):g}"
    except ValueError:
        pass
    return None


def as_bool(node: Node) -> str | None:
    """How to write the boolean that `node` probably means."""
    if not isinstance(node, ScalarNode):
        return None
    word = node.value.strip().lower()
    if word in {"yes", "on", "true", "y", "1"}:
        return "write true"
    if word in {"no", "off", "false", "n", "0"}:
        return "write false"
    return None
