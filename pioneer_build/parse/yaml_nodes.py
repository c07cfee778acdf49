"""YAML to trees of nodes with their places: one pass of libyaml, nothing is constructed.

This is where the bytes of a file are decoded. Dangerous input is rejected before or while it is read: files that are
too large, nesting that is too deep (libyaml's composer recurses in C and would crash the process), aliases that expand
without end, bytes that are not text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from pioneer_build.parse import yaml_loader
from pioneer_build.parse.source import Source
from pioneer_build.parse.yaml_syntax import report_syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yaml.nodes import Node

    from pioneer_build.errors import Problem
    from pioneer_build.parse.source import Mark

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 32
#: Maximum number of nodes and characters that aliases may add to a file.
MAX_ALIASED_NODES = 10_000
MAX_ALIASED_CHARS = 1_000_000
#: Maximum number of broken documents reported for one file: after each, reading continues at the next `---`.
_MAX_BROKEN = 20

_BRACKETS_WORTH_A_LOOK = 256
_INDENT_WORTH_A_LOOK = re.compile(rb"[ \t?:\-]{48}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_DOCUMENT = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)


def read_documents(data: bytes, path: str, report: Callable[[Problem], None]) -> tuple[Source, list[Node]]:
    """The documents of a file as trees, and its text; every error goes to `report`.

    A document that is not valid YAML is reported, and reading continues at the next `---`. A document with too much
    nesting or too many aliases is reported and skipped. The trees may share nodes (aliases), but have no cycles.

    Args:
        data: the content of the file.
        path: the path of the file in problems, relative to the project, with `/`.
        report: called with each problem, in no particular order.
    """
    source = _decode(data, path, report)
    if source is None:
        return Source(path, "", report), []
    documents: list[Node] = []
    text, skipped = source.text, 0
    for _ in range(_MAX_BROKEN):
        broken_at = _read(text, source, documents)
        if broken_at is None or source.odd_breaks:
            break
        following = _next_document(text, skipped + 1, broken_at)
        if following is None:
            break
        skipped = text.count("\n", 0, following)
        # the lines before are kept, but empty, so that places stay correct
        text = "\n" * skipped + text[following:]
    aliased = "*" in source.text
    return source, [node for node in documents if not aliased or _aliases_bounded(node, source)]


def _next_document(text: str, *lines: int) -> int | None:
    """The offset of the first `---` that is not before any of these lines, which count from 0."""
    for found in _DOCUMENT.finditer(text):
        if text.count("\n", 0, found.start()) >= max(lines):
            return found.start()
    return None


def _decode(data: bytes, path: str, report: Callable[[Problem], None]) -> Source | None:
    if len(data) > MAX_FILE_BYTES:
        Source(path, "", report).problem(
            (0, 0),
            f"the file is larger than {MAX_FILE_BYTES // 1024**2} MiB, the maximum for a spec file",
            hint="put the texts in a file of their own, and name it in 'inputs'",
            code="too-large",
        )
        return None
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return Source(path, data.decode(), report)
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            Source(path, "", report).problem(
                (1, 1), "the file is UTF-16, not UTF-8", hint="save it as UTF-8", code="not-utf8"
            )
            return None
        source = Source(path, data.decode(errors="replace"), report)
        source.problem(
            source.place_of(len(data[: error.start].decode())),
            f"this byte (0x{data[error.start]:02x}) is not valid UTF-8",
            hint="save the file as UTF-8",
            code="not-utf8",
        )
        return source


def _read(text: str, source: Source, documents: list[Node]) -> int | None:
    """Adds the documents of `text`; returns the line (from 0) where it is no longer valid YAML, or None."""
    encoded = text.encode()
    before = len(documents)
    try:
        if _looks_deep(encoded) and (line := _too_deep(text, source)) is not None:
            return line
        # libyaml takes bytes unchanged; PyYAML would decode them again
        loader = yaml_loader.Loader(encoded if yaml_loader.Loader is not yaml_loader.PureLoader else text)
        while loader.check_node():
            documents.append(loader.get_node())
    except yaml.reader.ReaderError:
        del documents[before:]
        return _without_controls(text, source, documents)
    except yaml.MarkedYAMLError as error:
        return report_syntax(error, source)
    return None


def _without_controls(text: str, source: Source, documents: list[Node]) -> int | None:
    """Reports characters that YAML forbids, and reads on as if they were spaces."""
    last_line = 0
    for found in _CONTROL.finditer(text):
        line, column = source.place_of(found.start())
        if line != last_line:
            name = "NUL" if found[0] == "\0" else f"U+{ord(found[0]):04X}"
            source.problem(
                (line, column),
                f"the character {name} is not allowed in YAML",
                hint='delete it, or write it as an escape in double quotes, such as "\\x07"',
                code="character",
            )
        last_line = line
    cleaned = _CONTROL.sub(" ", text)
    if cleaned == text:  # the reader rejects a character that is not in this list: report it instead of looping
        source.problem((1, 1), "the file contains a character that is not allowed in YAML", code="character")
        return None
    return _read(cleaned, source, documents)


def _looks_deep(encoded: bytes) -> bool:
    """Whether `encoded` could be nested deeper than is safe; cheap, and False is always right.

    A level is a bracket, or an indicator or an indentation in a run before the first word of a line.
    """
    return (
        encoded.count(b"[") + encoded.count(b"{") > _BRACKETS_WORTH_A_LOOK
        or _INDENT_WORTH_A_LOOK.search(encoded) is not None
    )


def _too_deep(text: str, source: Source) -> int | None:
    """Reports the first node that is nested too deep; returns its line (from 0), or None."""
    depth = 0
    loader = yaml_loader.Loader(text)
    while (event := loader.get_event()) is not None:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                line, column = source.place(cast("Mark", event.start_mark))
                source.problem((line, column), f"nested more than {MAX_DEPTH} levels deep", code="too-deep")
                return line - 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _aliases_bounded(root: Node, source: Source) -> bool:
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
