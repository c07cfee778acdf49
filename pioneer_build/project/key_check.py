"""Refuses files of a project that contain a key: what is in them is sent to the service, and written elsewhere."""

from __future__ import annotations

import os
import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING

from pioneer_build.disk.regular_files import read_regular
from pioneer_build.errors import LockError, PioneerError, Problem
from pioneer_build.keys import LONGEST_KEY, too_long_key
from pioneer_build.keys.search import HAS_KEY, REMOVE_IT, KeySearch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def keys_in_files(root: Path, paths: Iterable[str]) -> list[Problem]:
    """The files that contain a key, each with its line. The key is not in the messages.

    Args:
        root: the project's folder.
        paths: of files, relative to it. Those that can't be read are passed over.
    """
    keys = KeySearch()
    problems = []
    for path in paths if keys else ():
        with suppress(OSError):
            problems += _problems(keys, path, read_regular(root / path))
    return problems


def refuse_long_key(environ: Mapping[str, str] = os.environ) -> None:
    """Refuses a key of so many characters that it would take long to look for it.

    Raises:
        PioneerError: it names the variable.
    """
    if (name := too_long_key(environ)) is not None:
        message = f"{name} has more than {LONGEST_KEY:,} characters, the maximum for a key"
        raise PioneerError(message, hint=f"set {name} to the key alone, or `unset {name}`")


def refuse_key_in_path(root: Path) -> None:
    """Refuses a project whose folder has a key in its path: it would be in messages, reports and the journal.

    Raises:
        PioneerError: it has; the message doesn't repeat it.
    """
    if (keys := KeySearch()) and keys.occurs_in(os.fsencode(root)):
        raise PioneerError("the path of the project's folder contains the API key", hint="rename the folder")


def keys_in_names(paths: Iterable[str]) -> list[Problem]:
    """The names of files that contain a key, each with the folder that they are in.

    Args:
        paths: of files, relative to the project's folder.
    """
    keys = KeySearch()
    found = []
    for path in paths if keys else ():
        if keys.occurs_in(os.fsencode(path)):
            folder, _, name = path.rpartition("/")
            shown = (
                "…"
                if keys.occurs_in(os.fsencode(folder))
                else posixpath.join(folder, f"…{posixpath.splitext(name)[1]}")
            )
            found.append(Problem(shown, 0, 0, "the name of this file contains the API key", "rename it", code="key"))
    return found


def keys_in_texts(texts: Mapping[str, str]) -> list[Problem]:
    """The same for texts, by their paths in the project."""
    keys = KeySearch()
    found = [_problems(keys, path, text.encode("utf-8", "surrogateescape")) for path, text in texts.items() if keys]
    return [problem for problems in found for problem in problems]


def refuse_keys_in_lock(texts: Mapping[str, str]) -> None:
    """Refuses to read a lock that contains a key: what is in it is shown.

    Args:
        texts: of the files of the lock, by their paths in the project.

    Raises:
        LockError: it does. The message has the line, not the key.
    """
    for found in keys_in_texts(texts):
        raise LockError(f"{found.path}:{found.line} {found.message}", hint=found.hint)


def _problems(keys: KeySearch, path: str, data: bytes) -> list[Problem]:
    line = keys.line_in(data)
    return [] if line is None else [Problem(path, line, 1, HAS_KEY, REMOVE_IT, code="key")]
