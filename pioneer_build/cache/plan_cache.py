"""What the last plan found, so that the next one of the same facts is a matter of `stat` calls.

A verdict holds for one project under one set of settings. It names everything that the plan was made of, with its
stamp: settings, lock and journal, every spec file, every file of inputs, the rows in the store. Where one of them has
moved, it says nothing, and the plan is made anew (`situation`; `news` where only spec files moved).

A cache: it may be deleted, a damaged one is ignored. Nothing is remembered of a file whose times are too young to
prove anything (`stamps.is_settled`), and rows are looked for each time, since a store may be emptied by hand.

    nothing_to_do(…)     the hot path: imports next to nothing
    Verdict.text()       what `situation` writes

The file: a line `pioneer-build verdict 3 CRC LENGTH…`, then the sections, each of so many bytes. Sections that the
hot path compares as a whole are plain text; the rest is JSON, read when it is needed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final
from zlib import adler32, crc32

from pioneer_build._version import __version__
from pioneer_build.cache.spec_files import spec_stamps
from pioneer_build.disk import Stamp, stamp_at, stamp_of
from pioneer_build.paths import cache_path, local_path, state_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_HEAD: Final = "pioneer-build verdict 3"
#: What a plan reads of the environment (`config.resolve`); a key is none of it.
_VARIABLES = ("PIONEER_BACKEND", "PIONEER_BASE_URL", "PIONEER_REQUESTS_PER_MINUTE", "XDG_DATA_HOME", "HOME")


class Verdict:
    """What a plan found, as sections of bytes. The names of the attributes say what is in each.

    `key` names the project, the settings and the stamps of what there is one of. `places` has the folder of the specs,
    the folder of the rows, how many steps there are, and whether all of them had nothing to do. `files` has the spec
    files whose datasets had nothing to do, `contents` the rows they need, with the stamp of those whose digest was
    compared; `inputs` the files of label specs. `steps` and `more` are for a plan that is shown, or made of this one.
    """

    __slots__ = ("contents", "files", "inputs", "key", "more", "places", "steps")

    def __init__(self, key: bytes, places: bytes, files: bytes, contents: bytes, inputs: bytes, steps: bytes,
                 more: bytes) -> None:  # fmt: skip
        self.key = key
        self.places = places
        self.files = files
        self.contents = contents
        self.inputs = inputs
        self.steps = steps
        self.more = more

    def text(self) -> bytes:
        """The file's bytes."""
        sections = [self.key, self.places, self.files, self.contents, self.inputs, self.steps, self.more]
        body = b"".join(sections)
        lengths = " ".join([str(len(section)) for section in sections])
        return f"{_HEAD} {crc32(body):08x} {lengths}\n".encode() + body

    @property
    def count(self) -> int:
        """How many datasets the plan was about."""
        return int(self.places.split(b"\n")[2])

    @property
    def whole(self) -> bool:
        """Whether none of them had anything to do."""
        return self.places.split(b"\n")[3] == b"whole"

    @property
    def digests(self) -> int:
        """How many contents they have."""
        return self.contents.count(b"\n")

    def value(self, section: bytes) -> Any:
        """A section's JSON value."""
        import json

        return json.loads(section)


class Key:
    """What a verdict is looked up by, and where it lies. Made before anything is read, so that its stamps are older."""

    __slots__ = ("path", "root", "stamps", "text")

    def __init__(self, root: str, backend: str | None, environ: Mapping[str, str]) -> None:
        self.root = root
        names = [root, repr(backend), *[f"{name}={environ.get(name)!r}" for name in _VARIABLES]]
        named = "\n".join(names).encode("utf-8", "surrogateescape")
        self.path = f"{cache_path(environ)}/seen/{crc32(named):08x}{adler32(named):08x}.plan"
        self.stamps = (
            stamp_at(f"{root}/pioneer.yaml"),
            stamp_at(f"{root}/pioneer.lock"),
            stamp_at(f"{state_path(environ)}/journal/journal.jsonl"),
            stamp_at(f"{local_path(root, environ)}/journal/journal.jsonl"),
        )
        self.text = named + f"\n{__version__}\n{self.stamps}\n".encode()


