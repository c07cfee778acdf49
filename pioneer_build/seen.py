"""What is unchanged since last time: specs by path, size, times and inode, so that they aren't parsed again.

A cache: it may be deleted, and a damaged one is ignored. Of a file that was changed so shortly before it was read that
a later change could leave the same times nothing is remembered (git's "racy" timestamps).
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build import __version__
from pioneer_build.settings import Limits, Settings
from pioneer_build.spec import Checks, FewShot, InlineTexts, InputFiles, Spec, TopUp

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.fingerprint import Definition

#: Size, mtime in ns, inode, ctime in ns.
Stamp: TypeAlias = "tuple[int, int, int, int]"
#: One parsed spec: itself, its definition, its fingerprint.
Parsed: TypeAlias = "tuple[Spec, Definition, str]"

_FORMAT = 1
_CHECKS = {field.name: field.default for field in fields(Checks)}


def stamp_of(found: os.stat_result) -> Stamp:
    """What tells one state of a file from another."""
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns


def is_settled(stamp: Stamp, read_at_ns: int) -> bool:
    """Whether a change after `read_at_ns` would show: file systems count in seconds (FAT: two) or in milliseconds."""
    latest = max(stamp[1], stamp[3])
    coarse = stamp[1] % 1_000_000_000 == 0
    return latest + (2_000_000_000 if coarse else 50_000_000) < read_at_ns


class Seen:
    """The cache of one project, at `folder/<digest of root>.json`."""

    def __init__(self, folder: Path, root: Path) -> None:
        name = sha256(str(root).encode()).hexdigest()[:24]
        self.path = folder / f"{name}.json"
        self._files: dict[str, tuple[list[int], list[Any]]] = {}
        self._notes: dict[str, Any] = {}
        self._next: dict[str, tuple[list[int], list[Any]]] = {}
        self._changed = False
        self.began = time.time_ns()
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123 - on the way of a plan with nothing to do
                value = json.loads(file.read())
            if value["format"] == _FORMAT and value["program"] == __version__:
                self._files, self._notes = value["files"], value["notes"]
        except (OSError, ValueError, KeyError, TypeError):
            pass

    def specs(self, path: str, stamp: Stamp) -> list[Parsed] | None:
        """The specs of an unchanged file; `None` where it must be parsed."""
        known = self._files.get(path)
        if known is None or tuple(known[0]) != stamp:
            return None
        try:
            found = [_unpacked(value, path) for value in known[1]]
        except (KeyError, TypeError, IndexError):
            return None
        self._next[path] = known
        return found

    def keep(self, path: str, stamp: Stamp, parsed: list[Parsed]) -> None:
        """Remembers the specs of a file that is right."""
        if is_settled(stamp, self.began):
            self._next[path] = (list(stamp), [_packed(one) for one in parsed])
            self._changed = True

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
                value["limits"] = Limits(**value["limits"])
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
            self._changed = True

    def save(self) -> None:
        """Writes the cache if it changed; a disk that doesn't take it is no error."""
        if not self._changed and len(self._next) == len(self._files):
            return
        value = {"format": _FORMAT, "program": __version__, "files": self._next, "notes": self._notes}
        temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(json.dumps(value, separators=(",", ":")))
            temporary.replace(self.path)
        except OSError:
            try:
                os.unlink(temporary)  # noqa: PTH108
            except OSError:
                return


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
        value["checks"] = {name: item for name, item in asdict(spec.checks).items() if item != _CHECKS[name]}
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
