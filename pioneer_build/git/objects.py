"""The objects of a repository, thousands of them by one process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from pioneer_build.errors import PioneerError
from pioneer_build.git.program import NEWER_GIT, TIMEOUT, end, last_words, start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def contents(folder: Path, blobs: Sequence[str]) -> list[bytes | None]:
    """The bytes of some blobs; `None` for each that this clone doesn't have. Nothing is fetched.

    Args:
        folder: a folder of the work tree.
        blobs: their ids.
    """
    found = objects(folder, blobs, contents=True)
    return [one.data if isinstance(one, GitObject) and one.kind == "blob" else None for one in found]


@dataclass(frozen=True, slots=True)
class GitObject:
    """An object of a repository. `data` is empty if only its size was asked.

    `kind` is `blob`, `tree` or `commit`; or `nowhere` for a link that leads to nothing in its commit, without an `id`.
    """

    id: str
    kind: str
    size: int
    data: bytes = b""


class Unreadable(NamedTuple):
    """What stands for an object that git can't read: this clone doesn't have it, or it is damaged, or git itself fails.

    `why` is what git says; empty if it only says that the object is missing.
    """

    why: str


def objects(
    folder: Path, names: Sequence[str], *, contents: bool, follow_links: bool = False
) -> Iterator[GitObject | Unreadable]:
    """The objects with these names: for each name one, in this order.

    All are read by one process, so thousands take a fraction of a second. After too many objects at which git gives up
    (damaged ones, or those that a partial clone lacks), all others count as unreadable.

    Args:
        folder: a folder of the work tree.
        names: ids, or places like `COMMIT:./pioneer.lock`; without line feeds.
        contents: whether to read the data, or only kind and size.
        follow_links: whether a place that is a symbolic link is what it leads to in the same commit; otherwise it is
            the text of the link. Only for places.
    """
    done, why = 0, ""
    how = ("--batch" if contents else "--batch-check", *(("--follow-symlinks",) if follow_links else ()))
    for _ in range(_MOST_RESTARTS):
        if done >= len(names):
            return
        complaint: list[str] = []
        for found in _read_objects(folder, names[done:], how, complaint):
            done += 1
            yield found
        why = "".join(complaint)
        if done >= len(names):
            return
        done += 1  # git gave up at this one
        yield Unreadable(why)
        if NEWER_GIT in why:
            break
    for _ in names[done:]:
        yield Unreadable(why)


#: How often reading goes on after an object that can't be read.
_MOST_RESTARTS: Final = 20
#: At most this many bytes of what git says when it gives up are read.
_MOST_SAID: Final = 4 * 1024 * 1024
#: What `cat-file --follow-symlinks` says instead of the kind of an object, before a line with the path.
_NOWHERE: Final = frozenset({b"symlink", b"dangling", b"loop", b"notdir"})


def _read_objects(
    folder: Path, names: Sequence[str], how: Sequence[str], complaint: list[str]
) -> Iterator[GitObject | Unreadable]:
    """As `objects`, up to the first object at which git gives up.

    Args:
        folder: a folder of the work tree.
        names: of the objects.
        how: options of `cat-file`.
        complaint: gets what git says when it gives up.
    """
    import tempfile  # not for a command that reads a single file
    import threading

    with tempfile.TemporaryFile() as listed, tempfile.TemporaryFile() as errors:
        listed.write("".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape"))
        listed.seek(0)
        try:
            process = start(folder, "cat-file", *how, typed=listed, errors=errors)
        except PioneerError as error:
            complaint.append(error.message)
            return
        assert process.stdout is not None
        watch = threading.Timer(TIMEOUT, end, (process,))
        watch.start()
        try:
            yield from _parse_objects(process.stdout, contents="--batch" in how)
        finally:
            watch.cancel()
            end(process)
            process.stdout.close()
            process.wait()
            errors.seek(0)
            complaint.append(last_words(errors.read(_MOST_SAID)) or f"exit code {process.returncode}")


def _parse_objects(answers: IO[bytes], *, contents: bool) -> Iterator[GitObject | Unreadable]:
    while line := answers.readline():
        words = line.split()
        if len(words) == 2 and words[0] in _NOWHERE and words[1].isdigit():
            answers.read(int(words[1]) + 1)
            yield GitObject("", "nowhere", 0)
            continue
        if words[-1:] == [b"missing"] or len(words) != 3 or not words[2].isdigit():
            yield Unreadable("")
            continue
        size = int(words[2])
        data = answers.read(size + 1)[:-1] if contents else b""
        if contents and len(data) != size:
            return
        yield GitObject(words[0].decode("ascii"), words[1].decode("ascii"), size, data)