def recall(key: Key) -> Verdict | None:
    """The verdict that was kept under `key`, if it still says something."""
    try:
        with open(key.path, "rb") as file:  # noqa: PTH123 - pathlib is not on the way
            head = file.readline(500)
            body = file.read()
    except OSError:
        return None
    start, _, lengths = head.rstrip(b"\n").partition(f"{_HEAD} ".encode())
    words = lengths.split()
    if start or len(words) != 8 or words[0] != b"%08x" % crc32(body):
        return None
    sections, at = [], 0
    for word in words[1:]:
        sections.append(body[at : at + int(word)])
        at += int(word)
    verdict = Verdict(*sections)
    return verdict if verdict.key == key.text else None


def nothing_to_do(
    root: str, backend: str | None, environ: Mapping[str, str] = os.environ, *, verified: bool = False
) -> Verdict | None:
    """The verdict of the last plan, if it had nothing to do and nothing has moved since.

    Args:
        root: the project's folder, real and absolute.
        backend: the flag `--backend`.
        environ: the environment.
        verified: only where every content was compared with its digest, and is as it was then.
    """
    try:
        verdict = recall(Key(root, backend, environ))
        if verdict is None or not verdict.whole:
            return None
        folder, rows, *_ = verdict.places.decode("utf-8", "surrogateescape").split("\n")
        faults: list[str] = []
        files = files_text(spec_stamps(root, folder, lambda path, _: faults.append(path)))
        if faults or files != verdict.files or not contents_hold(verdict.contents, rows, verified=verified):
            return None
        return verdict if inputs_hold(verdict, root) else None
    except (OSError, ValueError):
        return None


def stamp_text(stamp: Stamp) -> str:
    """A stamp as sections have it."""
    size, mtime, inode, ctime = stamp
    return f"{size} {mtime} {inode} {ctime}"


def files_text(files: Mapping[str, Stamp]) -> bytes:
    """The section `files`: a line a file."""
    lines = [f"{path}\t{size} {mtime} {inode} {ctime}\n" for path, (size, mtime, inode, ctime) in files.items()]
    return "".join(lines).encode("utf-8", "surrogateescape")


def contents_text(contents: Iterable[tuple[str, Stamp | None]]) -> bytes:
    """The section `contents`: a line a content, 64 digits and, where it was verified, its stamp."""
    lines = []
    for digest, stamp in contents:
        known = f" {stamp_text(stamp)}" if stamp is not None else ""
        lines.append(f"{digest.removeprefix('sha256:')}{known}\n")
    return "".join(lines).encode()


def contents_hold(section: bytes, rows: str, *, verified: bool) -> bool:
    """Whether all contents are there; with `verified` also whether each is the file that was verified."""
    for line in section.decode("ascii").split("\n")[:-1]:
        digits = line[:64]
        try:
            found = os.stat(f"{rows}/{digits[:2]}/{digits}.jsonl")  # noqa: PTH116
        except OSError:
            return False
        if verified and line[65:] != stamp_text(stamp_of(found)):
            return False
    return True


def inputs_hold(verdict: Verdict, root: str) -> bool:
    """Whether the files that label specs name are those they were, and unchanged."""
    if verdict.inputs == b"[]":
        return True
    for spec_path, pattern, stamps in verdict.value(verdict.inputs):
        if any(char in pattern for char in "*?["):
            if not _glob_holds(root, spec_path, pattern, stamps):
                return False
            continue
        path = os.path.join(root, os.path.dirname(spec_path), pattern)  # noqa: PTH118, PTH120
        if len(stamps) != 1 or not os.path.realpath(path).startswith(root.rstrip("/") + "/"):
            return False
        if stamp_at(path) != tuple(stamps[0][1]):
            return False
    return True


def _glob_holds(root: str, spec_path: str, pattern: str, stamps: list[list[Any]]) -> bool:
    from pioneer_build.inputs.freshness import unchanged_glob

    return unchanged_glob(root, spec_path, pattern, [(name, tuple(stamp)) for name, stamp in stamps])


def keep(key: Key, verdict: Verdict) -> None:
    """Writes the verdict, unless it is there; a disk that doesn't take it is no error."""
    from pioneer_build.disk import write_whole  # nothing is written where there is nothing to do

    text = verdict.text()
    try:
        with open(key.path, "rb") as file:  # noqa: PTH123
            if file.read() == text:
                return
    except OSError:
        pass
    try:
        os.makedirs(os.path.dirname(key.path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
        write_whole(key.path, [text], durable=False)
    except OSError:
        return
