"""What was learnt of a project, each by the stamps of the files that it was learnt from."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from pioneer_build._version import __version__
from pioneer_build.cache import DAMAGE
from pioneer_build.cache.cache_file import write_cache_file
from pioneer_build.cache.parsed_specs import SpecCache
from pioneer_build.disk.stamps import is_settled
from pioneer_build.spec.model import checks_from
from pioneer_build.spec.settings import Settings, SpendingLimits, model_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pioneer_build.disk.stamps import Stamp, StampedFile

#: Another program, or another version of this file, is told by it. A checksum follows: settings that a flipped byte
#: changed would be obeyed.
_PROGRAM = f"pioneer-build project cache 7 {__version__}".encode()


class KnownInputs(NamedTuple):
    """What a label spec's inputs held: their digest, and their files in order.

    `source` is a digest of what the spec says of its inputs.
    """

    digest: str
    source: str
    files: tuple[StampedFile, ...]


class ProjectCache:
    """The cache of one project, but for its last plan. `save` writes it.

    `began` is when reading the project began, in ns since 1970: stamps are judged by it. `specs` has parsed specs.

    Args:
        folder: where caches of projects are.
        root: the project's folder, absolute.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        name = sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        self.began = time.time_ns()
        self.specs = SpecCache(str(folder / f"{name}.specs"), self.began)
        self.path = str(folder / f"{name}.json")
        self._values = _read(self.path)
        self._changed = False

    def settings(self, stamp: Stamp) -> Settings | None:
        """The settings in a `pioneer.yaml` with this stamp."""
        try:
            known = self._values.get("settings")
            if not known or tuple(known[0]) != stamp:
                return None
            value = dict(known[1])
            if value.get("checks") is not None:
                value["checks"] = checks_from(value["checks"])
            if value.get("limits") is not None:
                value["limits"] = SpendingLimits(**value["limits"])
            if value.get("model") is not None:
                value["model"] = model_settings(value["model"])
            return Settings(**value)
        except DAMAGE:
            return None

    def put_settings(self, stamp: Stamp, settings: Settings) -> None:
        """Caches settings without a mistake."""
        if is_settled(stamp, self.began):
            value = {name: item for name, item in asdict(settings).items() if item is not None}
            self._put("settings", [list(stamp), value])

    def has_verified_lock(self, stamp: Stamp) -> bool:
        """Whether every entry of a lock with this stamp matched its digest."""
        return bool(self._values.get("lock") == list(stamp))

    def put_verified_lock(self, stamp: Stamp) -> None:
        """Caches that every entry of the lock matched its digest."""
        if is_settled(stamp, self.began):
            self._put("lock", list(stamp))

    def has_cross_checked(self, files: Mapping[str, Stamp]) -> bool:
        """Whether the specs of these very files were found right beside each other."""
        return bool(self._values.get("cross-checked") == _digest(list(files.items())))

    def put_cross_checked(self, files: Mapping[str, Stamp]) -> None:
        """Caches that the specs of these files are right beside each other."""
        self._put("cross-checked", _digest(list(files.items())))

    def inputs(self, dataset_name: str) -> KnownInputs | None:
        """What the inputs of a label spec held when they were last surveyed."""
        known = self._object("inputs").get(dataset_name)
        if known is None:
            return None
        try:
            digest, source, files = known
            stamped = tuple([(str(name), _stamp(stamp) if stamp else None) for name, stamp in files])
        except DAMAGE:
            return None
        return KnownInputs(digest, source, stamped)

    def put_inputs(self, dataset_name: str, inputs: KnownInputs) -> None:
        """Caches what the inputs of a label spec hold."""
        self._put("inputs", {**self._object("inputs"), dataset_name: inputs})

    def verified_contents(self) -> dict[str, Stamp]:
        """The stamps of contents that matched their digest, by that digest."""
        try:
            return {digest: _stamp(stamp) for digest, stamp in self._object("contents").items()}
        except DAMAGE:
            return {}

    def put_verified_contents(self, contents: Mapping[str, Stamp]) -> None:
        """Caches that contents matched their digest, beside those that are known to."""
        settled = {digest: list(stamp) for digest, stamp in contents.items() if is_settled(stamp, self.began)}
        self._put("contents", {**self._object("contents"), **settled})

    def save(self, living: Collection[str] | None = None) -> None:
        """Writes what is new; a disk that doesn't take it is no error.

        Args:
            living: paths of all spec files there are, where that is known.
        """
        if self._changed:
            body = json.dumps(self._values, separators=(",", ":")).encode()
            self._changed = not write_cache_file(self.path, b"%s %08x\n%s" % (_PROGRAM, crc32(body), body))
        self.specs.save(living)

    def _object(self, name: str) -> dict[str, Any]:
        found = self._values.get(name)
        return found if isinstance(found, dict) else {}

    def _put(self, name: str, value: Any) -> None:
        if self._values.get(name) != value:
            self._values[name] = value
            self._changed = True


def _read(path: str) -> dict[str, Any]:
    try:
        head, _, body = Path(path).read_bytes().partition(b"\n")
        found = json.loads(body) if head == b"%s %08x" % (_PROGRAM, crc32(body)) else {}
    except (OSError, *DAMAGE):
        return {}
    return found if isinstance(found, dict) else {}


def _stamp(value: Any) -> Stamp:
    size, mtime, inode, ctime = map(int, value)
    return size, mtime, inode, ctime


def _digest(value: object) -> str:
    return sha256(repr(value).encode("utf-8", "surrogateescape")).hexdigest()
