"""The text of `pioneer.lock`, or of one file of a split lock: written, and read.

Equal locks always have equal bytes: JSON, two-space indent, sorted, without clock, path, host or version of this tool.
Every entry ends with its own digest, so that manual edits, and mixtures of two entries by line, are detected. There is
no digest of the whole file, so that two branches that change different datasets can be merged. The version that is
written is the oldest one that has a key for every value; an entry is read if it is whole, whatever the version says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.lock.json import as_json, entry_digest, entry_of, entry_value, quoted
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.lock.schema import Mismatch, check_entry, needs_version_2
from pioneer_build.lock.source import LOCK_PATH, LOCK_VERSION, RESTORE, UPGRADE, LockSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["RESTORE", "lock_text", "read_entries", "read_lock"]


def lock_text(lock: Lock, written: dict[tuple[str, str], tuple[Entry, str]] | None = None) -> str:
    """The text of `lock`.

    `written` caches the text of each entry, so that rewriting a lock after a change of one entry costs one entry; pass
    the same dict each time.
    """
    datasets: dict[str, list[tuple[str, str]]] = {}
    version = 1
    for key in sorted(lock.entries):
        name, backend = key
        entry = lock.entries[key]
        known = written.get(key) if written is not None else None
        if known is not None and known[0] is entry:
            text = known[1]
        else:
            text = as_json(entry_value(entry), indent=2).replace("\n", "\n      ")
            if written is not None:
                written[key] = (entry, text)
        datasets.setdefault(name, []).append((backend, text))
        if version == 1 and needs_version_2(entry):
            version = 2
    if not datasets:
        return f'{{\n  "datasets": {{}},\n  "lock_version": {version}\n}}\n'
    blocks = []
    for name, entries in datasets.items():
        inner = ",\n".join(f"      {quoted(backend)}: {text}" for backend, text in entries)
        blocks.append(f"    {quoted(name)}: {{\n{inner}\n    }}")
    body = ",\n".join(blocks)
    return f'{{\n  "datasets": {{\n{body}\n  }},\n  "lock_version": {version}\n}}\n'


def read_lock(text: str, *, trusted: bool = False, path: str = LOCK_PATH) -> Lock:
    """The lock that is stored in `text`.

    Args:
        text: the text of `pioneer.lock`, or of one file of a split lock.
        trusted: skips the digests and the schema of the entries: for bytes that were verified before.
        path: the name of the file in messages.

    Raises:
        LockError: the text is not a lock of a version that this tool reads, or an entry doesn't match its digest; or it
            is the head of a split lock, whose entries are in other files (`read_files.read_files`).
    """
    source = LockSource(text, path)
    top = source.top_level(trusted=trusted)
    if top.split:
        message = "the lock is split into one file per dataset, and this isn't the file of one"
        raise source.error(message, line=source.line("split", 2))
    entries: dict[tuple[str, str], Entry] = {}
    for name, backends in top.datasets.items():
        if not isinstance(backends, dict) or not backends:
            raise source.error(f"'{name}' has no entries", line=source.line(name, 4))
        for backend, fields in backends.items():
            try:
                if not trusted:
                    _check(name, backend, fields, top.version)
                entries[name, backend] = entry_of(name, backend, fields)
            except Mismatch as error:
                line = source.line(backend, 6, source.offset(name, 4))
                hint = UPGRADE if error.newer and _is_whole(name, backend, fields) else None
                raise source.error(f"the entry of '{name}' ({backend}) {error}", line=line, hint=hint) from None
            except UnicodeEncodeError:  # no spec can have that, so it has no fingerprint
                line = source.line(backend, 6, source.offset(name, 4))
                message = f"the entry of '{name}' ({backend}) has a definition with a lone surrogate"
                raise source.error(message, line=line) from None
            except (KeyError, TypeError, AttributeError) as error:  # only if the bytes were trusted wrongly
                raise source.error(f"the entry of '{name}' is damaged ({error})", line=1) from None
    return Lock(entries)


def read_entries(text: str, names: Iterable[str]) -> Lock | None:
    """The entries of some datasets, without reading the others; `None` if that is not possible.

    Parsing a lock of a thousand datasets takes a tenth of the time of a plan with one changed spec. So only these
    entries are decoded. They are found by the layout of a written lock; the digest of an entry proves that it belongs
    to its dataset.

    Args:
        text: the text of `pioneer.lock`, which was read as a whole before: the rest of it is ignored.
        names: of datasets that the lock has.
    """
    source = LockSource(text)
    entries: dict[tuple[str, str], Entry] = {}
    end = 0
    for name in sorted(names):
        backends, end = source.dataset(name, end)
        if not isinstance(backends, dict):
            return None
        for backend, fields in backends.items():
            try:
                if not _is_whole(name, backend, fields):
                    return None
                entries[name, backend] = entry_of(name, backend, fields)
            except (KeyError, TypeError, AttributeError):
                return None
    return Lock(entries)


def _check(name: str, backend: str, fields: Any, version: int) -> None:
    """Raises `Mismatch` unless an entry is one of this lock_version, or of a later one that is known.

    The version is one line for all entries. So a merge or a revert by git can leave an older one than an entry needs.
    """
    try:
        check_entry(fields, version)
    except Mismatch as error:
        if version == LOCK_VERSION or not error.newer or not _is_whole(name, backend, fields):
            raise
        check_entry(fields, LOCK_VERSION)
    if not _is_whole(name, backend, fields):
        raise Mismatch("doesn't match its digest: it was edited by hand, or is a mixture of two entries")


def _is_whole(name: str, backend: str, fields: Mapping[str, Any]) -> bool:
    return fields.get("digest") == entry_digest(name, backend, fields)
