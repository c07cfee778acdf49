"""Parses the text of a lock file up to its entries, checks its version, and finds the line of each key."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from pioneer_build.errors import LockError
from pioneer_build.escaping import shell_word
from pioneer_build.lock.json import quoted
from pioneer_build.lock.schema import Mismatch

LOCK_PATH: Final = "pioneer.lock"
#: The newest version that this program reads.
LOCK_VERSION: Final = 2

#: The byte order mark that some editors put before a text. The next write leaves it out.
BOM_CHARACTER: Final = "\ufeff"

RESTORE: Final = "restore it from git (`git checkout HEAD -- pioneer.lock`), then run `pioneer-build apply`"
UPGRADE: Final = "upgrade pioneer-build; the lock was not changed"

_DECODER: Final = json.JSONDecoder()
_LONG_NUMBER: Final = re.compile(r"[0-9]{640}")

#: The top-level keys of the file, by the version that introduced them.
_KEYS: Final = {1: {"datasets", "lock_version"}, 2: {"datasets", "lock_version", "split"}}


def restore(path: str) -> str:
    """What to do about a damaged file of a lock; `path` is the file's, in the project."""
    return RESTORE.replace(LOCK_PATH, shell_word(path))


@dataclass(frozen=True, slots=True)
class TopLevel:
    """The top level of a file, around its entries."""

    version: int
    datasets: dict[str, Any]
    split: bool


@dataclass(frozen=True, slots=True)
class LockSource:
    """The text of a lock file; messages name the file by its `path` in the project."""

    text: str
    path: str = LOCK_PATH

    # -- messages --

    def error(self, message: str, *, line: int, hint: str | None = None) -> LockError:
        """An error at a line of this file.

        Args:
            message: what is wrong, to follow the place.
            line: counted from 1.
            hint: what to do; by default, to restore the file.
        """
        return LockError(f"{self.path}:{line}: {message}", hint=hint or restore(self.path))

    def line(self, key: str, indent: int, start: int = 0) -> int:
        """The line of `key`, counted from 1.

        Args:
            key: the key, without quotes.
            indent: its indentation in spaces, if the file has the original layout.
            start: search from this place, in code points; negative values count as 0.
        """
        at = self.offset(key, indent, start)
        return self._line_at(at + 1 if at >= 0 else self.text.find(quoted(key), max(start, 0)))

    def offset(self, key: str, indent: int, start: int = 0) -> int:
        """The end of the line before `key`, as found by `line`; -1 if the text has another layout.

        Args:
            key: the key, without quotes.
            indent: its indentation in spaces.
            start: search from this place, in code points; negative values count as 0.
        """
        return self.text.find(f"\n{' ' * indent}{quoted(key)}:", max(start, 0))

    def _line_at(self, at: int) -> int:
        return self.text.count("\n", 0, max(at, 0)) + 1

    # -- the file --

    def top_level(self, *, trusted: bool = False) -> TopLevel:
        """The top level, around the entries; `trusted` skips the search for duplicate keys.

        Raises:
            LockError: the text is not a lock of a version that this program reads.
        """
        value = self._parsed(trusted=trusted)
        if not isinstance(value, dict) or "lock_version" not in value:
            raise self.error("not a lock: 'lock_version' is missing", line=1)
        version = self._version(value["lock_version"])
        datasets = value.get("datasets")
        if not isinstance(datasets, dict):
            raise self.error("'datasets' is not an object", line=self.line("datasets", 2))
        if strange := sorted(value.keys() - _KEYS[version]):
            message = f"has the unknown key '{strange[0]}'"
            raise self.error(message, line=self.line(strange[0], 2), hint=UPGRADE)
        split = value.get("split", False)
        if "split" in value and (split is not True or datasets):
            raise self.error("a split lock has `split: true` and no datasets", line=self.line("split", 2))
        return TopLevel(version, datasets, split)

    def dataset(self, name: str, start: int = 0) -> tuple[Any, int]:
        """The value of a dataset, and its end; `None` if the text has another layout.

        Args:
            name: of the dataset.
            start: search from this place, in code points: datasets are sorted by name.
        """
        at = self.offset(name, 4, start)
        if at < 0:
            return None, start
        try:
            return _DECODER.raw_decode(self.text, at + len(f"\n    {quoted(name)}: "))
        except (ValueError, RecursionError):
            return None, start

    def _version(self, version: object) -> int:
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise self.error(f"lock_version {version!r} is not a valid version", line=self.line("lock_version", 2))
        if version > LOCK_VERSION:
            message = f"lock_version {version} is newer than this version of pioneer-build can read ({LOCK_VERSION})"
            raise self.error(message, line=self.line("lock_version", 2), hint=UPGRADE)
        return version

    def _parsed(self, *, trusted: bool) -> Any:
        text = self.text.removeprefix(BOM_CHARACTER)
        if not text.strip():
            raise self.error("the file is empty", line=1)
        try:
            if trusted:
                return json.loads(text)
            return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            cut = "\n" not in text[error.pos :].rstrip()  # the error is in the last line
            what = "the file is truncated" if cut else f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
            hint = restore(self.path)
            raise LockError(f"{self.path}:{error.lineno}:{error.colno}: {what}", hint=hint) from None
        except Mismatch as error:
            key = f"{quoted(error.key)}:"
            at = self.text.find(key)
            again = self.text.find(key, at + 1)
            raise self.error(str(error), line=self._line_at(max(at, again))) from None
        except RecursionError:
            raise self.error("nested too deeply", line=1) from None
        except ValueError:  # Python converts no integer of thousands of digits
            found = _LONG_NUMBER.search(self.text)
            line = self._line_at(found.start() if found is not None else 0)
            raise self.error("a number with thousands of digits", line=line) from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Mismatch(f"'{twice}' occurs twice", key=twice)
    return value


def _no_constant(name: str) -> Any:
    raise Mismatch(f"{name} is not valid JSON", key="")
