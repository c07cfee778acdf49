"""What changed between two states of the lock: datasets, jobs, and the rows that readers get.

Values in, values out. Rows are handed in by a reader; where it has none, the difference says what the lock knows, and
why there is no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pioneer_build.diff.rows import RowsDiff, compare_rows
from pioneer_build.spec.base_url import one_name
from pioneer_build.spec.label_descriptions import as_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pioneer_build.diff.rows import Lines
    from pioneer_build.lock.model import Entry, Job, Lock

#: What became of a dataset. `forgotten`: its spec went, and the entry stays; `returned` is the way back.
DatasetChange: TypeAlias = Literal["added", "removed", "renamed", "forgotten", "returned", "changed"]

#: Gives the rows of an entry as lines, or the sentence that says why they can't be had.
Reader: TypeAlias = "Callable[[Entry], Lines | str]"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One fact of a dataset that changed. `field` is the spec's or the lock's key; values are JSON values."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job that is new, gone, or went on. `job` is the newer record; `was` and `now` are states, `None` for none."""

    job: Job
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """What became of one dataset on one backend.

    `old` and `new` are the entries, `None` where there is none. `content_changed` says that readers get other rows;
    `rows` is what is different about them, or `unseen` says why that can't be told here.
    """

    dataset_name: str
    backend: str
    kind: DatasetChange
    old: Entry | None
    new: Entry | None
    fields: tuple[FieldChange, ...]
    jobs: tuple[JobChange, ...]
    content_changed: bool
    rows: RowsDiff | None
    unseen: str | None

    @property
    def renamed_from(self) -> str | None:
        """The name it had, if that was another."""
        return self.old.dataset_name if self.kind == "renamed" and self.old is not None else None

    @property
    def examples(self) -> tuple[int, int]:
        """How many rows readers get, before and after."""
        return self.old.examples if self.old is not None else 0, self.new.examples if self.new is not None else 0


@dataclass(frozen=True, slots=True)
class LockDiff:
    """What changed between two locks: the datasets that did, by name, and how many didn't."""

    datasets: tuple[DatasetDiff, ...]
    unchanged: int


def diff_locks(old: Lock, new: Lock, reader: Reader, *, backend: str | None = None, samples: int = 3) -> LockDiff:
    """Compares two locks.

    Args:
        old: the earlier state.
        new: the later one.
        reader: gives the rows of an entry, or says why not.
        backend: look at this backend only, however it is spelled.
        samples: how many changed rows of each kind to show.
    """
    found: list[DatasetDiff] = []
    unchanged = 0
    for before, after in _paired(old, new, backend):
        if before == after:
            unchanged += 1
        else:
            found.append(_dataset(before, after, reader, samples))
    return LockDiff(tuple(sorted(found, key=lambda item: (item.dataset_name, item.backend))), unchanged)


def _paired(old: Lock, new: Lock, backend: str | None) -> Iterator[tuple[Entry | None, Entry | None]]:
    """The entries of both sides that are of one dataset; one that was renamed finds its old self."""
    keys = {key for key in (*old.entries, *new.entries) if backend is None or one_name(key[1]) == one_name(backend)}
    gone = [old.entries[key] for key in sorted(keys) if key not in new.entries]
    for key in sorted(keys):
        if key not in new.entries:
            continue
        after = new.entries[key]
        before = old.entries.get(key)
        if before is None and (before := next((item for item in gone if _same_dataset(item, after)), None)) is not None:
            gone.remove(before)
        yield before, after
    yield from ((item, None) for item in gone)


def _same_dataset(old: Entry, new: Entry) -> bool:
    """Whether two entries of different names are of one dataset: they share a job, or were labelled alike."""
    if old.backend != new.backend or old.task_type != new.task_type:
        return False
    jobs = {job.key for job in old.jobs}
    if any(job.key in jobs for job in new.jobs):
        return True
    return old.labelling is not None and old.labelling == new.labelling


