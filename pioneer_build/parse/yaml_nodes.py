"""YAML to trees of nodes with their places: one pass of libyaml, nothing is constructed.

This is where the bytes of a file are decoded. Dangerous input is rejected before or while it is read: bytes that are
not text, and what is beyond the limits (`yaml_limits.py`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from pioneer_build.parse import yaml_loader
from pioneer_build.parse.source_text import Source, TooManyProblems
from pioneer_build.parse.yaml_limits import aliases_are_bounded, is_small_enough, line_beyond_limits, looks_large
from pioneer_build.parse.yaml_syntax import report_syntax

if TYPE_CHECKING:
    from collections.abc import Callable

    from yaml.nodes import Node

    from pioneer_build.errors import Problem

#: Maximum number of broken documents reported for one file: after each, reading continues at the next `---`.
_MAX_BROKEN = 20

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
#: How git begins and ends a conflict in a file. No value has these characters at the beginning of a line, as it is
#: indented there.
_CONFLICT = re.compile(r"^(?:<{7,}|>{7,})(?=[ \r\n]|\Z)", re.MULTILINE)
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
    source = _decode(data, path, report) if is_small_enough(data, path, report) else None
    if source is None:
        return Source(path, "", report), []
    if (conflict := _find_conflict(source.text)) is not None:  # as YAML, it may even be valid, with both sides
        source.problem(
            source.place_of(conflict.start()),
            "an unresolved merge conflict: git left both sides of it here",
            hint="keep the right lines, remove git's (`<<<<<<<`, `=======`, `>>>>>>>`), then `git add` the file",
            width=len(conflict[0]),
            code="conflict",
        )
        return source, []
    documents: list[Node] = []
    try:
        _read_all(source, documents)
        if "*" in source.text:
            documents = [node for node in documents if aliases_are_bounded(node, source)]
    except TooManyProblems:
        report(source.too_many())
        documents = []
    return source, documents


def _find_conflict(text: str) -> re.Match[str] | None:
    if "<<<<<<<" not in text and ">>>>>>>" not in text:  # as quick as it gets: nearly every file
        return None
    return _CONFLICT.search(text)


def _read_all(source: Source, documents: list[Node]) -> None:
    """Adds the documents of a file."""
    text, skipped = source.text, 0
    large = looks_large(text.encode())  # then its values are counted up to the first mistake only
    for _ in range(_MAX_BROKEN):
        broken_at = _read(text, source, documents)
        if broken_at is None or source.odd_breaks or large:
            break
        following = _next_document(text, skipped + 1, broken_at)
        if following is None:
            break
        skipped = text.count("\n", 0, following)
        # the lines before are kept, but empty, so that places stay correct
        text = "\n" * skipped + text[following:]


def _next_document(text: str, *lines: int) -> int | None:
    """The offset of the first `---` that is not before any of these lines, which count from 0."""
    at = -1
    for _ in range(max(lines)):
        at = text.find("\n", at + 1)
        if at < 0:
            return None
    found = _DOCUMENT.search(text, at + 1)
    return found.start() if found is not None else None


def _decode(data: bytes, path: str, report: Callable[[Problem], None]) -> Source | None:
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
        if (line := line_beyond_limits(text, encoded, source)) is not None:
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
