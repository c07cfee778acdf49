"""The YAML reader: libyaml if PyYAML has it, else PyYAML's own, with stricter rules for plain scalars."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from yaml.nodes import ScalarNode, SequenceNode

from pioneer_build.parse.ambiguous_words import MAP, SEQ, STR, tag_of_plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from yaml.nodes import Node

_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_CHARACTER = "found invalid Unicode character escape code"


class _Tags:
    """The part of a loader that decides tags, with one look-up for common scalars."""

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        if kind is ScalarNode:
            return tag_of_plain(value or "") if implicit[0] else STR
        return SEQ if kind is SequenceNode else MAP

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Nothing depends on the place of a node."""

    def ascend_resolver(self) -> None:
        """Nothing depends on the place of a node."""


class PureLoader(_Tags, yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer):
    """PyYAML's own reader, used if libyaml is missing."""

    def __init__(self, stream: str) -> None:
        yaml.reader.Reader.__init__(self, stream)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)

    def compose_scalar_node(self, anchor: Any) -> Any:
        """Like libyaml, rejects invalid characters: lone surrogates, written as an escape."""
        node = super().compose_scalar_node(anchor)
        if _SURROGATE.search(node.value):
            raise yaml.scanner.ScannerError(None, None, _NO_CHARACTER, node.start_mark)
        return node

    def scan_flow_scalar(self, style: str) -> Any:
        """Like libyaml, rejects an escape beyond Unicode."""
        mark = self.get_mark()
        try:
            return super().scan_flow_scalar(style)
        except (ValueError, OverflowError):
            raise yaml.scanner.ScannerError(None, None, _NO_CHARACTER, mark) from None


Loader: Callable[[Any], Any]
if yaml.__with_libyaml__:
    from yaml._yaml import CParser

    class FastLoader(_Tags, CParser):
        """libyaml."""

    Loader = FastLoader
else:  # pragma: no cover - depends on how PyYAML was built
    Loader = PureLoader
