"""The rows of a job in the store: whether they are here and whole, and what they were when they were received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.checks.quarantined_rows import parse_quarantined
from pioneer_build.errors import StoreError
from pioneer_build.rows import parse_line, row_text_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pioneer_build.lock.model import Job
    from pioneer_build.ports import StorePort


def rows_are_here(store: StorePort, job: Job) -> bool:
    """Whether all rows of a job, accepted and quarantined, are in the store."""
    return all(digest is None or store.has(digest) for digest in (job.rows, job.quarantined))


def rows_are_whole(store: StorePort, job: Job) -> bool:
    """Whether all rows of a job, accepted and quarantined, match their digests, and are rows."""
    try:
        for digest in (job.rows, job.quarantined):
            if digest is not None:
                store.check(digest, parse_line if digest == job.rows else parse_quarantined)
    except StoreError:
        return False
    return True


def raw_rows(store: StorePort, job: Job) -> list[Any]:
    """All rows of a job, accepted and quarantined, in their original order.

    Raises:
        StoreError: they are not in the store, or damaged, or no rows.
    """
    accepted = iter(list(store.rows(job.rows, parse_line)) if job.rows is not None else [])
    aside = store.rows(job.quarantined, parse_quarantined) if job.quarantined is not None else ()
    rows: list[Any] = []
    for bad in sorted(aside, key=lambda bad: bad.number):
        while len(rows) + 1 < bad.number and (row := next(accepted, None)) is not None:
            rows.append(row)
        rows.append(bad.raw)
    return [*rows, *accepted]


def texts_in(store: StorePort, contents: Iterable[str], unread: list[StoreError] | None = None) -> Iterator[bytes]:
    """The digests of the texts of stored rows, as far as these are in the store.

    Args:
        store: the rows.
        contents: the digests of the files that have them.
        unread: gets the errors about rows that can't be read; without it, they are raised.
    """
    for digest in contents:
        try:
            if store.has(digest):
                yield from (row_text_digest(row) for row in store.rows(digest, parse_line))
        except StoreError as error:
            if unread is None:
                raise
            unread.append(error)
