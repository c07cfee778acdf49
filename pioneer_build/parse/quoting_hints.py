"""How to write a value so that YAML reads it as what was meant: with quotes, without them, or in another spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yaml.nodes import MappingNode, ScalarNode

from pioneer_build.parse.ambiguous_words import BOOL, DATE, FLOAT, INT, MERGE, NULL

if TYPE_CHECKING:
    from yaml.nodes import Node


_READS = {
    BOOL: "a boolean", NULL: "null", INT: "a number", FLOAT: "a number", DATE: "a date", MERGE: "a merge key",
}  # fmt: skip


def not_text(what: str, node: Node, shown: str, *, sequence: bool) -> tuple[str, str | None, str]:
    """Message, hint and code for a value that YAML doesn't read as text: an unquoted `no` is a boolean.

    Args:
        what: the value's place, in words.
        node: the value.
        shown: the value as written, in a few words.
        sequence: whether it is an item of a list.
    """
    if not isinstance(node, ScalarNode):
        return f"{what} must be text, not {shown}", as_text(node), "type"
    if not node.value and not node.style:
        return (
            f"{what} is empty",
            "add a value" if sequence else "add a value, or remove the key",
            "empty",
        )
    if node.tag == MERGE:
        return (
            f"YAML reads {node.value} as a merge key; {what} must be text",
            f'quote it: "{node.value}"',
            "quote",
        )
    return (
        f"YAML reads {node.value} as {_READS[node.tag]}; {what} must be text",
        f'quote it: "{node.value}"',
        "quote",
    )


def as_text(node: Node) -> str | None:
    """How to write text with a colon in it, which YAML reads as a mapping."""
    if isinstance(node, MappingNode) and not node.flow_style and len(node.value) == 1:
        key, value = node.value[0]
        if isinstance(key, ScalarNode) and isinstance(value, ScalarNode) and not (key.style or value.style):
            return f'quote it: "{key.value}: {value.value}"'
    return None


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
