"""The locked rows of a dataset, verified against their digests, read as a stream."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from pioneer_build.errors import PioneerError
from pioneer_build.escaping import shell_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pioneer_build.lock.model import Entry
    from pioneer_build.spec.model import TaskType
    from pioneer_build.store import Store

R = TypeVar("R")


def task_of_content(entry: Entry) -> TaskType | None:
    """The task type of the rows that readers get; `None` if they are of an earlier definition, maybe of another."""
    return entry.task_type if entry.content_fingerprint == entry.fingerprint else None


def locked_lines(entry: Entry, store: Store) -> Iterator[bytes]:
    """The lines of a dataset's rows, as `locked_rows` would read them, but whatever they say."""
    return islice((line for digest in _digests(entry, store) for line in store.lines(digest)), entry.examples)


def locked_rows(entry: Entry, store: Store, parse: Callable[[bytes], R]) -> Iterator[R]:
    """What `parse` makes of the rows of a dataset, in order.

    Each file is verified against its digest before its first row is returned.

    Args:
        entry: of the dataset.
        store: has the rows.
        parse: `rows.parse_line` or one like it; its `ValueError` becomes a `StoreError` that says which row it is.

    Raises:
        PioneerError: nothing is built, or the rows are not on this machine.
        StoreError: (when rows are read) they don't match the lock, or are no rows.
    """
    return islice((row for digest in _digests(entry, store) for row in store.rows(digest, parse)), entry.examples)


def _digests(entry: Entry, store: Store) -> Sequence[str]:
    name, jobs, digests = entry.dataset_name, entry.readable(), entry.content_digests
    if any(job.owed and (job.rows is None or not store.has(job.rows)) for job in jobs):
        received = all(job.rows is not None for job in jobs)
        what = "are not on this machine, and the service did not provide them" if received else "were never received"
        raise PioneerError(
            f"the rows of '{name}' {what}, although its job is ready",
            hint=f"pioneer-build apply --select {shell_word(name)}  (asks for them again, which costs nothing)",
        )
    if any(job.rows is None for job in jobs):
        raise PioneerError(
            f"the rows of '{name}' were never on this machine: the service does not provide them",
            hint=f"its versions on the service: {', '.join(sorted({job.version or '?' for job in jobs}))}",
        )
    if not digests:
        raise PioneerError(
            f"'{name}' is not built: it has no ready job on the backend {entry.backend}",
            hint=f"pioneer-build apply --select {shell_word(name)}",
        )
    if not all(store.has(digest) for digest in digests):
        raise PioneerError(
            f"the rows of '{name}' are in pioneer.lock, but not on this machine",
            hint=f"pioneer-build apply --select {shell_word(name)}",
        )
    return digests
