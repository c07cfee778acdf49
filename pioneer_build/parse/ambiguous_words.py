"""Plain YAML scalars that some version of YAML doesn't read as text, and what to say where text is needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yaml.nodes import MappingNode, ScalarNode

if TYPE_CHECKING:
    from yaml.nodes import Node

STR = "tag:yaml.org,2002:str"
INT = "tag:yaml.org,2002:int"
FLOAT = "tag:yaml.org,2002:float"
BOOL = "tag:yaml.org,2002:bool"
NULL = "tag:yaml.org,2002:null"
DATE = "tag:yaml.org,2002:timestamp"
SEQ = "tag:yaml.org,2002:seq"
MAP = "tag:yaml.org,2002:map"
MERGE = "tag:yaml.org,2002:merge"

#: Plain words that some version of YAML doesn't read as text.
_WORDS = {
    **{
        form: BOOL
        for word in ("yes", "no", "true", "false", "on", "off")
        for form in (word, word.title(), word.upper())
    },
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), NULL),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"), FLOAT),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), FLOAT),
    "<<": MERGE,
}
_INT = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?::[0-5]?[0-9])*)")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?)"
)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)?"
)
#: What YAML reads a value as, in words.
_READS = {
    BOOL: "a boolean", NULL: "null", INT: "a number", FLOAT: "a number", DATE: "a date", MERGE: "a merge key",
}  # fmt: skip
#: The tags of what is read as something else than text; any other tag is the author's own, and an error as such.
MISREAD = frozenset(_READS)
_NUMERIC_START = frozenset("+-.0123456789")


def tag_of_plain(value: str) -> str:
    """The tag of a plain scalar: by YAML 1.1, or by 1.2 if it is text in 1.1."""
    tag = _WORDS.get(value)
    if tag is not None:
        return tag
    if value[0] in _NUMERIC_START:
        if _INT.fullmatch(value):
            return INT
        if _FLOAT.fullmatch(value):
            return FLOAT
        if _DATE.fullmatch(value):
            return DATE
    return STR


def not_text(what: str, node: Node, shown: str, *, sequence: bool) -> tuple[str, str | None, str]:
    """Message, hint and code for a value that YAML doesn't read as text: an unquoted `no` is a boolean.

    Args:
        what: the value's place, in words.
        node: the value.
        shown: the value as written, in a few words.
        sequence: whether it is an item of a list.
    """
    if not isinstance(node, ScalarNode):
        return f"{what} must be text, not {shown}", _as_text(node), "type"
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


def _as_text(node: Node) -> str | None:
    """How to write text with a colon in it, which YAML reads as a mapping."""
    if isinstance(node, MappingNode) and not node.flow_style and len(node.value) == 1:
        key, value = node.value[0]
        if isinstance(key, ScalarNode) and isinstance(value, ScalarNode) and not (key.style or value.style):
            return f'quote it: "{key.value}: {value.value}"'
    return None
