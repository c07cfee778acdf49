"""The last plan of a project, so that the next one of the same facts is a matter of `stat` calls.

A cached plan holds for one project under one set of settings. It names everything that the plan was made of, with its
stamp: settings, lock and journal, every spec file, every file of inputs, the contents in the store. Where one of them
has changed, a plan is made anew (`operations.plan`): of some specs alone, where only their files changed.

Nothing is cached of a file whose times are too young to prove anything (`disk.is_settled`), and contents are looked
for each time, since a store may be emptied by hand.

    nothing_to_do(…)       for a plan or check of an unchanged project: imports next to nothing
    write_cached_plan(…)   the one way into the cache; `operations.make_plan` says what goes in

The file: a line `pioneer-build plan cache 6 CRC LENGTH…`, then the sections, each of the length given there; CRC is
that of lengths and sections. Sections that are compared as a whole are plain text; the rest is JSON, read when needed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias
from zlib import adler32, crc32

from pioneer_build._version import __version__
from pioneer_build.cache import DAMAGE
from pioneer_build.cache.checkout import may_be_merging
from pioneer_build.cache.lock_stamp import lock_stamp
from pioneer_build.cache.spec_files import spec_stamps
from pioneer_build.disk.stamps import stamp_at, stamp_of, stamp_text
from pioneer_build.paths import SETTINGS_NAME, cache_path, local_path, state_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pioneer_build.disk.stamps import Stamp, StampedFile

#: Says whether a glob names the files that it named, unchanged: `(root, spec path, glob, those files)`.
GlobCheck: TypeAlias = "Callable[[str, str, str, Sequence[StampedFile]], bool]"

_HEAD: Final = "pioneer-build plan cache 6"
#: What a plan reads of the environment (`config.resolve`); a key is none of it.
_VARIABLES = ("PIONEER_BACKEND", "PIONEER_BASE_URL", "PIONEER_REQUESTS_PER_MINUTE", "XDG_DATA_HOME", "HOME")

#: The stamp of a file that can't be asked for one: it never proves anything.
_UNKNOWN: Final = (0, 1 << 63, 0, 1 << 63)


class PlanKey:
    """What a plan is cached under, and where. Made before anything is read, so that its stamps are older.

    `stamps` are of settings, lock, and the journals of the service and of the local engine with their seals;
    `lock_stamp` is one of them, for all files of a split lock. While git merges, it proves nothing: the index may have
    more than the files.
    """

    __slots__ = ("lock_stamp", "path", "root", "stamps", "text")

    def __init__(self, root: str, backend: str | None, environ: Mapping[str, str]) -> None:
        self.root = root
        names = [root, repr(backend), *[f"{name}={environ.get(name)!r}" for name in _VARIABLES]]
        named = "\n".join(names).encode("utf-8", "surrogateescape")
        self.path = f"{cache_path(environ)}/projects/{crc32(named):08x}{adler32(named):08x}.plan"
        self.lock_stamp = _lock_stamp(root)
        self.stamps = (
            _stamp_at(f"{root}/{SETTINGS_NAME}"),
            self.lock_stamp,
            *[
                _stamp_at(f"{folder}/journal/{name}")
                for folder in (state_path(environ), local_path(root, environ))
                for name in ("journal.jsonl", "journal.lock")
            ],
        )
        self.text = named + f"\n{__version__}\n{self.stamps}\n".encode()


class CachedPlan(NamedTuple):
    """A plan as sections of bytes.

    `key` is the text of its `PlanKey`. `places` (`places_text`) has the folders of specs and contents, and what the
    plan came to. `files` (`files_text`) are the spec files all of whose datasets have nothing to do, and `contents`
    (`contents_text`) what those need. The others are JSON: `inputs` a list of `cached_steps.CachedInputs`, the files of
    those that are label specs; `steps` an object of lists of `CachedStep`, what the plan says of them, by spec file;
    `rest` what a plan of the other specs alone has to know, `cached_steps.RestOfProject`.
    """

    key: bytes
    places: bytes
    files: bytes
    contents: bytes
    inputs: bytes
    steps: bytes
    rest: bytes

    def text(self) -> bytes:
        """The file's bytes."""
        body = b"".join(self)
        lengths = " ".join([str(len(section)) for section in self]).encode()
        return b"%s %08x %s\n" % (_HEAD.encode(), crc32(body, crc32(lengths)), lengths) + body

    @property
    def datasets(self) -> int:
        """How many datasets the plan is about."""
        return int(self.places.split(b"\n")[2])

    @property
    def has_nothing_to_do(self) -> bool:
        """Whether none of them has anything to do."""
        return self.places.split(b"\n")[3] == b"nothing"

    @property
    def has_input_files(self) -> bool:
        """Whether there are label specs with files among those with nothing to do."""
        return self.inputs != b"[]"

    @property
    def digests(self) -> int:
        """How many contents they have."""
        return self.contents.count(b"\n")

    def changed_files(self, files: Mapping[str, Stamp]) -> list[str]:
        """Those of `files` (spec files as they are now) that are not in the cached plan, or not as they were."""
        lines = self.files.decode("utf-8", "surrogateescape").split("\n")[:-1]
        known = dict(line.split("\t", 1) for line in lines)
        return [path for path, stamp in files.items() if known.get(path) != stamp_text(stamp)]


