"""The limits of a YAML file: its size, the depth of its nesting, and what its aliases may expand to.

libyaml's composer recurses in C, so that deep nesting would crash the process, and a few lines of aliases can stand for
more values than fit into memory. So both are looked for before anything is made of a file.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from pioneer_build.disk.regular_files import MAX_FILE_BYTES
from pioneer_build.parse import yaml_loader
from pioneer_build.parse.source_text import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yaml.nodes import Node

    from pioneer_build.errors import Problem
    from pioneer_build.parse.source_text import Mark

MAX_DEPTH = 32
#: Maximum number of values in a file: keys, items, texts. Each takes some 500 bytes of memory.
MAX_NODES = 200_000
#: Maximum number of nodes and characters that aliases may add to a file.
MAX_ALIASED_NODES = 10_000
MAX_ALIASED_CHARS = 1_000_000

_BRACKETS_WORTH_A_LOOK = 256
_APART = (b"\n", b",", b":", b"-", b"?", b"[", b"{")
_INDENT_WORTH_A_LOOK = b" " * 48
#: Makes a space of whatever may stand before the first word of a line.
_AS_SPACES = bytes.maketrans(b"\t?:-", b"    ")


def is_small_enough(data: bytes, path: str, report: Callable[[Problem], None]) -> bool:
    """Whether a file is not too large; otherwise that is reported.

    Args:
        data: the content of the file, or as much of it as shows that it is too large.
        path: the path of the file in problems, relative to the project, with `/`.
        report: called with the problem.
    """
    if len(data) <= MAX_FILE_BYTES:
        return True
    Source(path, "", report).problem(
        (0, 0),
        f"the file is larger than {MAX_FILE_BYTES // 1024**2} MiB, the maximum for a spec file",
        hint="put the texts in a file of their own, and name it in 'inputs'",
        code="too-large",
    )
    return False


def line_beyond_limits(text: str, encoded: bytes, source: Source) -> int | None:
    """Reports the first node that is nested too deep, or one too many; returns its line (from 0), or None.

    Args:
        text: one or more documents.
        encoded: the same text as UTF-8.
        source: the file that they are in.
    """
    if not _looks_deep(encoded) and not looks_large(encoded):
        return None
    depth = nodes = 0
    for event in _events(text):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                line, column = source.place(cast("Mark", event.start_mark))
                source.problem((line, column), f"nested more than {MAX_DEPTH} levels deep", code="too-deep")
                return line - 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        if nodes > MAX_NODES:
            line, column = source.place(cast("Mark", event.start_mark))
            hint = "put texts in a file of their own, and name it in 'inputs'"
            message = f"more than {MAX_NODES:,} values, the maximum for a file"
            source.problem((line, column), message, hint=hint, code="too-large")
            return line - 1
    return None


def _events(text: str) -> Iterator[yaml.Event]:
    """The events up to the first mistake, which is reported by whoever reads the documents before it."""
    loader = yaml_loader.Loader(text)
    with suppress(yaml.MarkedYAMLError):
        while (event := loader.get_event()) is not None:
            yield event


def looks_large(encoded: bytes) -> bool:
    """Whether `encoded` could have too many nodes; False is always right: each needs a character that sets it apart."""
    return len(encoded) > MAX_NODES and 2 * sum(map(encoded.count, _APART)) >= MAX_NODES


def _looks_deep(encoded: bytes) -> bool:
    """Whether `encoded` could be nested deeper than is safe; cheap, and False is always right.

    A level is a bracket, or an indicator or an indentation in a run before the first word of a line.
    """
    return encoded.count(b"[") + encoded.count(
        b"{"
    ) > _BRACKETS_WORTH_A_LOOK or _INDENT_WORTH_A_LOOK in encoded.translate(_AS_SPACES)


def aliases_are_bounded(root: Node, source: Source) -> bool:
    """Whether `root`, with its aliases expanded, is finite and not too large; otherwise it is reported."""
    sizes: dict[int, tuple[int, int, int]] = {}
    open_nodes: set[int] = set()
    aliased_nodes = aliased_chars = 0

    def size(node: Node) -> tuple[int, int, int]:
        """Nodes, characters and levels of `node`; an alias costs one look-up, so a bomb is found quickly."""
        nonlocal aliased_nodes, aliased_chars
        known = sizes.get(id(node))
        if known is not None:
            aliased_nodes += known[0]
            aliased_chars += known[1]
            return known
        if id(node) in open_nodes:
            raise _AliasError(node, "an alias refers to a value that contains it")
        open_nodes.add(id(node))
        nodes, chars, levels = 1, len(node.value) if isinstance(node, ScalarNode) else 0, 0
        for child in _children(node):
            more_nodes, more_chars, more_levels = size(child)
            nodes += more_nodes
            chars += more_chars
            levels = max(levels, more_levels)
        if aliased_nodes > MAX_ALIASED_NODES or aliased_chars > MAX_ALIASED_CHARS or levels >= MAX_DEPTH:
            raise _AliasError(node, "the aliases here expand to more values than a spec may contain")
        open_nodes.discard(id(node))
        sizes[id(node)] = nodes, chars, levels + 1
        return sizes[id(node)]

    try:
        size(root)
    except _AliasError as error:
        source.problem_at(error.node.start_mark, error.node.end_mark, error.message, code="alias")
        return False
    return True


class _AliasError(Exception):
    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, SequenceNode):
        yield from node.value
