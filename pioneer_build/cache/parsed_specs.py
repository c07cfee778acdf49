"""Parsed specs, by the stamp of their file, so that an unchanged file isn't parsed again.

A line a file (path, stamp, specs, and a checksum of them all: a definition in which a byte was flipped would be
bought), and a changed file adds a line: one of ten thousand costs one.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeAlias
from zlib import crc32

from pioneer_build._version import __version__
from pioneer_build.cache import DAMAGE
from pioneer_build.cache.cache_file import write_cache_file
from pioneer_build.disk.single_files import open_shared
from pioneer_build.disk.stamps import is_settled, stamp_text
from pioneer_build.spec.model import Checks, EntityExample, FewShot, InlineTexts, InputFiles, Spec, TopUp, checks_from

if TYPE_CHECKING:
    from collections.abc import Collection

    from pioneer_build.disk.stamps import Stamp
    from pioneer_build.spec.fingerprint import Definition

#: One parsed spec: itself, its definition, its fingerprint.
Parsed: TypeAlias = "tuple[Spec, Definition, str]"

_HEAD = f"pioneer-build spec cache 6 {__version__}".encode()
_CHECKS = {field.name: field.default for field in fields(Checks)}
_DEFAULTS = {field.name: Checks() if field.name == "checks" else field.default for field in fields(Spec)}
_TUPLES = ("labels", "tags")
#: Tuples of tuples.
_PAIRS = ("marks", "label_descriptions")


class SpecCache:
    """The specs of one project's files.

    Args:
        path: the file that they are cached in.
        began: when reading the project began, in ns since 1970: a file that changed so shortly before that a later
            change could leave the same stamp is not cached.
    """

    def __init__(self, path: str, began: int) -> None:
        self.path = path
        self._began = began
        self._known: dict[bytes, bytes] | None = None
        self._lines = 0  # in the file: more than are known, where a file was cached more than once
        self._added: dict[bytes, bytes] = {}

    def get(self, path: str, stamp: Stamp) -> list[Parsed] | None:
        """The specs of an unchanged file; `None` where it must be parsed."""
        line = self._lines_known().get(_path_text(path))
        if line is None:
            return None
        body, _, checksum = line.rpartition(b"\t")
        found, _, packed = body.partition(b"\t")[2].partition(b"\t")
        if found != stamp_text(stamp).encode() or checksum != b"%08x" % crc32(body):
            return None
        try:
            return [_unpacked(value, path) for value in json.loads(packed)]
        except DAMAGE:
            return None

    def put(self, path: str, stamp: Stamp, parsed: list[Parsed]) -> None:
        """Caches the specs of a file without a mistake.

        Args:
            path: the file, relative to the project.
            stamp: of the file, before it was read.
            parsed: its specs.
        """
        if is_settled(stamp, self._began):
            packed = json.dumps([_packed(one) for one in parsed], separators=(",", ":"))
            key = _path_text(path)
            body = b"%s\t%s\t%s" % (key, stamp_text(stamp).encode(), packed.encode())
            self._added[key] = b"%s\t%08x" % (body, crc32(body))

    def save(self, living: Collection[str] | None = None) -> None:
        """Writes what is new; a disk that doesn't take it is no error.

        Args:
            living: all files there are, where that is known: others are dropped once they are many.
        """
        if not self._added and (living is None or self._known is None):
            return
        known = self._lines_known()
        lasting = known.keys() | self._added.keys()
        if living is not None and len(known) > 2 * len(living) + 100:
            lasting &= {_path_text(path) for path in living}
        if self._lines + len(self._added) > 2 * len(lasting) + 100 or (self._added and not known):
            lines = [self._added.get(key) or known[key] for key in sorted(lasting)]
            if not write_cache_file(self.path, b"\n".join([_HEAD, *lines, b""])):
                return
            self._lines = len(lines)
        elif self._added and not _append(self.path, b"".join([line + b"\n" for line in self._added.values()])):
            return
        else:
            self._lines += len(self._added)
        known.update(self._added)
        self._added = {}

    def _lines_known(self) -> dict[bytes, bytes]:
        if self._known is None:
            self._known = {}
            with suppress(OSError), open(self.path, "rb") as file:  # noqa: PTH123 - its path is text
                head, *lines = file.read().split(b"\n")
                if head == _HEAD and not lines[-1]:  # a torn last line: what comes next must not join it
                    self._lines = len(lines) - 1
                    self._known = {line[: line.find(b"\t")]: line for line in lines[:-1]}
        return self._known


def _path_text(path: str) -> bytes:
    return json.dumps(path).encode()


def _append(path: str, data: bytes) -> bool:
    try:
        descriptor = open_shared(path, append=True, make=False)
    except OSError:
        return False
    try:
        return os.write(descriptor, data) == len(data)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _packed(parsed: Parsed) -> list[Any]:
    spec, definition, fingerprint = parsed
    value: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        item = getattr(spec, name)
        if item != default:
            value[name] = item
    value.pop("path", None)
    if spec.classified_examples:
        value["classified_examples"] = [[shot.text, shot.label] for shot in spec.classified_examples]
    if spec.ner_examples:
        value["ner_examples"] = [[one.text, one.entities] for one in spec.ner_examples]
    if isinstance(spec.inputs, InlineTexts):
        value["inputs"] = list(spec.inputs.texts)
    elif isinstance(spec.inputs, InputFiles):
        value["inputs"] = asdict(spec.inputs)
    if "checks" in value:
        value["checks"] = {name: item for name in _CHECKS if (item := getattr(spec.checks, name)) != _CHECKS[name]}
    if spec.top_up is not None:
        value["top_up"] = asdict(spec.top_up)
    return [value, definition, fingerprint]


def _unpacked(packed: list[Any], path: str) -> Parsed:
    value, definition, fingerprint = packed
    value = dict(value)
    for name in _TUPLES:
        if name in value:
            value[name] = tuple(value[name])
    for name in _PAIRS:
        if name in value:
            value[name] = _pairs(value[name])
    if "classified_examples" in value:
        value["classified_examples"] = tuple([FewShot(text, label) for text, label in value["classified_examples"]])
    if "ner_examples" in value:
        examples = value["ner_examples"]
        value["ner_examples"] = tuple([EntityExample(text, _pairs(entities)) for text, entities in examples])
    if "inputs" in value:
        inputs = value["inputs"]
        value["inputs"] = InlineTexts(tuple(inputs)) if isinstance(inputs, list) else InputFiles(**inputs)
    if "checks" in value:
        value["checks"] = checks_from(value["checks"])
    if "top_up" in value:
        value["top_up"] = TopUp(**value["top_up"])
    return Spec(**value, path=path), definition, fingerprint


def _pairs(value: list[list[Any]]) -> tuple[Any, ...]:
    return tuple([tuple(one) for one in value])