def _dataset(old: Entry | None, new: Entry | None, reader: Reader, samples: int) -> DatasetDiff:
    newest = new or old
    assert newest is not None
    content_changed = _content_changed(old, new)
    rows, unseen = _rows(old, new, reader, samples) if content_changed else (None, None)
    return DatasetDiff(
        dataset_name=newest.dataset_name,
        backend=newest.backend,
        kind=_kind(old, new),
        old=old,
        new=new,
        fields=tuple(_fields(old, new)),
        jobs=tuple(_jobs(old.jobs if old is not None else (), new.jobs if new is not None else ())),
        content_changed=content_changed,
        rows=rows,
        unseen=unseen,
    )


def _kind(old: Entry | None, new: Entry | None) -> DatasetChange:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    if old.dataset_name != new.dataset_name:
        return "renamed"
    if old.forgotten != new.forgotten:
        return "forgotten" if new.forgotten else "returned"
    return "changed"


# -- what the lock knows -------------------------------------------------------------------------------------------


def _fields(old: Entry | None, new: Entry | None) -> Iterator[FieldChange]:
    before, after = _facts(old), _facts(new)
    if old is None or new is None:
        return
    for name in sorted(before.keys() | after.keys(), key=lambda key: _ORDER.get(key, -1)):
        if before.get(name) != after.get(name):
            yield FieldChange(name, before.get(name), after.get(name))


_ORDER = {
    name: place
    for place, name in enumerate(
        ("num_examples", "texts", "distinct", "annotated", "quarantined", "remote_name", "version", "verified", "state",
         "protect", "on_change", "checks", "deleted")
    )
}  # fmt: skip


def _facts(entry: Entry | None) -> dict[str, Any]:
    """What is said of a dataset besides jobs and rows; the definition's own keys come first."""
    if entry is None:
        return {}
    facts: dict[str, Any] = {
        **as_written(entry.definition),
        "num_examples": entry.num_examples,
        "remote_name": entry.remote_name,
        "version": entry.version,
        "verified": entry.verified if entry.examples else None,
        "state": entry.state,
        "protect": entry.protect,
        "on_change": entry.on_change,
        "checks": dict(entry.checks),
        "deleted": any(job.deleted for job in entry.jobs),
    }
    if entry.labelling is not None:
        for name in ("texts", "distinct", "annotated", "quarantined"):
            facts[name] = getattr(entry.labelling, name)
    return facts


def _jobs(old: Sequence[Job], new: Sequence[Job]) -> Iterator[JobChange]:
    """What became of each job. A submission of unknown fate that was found to be a job is that job's past."""
    left = {job.key: job for job in old}
    for job in new:
        before = left.pop(job.key, None)
        if before is None and job.submissions:
            twin = next((one for one in left.values() if set(one.submissions) & set(job.submissions)), None)
            before = left.pop(twin.key) if twin is not None else None
        if before is None or before != job:
            yield JobChange(job, before.state if before is not None else None, job.state)
    yield from (JobChange(job, job.state, None) for job in left.values())


# -- rows ----------------------------------------------------------------------------------------------------------


def _content_changed(old: Entry | None, new: Entry | None) -> bool:
    before, after = _content(old), _content(new)
    return before != after


def _content(entry: Entry | None) -> object:
    """What stands for the rows that readers get: their digest, else the jobs that made them."""
    if entry is None or not entry.examples:
        return None
    return entry.content or (entry.examples, tuple(job.key for job in entry.readable()))


def _rows(old: Entry | None, new: Entry | None, reader: Reader, samples: int) -> tuple[RowsDiff | None, str | None]:
    before, after = _lines(old, reader), _lines(new, reader)
    for side, lines in (("before", before), ("after", after)):
        if isinstance(lines, str):
            return None, f"{side}: {lines}"
    assert not isinstance(before, str)
    assert not isinstance(after, str)
    return compare_rows(before, after, samples), None


def _lines(entry: Entry | None, reader: Reader) -> Lines | str:
    return reader(entry) if entry is not None and entry.examples else _nothing


def _nothing() -> tuple[bytes, ...]:
    return ()
