"""The rows that readers get: those the lock names, verified against their digests, read as a stream."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.lock.model import Entry
    from pioneer_build.store import Store


def locked_lines(entry: Entry, store: Store) -> Iterator[bytes]:
    """The rows of a dataset in order, each as a line of JSON that ends in a line feed.

    Each file is held against its digest before its first row is given.

    Raises:
        PioneerError: nothing is built, or the rows can't be had here.
        StoreError: what is kept is not what the lock says.
    """
    name = entry.dataset_name
    if entry.labelling is not None and entry.num_examples is None:
        return _lines(name, [entry.labelling.content], entry.labelling.rows, store)
    jobs = entry.readable()
    if not jobs:
        raise PioneerError(
            f"'{name}' is not built: no job of it is ready on the backend {entry.backend}",
            hint=f"pioneer-build apply --select {name}",
        )
    if any(job.rows is None for job in jobs):
        raise PioneerError(
            f"the rows of '{name}' were never on this machine: the service does not give them",
            hint=f"its versions are there: {', '.join(sorted({job.version or '?' for job in jobs}))}",
        )
    return _lines(name, [job.rows or "" for job in jobs], entry.examples, store)


def _lines(name: str, digests: list[str], count: int, store: Store) -> Iterator[bytes]:
    missing = [digest for digest in digests if not store.has(digest)]
    if missing:
        raise PioneerError(
            f"the rows of '{name}' are in the lock and not on this machine", hint=f"pioneer-build apply --select {name}"
        )
    return islice((line for digest in digests for line in store.lines(digest)), count)
