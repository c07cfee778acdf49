"""What was read before: specs by the stamp of their file, so that they aren't parsed again, and notes of other things.

A cache: it may be deleted, and a damaged one is ignored. Of a file that was changed so shortly before it was read that
a later change could leave the same times nothing is remembered (git's "racy" timestamps).

Specs are a line a file (path, stamp, specs), and a changed file adds a line: one of ten thousand costs one. Notes are a
JSON object beside them.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build._version import __version__
from pioneer_build.disk import Stamp, is_settled, write_whole
from pioneer_build.spec.model import Checks, FewShot, InlineTexts, InputFiles, Spec, TopUp
from pioneer_build.spec.settings import Settings, SpendingLimits

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pioneer_build.spec.fingerprint import Definition

#: One parsed spec: itself, its definition, its fingerprint.
Parsed: TypeAlias = "tuple[Spec, Definition, str]"

_HEAD = f"pioneer-build seen 3 {__version__}".encode()
_PROGRAM = f"3 {__version__}"
_CHECKS = {field.name: field.default for field in fields(Checks)}


class Seen:
    """The cache of one project, at `folder/<digest of root>.specs` and `.notes`."""

    def __init__(self, folder: Path, root: Path) -> None:
        name = sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        self.path = folder / f"{name}.specs"
        self.began = time.time_ns()
        self._notes_path = folder / f"{name}.notes"
        self._known: dict[bytes, bytes] | None = None
        self._lines = 0
        self._news: dict[bytes, bytes] = {}
        self._notes: dict[str, Any] = {}
        self._noted = False
        try:
            value = json.loads(self._notes_path.read_bytes())
            if value["program"] == _PROGRAM:
                self._notes = value["notes"]
        except (OSError, ValueError, KeyError, TypeError):
            pass

    def specs(self, path: str, stamp: Stamp) -> list[Parsed] | None:
        """The specs of an unchanged file; `None` where it must be parsed."""
        line = self._lines_known().get(_key(path))
        if line is None:
            return None
        found, _, packed = line.partition(b"\t")[2].partition(b"\t")
        if found != _stamp_text(stamp):
            return None
        try:
            return [_unpacked(value, path) for value in json.loads(packed)]
        except (ValueError, KeyError, TypeError, IndexError):
            return None

    def keep(self, path: str, stamp: Stamp, parsed: list[Parsed]) -> None:
        """Remembers the specs of a file that is right."""
        if is_settled(stamp, self.began):
            packed = json.dumps([_packed(one) for one in parsed], separators=(",", ":"))
            key = _key(path)
            self._news[key] = b"%s\t%s\t%s" % (key, _stamp_text(stamp), packed.encode())

    def _lines_known(self) -> dict[bytes, bytes]:
        if self._known is None:
            self._known = {}
            with suppress(OSError):
                head, *lines = self.path.read_bytes().split(b"\n")
                if head == _HEAD and not lines[-1]:  # a torn last line: what comes next must not join it
                    self._lines = len(lines) - 1
                    self._known = {line[: line.find(b"\t")]: line for line in lines[:-1]}
        return self._known

    def settings(self, stamp: Stamp) -> Settings | None:
        """The settings of an unchanged `pioneer.yaml`."""
        known = self._notes.get("settings")
        if not known or tuple(known[0]) != stamp:
            return None
        value = dict(known[1])
        try:
            if value.get("checks") is not None:
                value["checks"] = _checks(value["checks"])
            if value.get("limits") is not None:
                value["limits"] = SpendingLimits(**value["limits"])
            return Settings(**value)
        except TypeError:
            return None

    def keep_settings(self, stamp: Stamp, settings: Settings) -> None:
        """Remembers settings that are right."""
        if is_settled(stamp, self.began):
            value = {name: item for name, item in asdict(settings).items() if item is not None}
            self.note("settings", [list(stamp), value])

    def noted(self, name: str) -> Any:
        """Another thing that was remembered; `None` where nothing was."""
        return self._notes.get(name)

    def note(self, name: str, value: Any) -> None:
        """Remembers another thing, a JSON value."""
        if self._notes.get(name) != value:
            self._notes[name] = value
            self._noted = True

    def save(self, living: Collection[str] | None = None) -> None:
        """Writes what is new; a disk that doesn't take it is no error.

        Args:
            living: all files there are, where that is known: so that others are forgotten once they are many.
        """
        if self._noted:
            value = {"program": _PROGRAM, "notes": self._notes}
            self._noted = not _written(self._notes_path, json.dumps(value, separators=(",", ":")).encode())
        if not self._news and living is None:
            return
        known = self._lines_known()
        lasting = known.keys() | self._news.keys()
        if living is not None and len(known) > 2 * len(living) + 100:
            lasting &= {_key(path) for path in living}
        if self._lines + len(self._news) > 2 * len(lasting) + 100 or (self._news and not known):
            lines = [self._news.get(key) or known[key] for key in sorted(lasting)]
            if not _written(self.path, b"\n".join([_HEAD, *lines, b""])):
                return
            self._lines = len(lines)
        elif self._news and not _added(self.path, b"".join([line + b"\n" for line in self._news.values()])):
            return
        else:
            self._lines += len(self._news)
        known.update(self._news)
        self._news = {}


def _key(path: str) -> bytes:
    return json.dumps(path).encode()


def _stamp_text(stamp: Stamp) -> bytes:
    return b"%d %d %d %d" % stamp


def _written(path: Path, data: bytes) -> bool:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, [data], durable=False)
    except OSError:
        return False
    return True


def _added(path: Path, data: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
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
    if isinstance(spec.inputs, InlineTexts):
        value["inputs"] = list(spec.inputs.texts)
    elif isinstance(spec.inputs, InputFiles):
        value["inputs"] = asdict(spec.inputs)
    if "checks" in value:
        value["checks"] = {name: item for name in _CHECKS if (item := getattr(spec.checks, name)) != _CHECKS[name]}
    if spec.top_up is not None:
        value["top_up"] = asdict(spec.top_up)
    return [value, definition, fingerprint]


_DEFAULTS = {field.name: None if field.name == "checks" else field.default for field in fields(Spec)}
_DEFAULTS["checks"] = Checks()
_TUPLES = ("labels", "tags")


def _unpacked(packed: list[Any], path: str) -> Parsed:
    value, definition, fingerprint = packed
    value = dict(value)
    for name in _TUPLES:
        if name in value:
            value[name] = tuple(value[name])
    if "marks" in value:
        value["marks"] = tuple([tuple(mark) for mark in value["marks"]])
    if "classified_examples" in value:
        value["classified_examples"] = tuple([FewShot(text, label) for text, label in value["classified_examples"]])
    if "inputs" in value:
        inputs = value["inputs"]
        value["inputs"] = InlineTexts(tuple(inputs)) if isinstance(inputs, list) else InputFiles(**inputs)
    if "checks" in value:
        value["checks"] = _checks(value["checks"])
    if "top_up" in value:
        value["top_up"] = TopUp(**value["top_up"])
    return Spec(**value, path=path), definition, fingerprint


def _checks(value: dict[str, Any]) -> Checks:
    value = dict(value)
    value["no_overlap_with"] = tuple(value.get("no_overlap_with", ()))
    return Checks(**value)