def read_cached_plan(key: PlanKey) -> CachedPlan | None:
    """The plan that was cached under `key`, if its settings, lock and journal are those of now."""
    try:
        with open(key.path, "rb") as file:  # noqa: PTH123 - pathlib is not on the way
            head = file.readline(500)
            body = file.read()
    except OSError:
        return None
    start, _, lengths = head.rstrip(b"\n").partition(f"{_HEAD} ".encode())
    words = lengths.split()
    if start or len(words) != 1 + len(CachedPlan._fields):
        return None
    if words[0] != b"%08x" % crc32(body, crc32(b" ".join(words[1:]))):
        return None
    sections: list[bytes] = []
    at = 0
    for word in words[1:]:
        sections.append(body[at : at + int(word)])
        at += int(word)
    cached = CachedPlan(*sections)
    return cached if cached.key == key.text else None


def write_cached_plan(key: PlanKey, plan: CachedPlan) -> None:
    """Writes the plan, unless it is there; a disk that doesn't take it is no error."""
    from pioneer_build.cache.cache_file import write_cache_file  # nothing is written where there is nothing to do

    text = plan.text()
    try:
        with open(key.path, "rb") as file:  # noqa: PTH123 - as above
            if file.read() == text:
                return
    except OSError:
        pass
    write_cache_file(key.path, text)


def nothing_to_do(
    root: str,
    backend: str | None,
    same_glob: GlobCheck,
    environ: Mapping[str, str] = os.environ,
    *,
    verified: bool = False,
) -> CachedPlan | None:
    """The last plan, if it had nothing to do and nothing has changed since.

    Args:
        root: the project's folder, real and absolute.
        backend: the flag `--backend`.
        same_glob: asked about label specs whose files are a glob.
        environ: the environment.
        verified: only where every content was compared with its digest, and is as it was then.
    """
    try:
        cached = read_cached_plan(PlanKey(root, backend, environ))
        if cached is None or not cached.has_nothing_to_do:
            return None
        folder, contents, *_ = cached.places.decode("utf-8", "surrogateescape").split("\n")
        faults: list[str] = []
        files = files_text(spec_stamps(root, folder, *[lambda path, _: faults.append(path)] * 2))
        if faults or files != cached.files or not contents_are_there(cached, contents, verified=verified):
            return None
        return cached if inputs_are_unchanged(cached, root, same_glob) else None
    except (OSError, *DAMAGE):
        return None


# -- sections ------------------------------------------------------------------------------------------------------


def places_text(specs: str, contents: str, datasets: int, *, nothing: bool) -> bytes:
    """The section `places`.

    Args:
        specs: the folder of specs, relative to the root.
        contents: the folder of contents, `rows` of the store.
        datasets: how many steps the plan has.
        nothing: whether none of them has anything to do.
    """
    lines = [specs, contents, str(datasets), "nothing" if nothing else "something"]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def files_text(files: Mapping[str, Stamp]) -> bytes:
    """The section `files`: a line a file."""
    lines = [f"{path}\t{stamp_text(stamp)}\n" for path, stamp in files.items()]
    return "".join(lines).encode("utf-8", "surrogateescape")


def contents_text(contents: Iterable[tuple[str, Stamp | None]]) -> bytes:
    """The section `contents`: a line a content, 64 digits and, where it was compared with its digest, its stamp."""
    lines = []
    for digest, stamp in contents:
        known = f" {stamp_text(stamp)}" if stamp is not None else ""
        lines.append(f"{digest.removeprefix('sha256:')}{known}\n")
    return "".join(lines).encode()


def contents_are_there(plan: CachedPlan, folder: str, *, verified: bool) -> bool:
    """Whether all contents are there; with `verified` also whether each is the file that was verified.

    Args:
        plan: the cached plan.
        folder: of the contents, `rows` of the store.
        verified: see above.
    """
    for line in plan.contents.decode("ascii").split("\n")[:-1]:
        digits = line[:64]
        try:
            found = os.stat(f"{folder}/{digits[:2]}/{digits}.jsonl")  # noqa: PTH116
        except OSError:
            return False
        if verified and line[65:] != stamp_text(stamp_of(found)):
            return False
    return True


def inputs_are_unchanged(plan: CachedPlan, root: str, same_glob: GlobCheck) -> bool:
    """Whether the files that label specs name are those they were, and unchanged.

    Args:
        plan: the cached plan.
        root: the project's folder, real and absolute.
        same_glob: asked about globs.
    """
    if not plan.has_input_files:
        return True
    import json  # only where label specs have files

    for spec_path, pattern, stamped in json.loads(plan.inputs):
        files = [(name, tuple(stamp)) for name, stamp in stamped]
        if any(char in pattern for char in "*?["):
            if not same_glob(root, spec_path, pattern, files):
                return False
            continue
        path = os.path.join(root, os.path.dirname(spec_path), pattern)  # noqa: PTH118, PTH120
        if len(files) != 1 or not os.path.realpath(path).startswith(root.rstrip("/") + "/"):
            return False
        if stamp_at(path) != files[0][1]:
            return False
    return True


def _stamp_at(path: str) -> Stamp | None:
    try:
        return stamp_at(path)
    except OSError:  # whoever reads it says what is wrong
        return _UNKNOWN


def _lock_stamp(root: str) -> Stamp | None:
    try:
        return lock_stamp(root) if not may_be_merging(root) else _UNKNOWN
    except OSError:
        return _UNKNOWN
