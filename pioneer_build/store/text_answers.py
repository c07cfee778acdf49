"""Answers about single texts of label requests, until their annotations are in the store.

    texts/OWNER/NUMBER/     the answers that one process was given, in parts

An answer is used once: it is forgotten when the response with it was sent, and removed when the process that sent it
ends well. So a text that was labelled by a process that was killed isn't paid for again, and one that is asked for
again (`--relabel`) is. Others use the answers of a process only after it has ended.

A process begins a new part now and then, and removes older ones whose responses were all sent: by then, their
annotations have been in the store for long.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING

from pioneer_build.processes.lease import ProcessClaim, has_ended, is_owner
from pioneer_build.store.answer_files import AnswerFiles, answer_digest
from pioneer_build.store.disk import check_no_link, guarded, make_store_folder, remove_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from pioneer_build.answers.keeping import KeptAnswer
    from pioneer_build.store.answer_writer import AnswerWriter
    from pioneer_build.store.disk import Modes

_SCOPE = b"texts"
#: Answers in a part. At most some ten thousand are on their way to the store at a time.
_PART = 50_000
#: The newest parts of this process, which stay until it ends.
_NEWEST = 2


class TextAnswers:
    """The answers about texts in `folder`, as one process uses them. Safe to use from several threads.

    Args:
        folder: of the texts of one model; it needn't exist.
        tmp: the store's folder of temporary files.
        modes: the permissions of the store.
        prepare: creates the folder of the model.
    """

    def __init__(self, folder: Path, tmp: Path, modes: Modes, prepare: Callable[[], None]) -> None:
        self._folder = folder
        self._live = folder / "live"
        self._tmp = tmp
        self._modes = modes
        self._prepare = prepare
        self._lock = RLock()
        self._process: ProcessClaim | None = None
        self._parts: deque[AnswerFiles] = deque()
        self._number = 0
        #: The answers of processes that have ended, and the folders of those of which some were used.
        self._left: dict[Path, AnswerFiles] = {}
        self._used: set[Path] = set()

    def part(self) -> AnswerFiles:
        """Where this process adds answers now."""
        with self._lock:
            if self._process is None:
                self._prepare()
                make_store_folder(self._live, self._modes)
                with guarded(self._live, "write"):
                    self._process = ProcessClaim(self._live, self._modes.file)
            if not self._parts or self._parts[-1].written >= _PART:
                self._remove_old()
                self._number += 1
                self._parts.append(self._files(self._folder / self._process.owner / str(self._number)))
            return self._parts[-1]

    def found(self, keys: Sequence[str]) -> dict[str, KeptAnswer]:
        """The answers under some of `keys`: of this process, if their response wasn't sent, and of those that ended."""
        with self._lock:
            self._look_for_left()
            found: dict[str, KeptAnswer] = {}
            for files in (*self._parts, *self._left.values()):
                found |= files.found([key for key in keys if key not in found])
            return found

    def sent(self, keys: Sequence[str]) -> None:
        """The response with the answers under `keys` was sent."""
        digests = {answer_digest(key) for key in keys}
        with self._lock:
            for files in self._parts:
                files.drop(digests)
            for path, files in self._left.items():
                if files.drop(digests):
                    self._used.add(path)

    def close(self) -> None:
        """Removes the answers whose responses were sent. Those of others that weren't used stay."""
        with self._lock:
            parts, self._parts = list(self._parts), deque()
            for files in (*parts, *(self._left.pop(path) for path in self._used)):
                files.close()
                self._remove_used(files)
            self._used.clear()
            process, self._process = self._process, None
            if process is not None:
                with suppress(OSError):
                    process.close()

    def _remove_old(self) -> None:
        for files in list(self._parts)[: -(_NEWEST - 1)]:
            if not files.digests():
                files.close()
                self._remove_used(files)
                self._parts.remove(files)

    def _remove_used(self, files: AnswerFiles) -> None:
        """Removes files of answers. Those that weren't used are kept under the name of nobody."""
        if unused := files.digests():
            if len(unused) == len(self._files(files.folder).digests()):
                return
            rest = self._files(self._folder / os.urandom(16).hex() / "1")
            rest.add_again(files.some(unused))
            rest.close()
        with guarded(files.folder, "remove"), suppress(FileNotFoundError):
            remove_folder(files.folder, self._tmp, self._modes)
        with suppress(OSError):
            files.folder.parent.rmdir()  # unless there are other parts

    def _look_for_left(self) -> None:
        """Finds the answers of processes that have ended since the last time."""
        mine = self._process.owner if self._process is not None else None
        for owner, folder in _owners(self._folder):
            if owner == mine or not has_ended(self._live, owner):
                continue
            for path in _folders(folder):
                if path not in self._left:
                    self._left[path] = self._files(path)

    def _files(self, folder: Path) -> AnswerFiles:
        return AnswerFiles(folder, _SCOPE, self._modes)


def answers_about_texts(folder: Path, modes: Modes) -> list[AnswerFiles]:
    """All answers in the folder of texts of a model."""
    return [AnswerFiles(part, _SCOPE, modes) for _, owner in _owners(folder) for part in _folders(owner)]


def _owners(folder: Path) -> Iterator[tuple[str, Path]]:
    check_no_link(folder)
    for path in _folders(folder):
        if is_owner(path.name):
            yield path.name, path


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, without links."""
    with guarded(folder, "read"):
        try:
            return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
        except (FileNotFoundError, NotADirectoryError):
            return []


class RequestAnswers:
    """The answers about texts that one label request uses; see `answers.paid_answers.TextKeeper`."""

    def __init__(self, texts: TextAnswers, writer: AnswerWriter) -> None:
        self._texts = texts
        self._writer = writer
        self._keys: dict[str, None] = {}

    def kept(self, keys: Sequence[str]) -> Mapping[str, KeptAnswer]:
        """The answers that are kept under some of `keys`."""
        found = self._texts.found(keys)
        self._keys.update(dict.fromkeys(found))
        return found

    def keep(self, answers: Mapping[str, KeptAnswer]) -> Future[None]:
        """Keeps answers; they are durable when the future has its result."""
        self._keys.update(dict.fromkeys(answers))
        return self._writer.put(self._texts.part, answers)

    def sent(self) -> None:
        """The response with these answers was sent."""
        self._texts.sent(list(self._keys))
