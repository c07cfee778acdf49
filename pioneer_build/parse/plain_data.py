"""Trees of nodes to plain data: text, whole numbers, fractions, true/false, lists, mappings.

Nothing is guessed: a scalar that some readers of YAML could read differently becomes an `Odd`. It is invalid
everywhere, and has its node, so that the message can say how to write it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from pioneer_build.parse.ambiguous_words import BOOL, DATE, FLOAT, INT, MAP, MERGE, NULL, SEQ, STR
from pioneer_build.parse.duplicate_keys import report_duplicate_key

if TYPE_CHECKING:
    from yaml.nodes import Node

    from pioneer_build.parse.source_text import Source

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"-?(?:[0-9]{0,40}\.[0-9]{1,40}|[0-9]{1,40})(?:[eE][-+]?[0-9]{1,3})?")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_CORE = frozenset({STR, INT, FLOAT, BOOL, NULL, SEQ, MAP, DATE, MERGE})


class Odd:
    """A scalar without a plain value."""

    __slots__ = ("node",)

    def __init__(self, node: ScalarNode) -> None:
        self.node = node


def plain(node: Node, source: Source) -> Any:
    """`node` as plain data. Duplicate keys, keys that are not text, and tags are reported."""
    if isinstance(node, ScalarNode):
        return node.value if node.tag == STR else _scalar(node, source)
    if isinstance(node, SequenceNode):
        if node.tag != SEQ:
            _bad_tag(node, source)
        return [plain(item, source) for item in node.value]
    if node.tag != MAP:
        _bad_tag(node, source)
    data: dict[str, Any] = {}
    firsts: dict[str, Node] | None = None
    for key, value in node.value:
        word = key.value
        if type(key) is not ScalarNode or key.tag != STR:
            word = _odd_key(key, source)
        elif word in data:
            firsts = firsts or {one.value: one for one, _ in reversed(node.value) if isinstance(one, ScalarNode)}
            report_duplicate_key(key, firsts[word], source)
            plain(value, source)  # reports its errors; the value of the first key is used
            continue
        item = plain(value, source)
        if word is not None:
            data.setdefault(word, item)
    return data


class NodeFinder:
    """Finds nodes in the tree `root` by their place in its data. Mappings are indexed, so many look-ups stay cheap."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._pairs: dict[int, dict[Any, tuple[Node, Node]]] = {}

    def at(self, loc: tuple[int | str, ...]) -> tuple[Node, Node | None]:
        """The node at `loc` and the node of its key; the nearest existing one if there is none."""
        node, key_node = self._root, None
        for step in loc:
            if isinstance(node, MappingNode):
                pair = self._of(node).get(step)
                if pair is None:
                    break
                key_node, node = pair
            elif isinstance(node, SequenceNode) and isinstance(step, int):
                node, key_node = node.value[step], None
            else:
                break
        return node, key_node

    def _of(self, node: MappingNode) -> dict[Any, tuple[Node, Node]]:
        found = self._pairs.get(id(node))
        if found is None:  # the first of two pairs with the same key counts
            scalars = [pair for pair in node.value if isinstance(pair[0], ScalarNode)]
            found = self._pairs[id(node)] = {pair[0].value: pair for pair in reversed(scalars)}
        return found


def node_at(root: Node, loc: tuple[int | str, ...]) -> tuple[Node, Node | None]:
    """One look-up of `NodeFinder.at`."""
    return NodeFinder(root).at(loc)


def _scalar(node: ScalarNode, source: Source) -> Any:
    tag, value = node.tag, node.value
    if tag == INT and _DECIMAL.fullmatch(value):
        return int(value)
    if tag in (FLOAT, INT) and _FRACTION.fullmatch(value):
        # an INT only gets here if it starts with 0 or is very long: some readers read `010` as octal
        return float(value) if tag == FLOAT else Odd(node)
    if tag == BOOL and value in _BOOLS:
        return _BOOLS[value]
    if tag not in _CORE:
        _bad_tag(node, source)
        return value
    return Odd(node)


def _bad_tag(node: Node, source: Source) -> None:
    shown = node.tag.replace("tag:yaml.org,2002:", "!!")
    source.problem_at(
        node.start_mark, node.end_mark, f"the YAML tag {shown} is not supported", hint="remove it", code="tag"
    )


def _odd_key(key: Node, source: Source) -> str | None:
    """The word of a key that is not text, if it has one; the key is reported."""
    if not isinstance(key, ScalarNode):
        source.problem_at(key.start_mark, key.end_mark, "a key must be text", code="key")
        return None
    if key.tag == MERGE:
        source.problem_at(
            key.start_mark,
            key.end_mark,
            "merge keys ('<<') are not supported",
            hint="write the keys out",
            code="merge-key",
        )
        return None
    if key.tag not in _CORE:
        _bad_tag(key, source)
    return str(key.value)
