"""Refuses files of a project that contain a key: what is in them is sent to the service, and written elsewhere."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pioneer_build.disk.regular_files import read_regular
from pioneer_build.errors import Problem
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


def keys_in_texts(texts: Mapping[str, str]) -> list[Problem]:
    """The same for texts, by their paths in the project."""
    keys = KeySearch()
    found = [_problems(keys, path, text.encode("utf-8", "surrogateescape")) for path, text in texts.items() if keys]
    return [problem for problems in found for problem in problems]


def _problems(keys: KeySearch, path: str, data: bytes) -> list[Problem]:
    line = keys.line_in(data)
    return [] if line is None else [Problem(path, line, 1, HAS_KEY, REMOVE_IT, code="key")]
