"""Which entries of three locks are the same dataset: a side may have renamed it, and used its old name again.

A dataset is known by what was paid for: its jobs and annotations. So it is the entry that has what the common ancestor
has of it: under the same name, or under another one, if no entry of the same name has any of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from pioneer_build.lock.submission_sets import SubmissionSets

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pioneer_build.lock.model import Entry, Job, Lock

EntryKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lineage:
    """A dataset in the three locks of a merge, under its merged name; `None` where a lock doesn't have it.

    `key` is where its merged entry goes, `base_key` where the common ancestor has it (`None`: the dataset is new).
    """

    key: EntryKey
    base_key: EntryKey | None
    base: Entry | None
    ours: Entry | None
    theirs: Entry | None


@dataclass(frozen=True, slots=True)
class Renames:
    """Where each side has the datasets that it renamed, by their key in the common ancestor."""

    ours: Mapping[EntryKey, EntryKey]
    theirs: Mapping[EntryKey, EntryKey]

    def without(self, keys: Collection[EntryKey]) -> Renames:
        """The same, but the datasets with these keys count as not renamed."""
        return Renames(
            {old: new for old, new in self.ours.items() if old not in keys},
            {old: new for old, new in self.theirs.items() if old not in keys},
        )


def renames_of(base: Lock, ours: Lock, theirs: Lock) -> Renames:
    """The datasets that one side renamed, or both in the same way.

    Left out are those that the sides gave different names, and those that the other side removed.

    Args:
        base: the common ancestor.
        ours: one side.
        theirs: the other one.
    """
    found = Renames(renamed_on(base, ours), renamed_on(base, theirs))
    odd = {
        old
        for side, mine, others in ((theirs, found.theirs, found.ours), (ours, found.ours, found.theirs))
        for old, new in others.items()
        if (mine[old] != new if old in mine else old not in side.entries)
    }
    return found.without(odd)


def lineages(base: Lock, ours: Lock, theirs: Lock, renames: Renames) -> list[Lineage]:
    """All datasets of three locks, in the order of their merged names. Several of them may have the same one.

    Args:
        base: the common ancestor.
        ours: one side.
        theirs: the other one.
        renames: what the sides renamed.
    """
    found, fresh = [], []
    for side, moved in ((ours, renames.ours), (theirs, renames.theirs)):
        known = {moved.get(old, old) for old in base.entries}
        fresh.append({key: entry for key, entry in side.entries.items() if key not in known})
    for old, entry in base.entries.items():
        key = renames.ours.get(old) or renames.theirs.get(old) or old
        here, there = (
            side.entries.get(moved.get(old, old)) for side, moved in ((ours, renames.ours), (theirs, renames.theirs))
        )
        found.append(Lineage(key, old, _named(entry, key), _named(here, key), _named(there, key)))
    found += [Lineage(key, None, None, fresh[0].get(key), fresh[1].get(key)) for key in {**fresh[0], **fresh[1]}]
    return sorted(found, key=lambda one: (one.key, one.base_key or ("", "")))


def renamed_on(base: Lock, side: Lock) -> dict[EntryKey, EntryKey]:
    """Where a side has the datasets that it renamed, by their key in the common ancestor."""
    found: dict[EntryKey, EntryKey] = {}
    free = {key for key, entry in side.entries.items() if not _continues(base.entries.get(key), entry)}
    if not free:
        return {}
    held = {key: _Held(side.entries[key]) for key in free}
    having: dict[object, list[EntryKey]] = {}  # by each thing that was paid for: very many datasets may be renamed
    for key, one in held.items():
        for mark in one.marks():
            having.setdefault(mark, []).append(key)
    for old, entry in base.entries.items():
        marks = [] if old in side.entries and old not in free else _marks(entry)
        if not marks:
            continue
        likely = min((having.get(mark, []) for mark in marks), key=len)
        new = list(islice((key for key in likely if held[key].has_all(entry)), 2))
        if len(new) == 1:
            found[old] = new[0]
    taken = Counter(found.values())
    return {old: new for old, new in found.items() if taken[new] == 1}


def replaced_on(base: Lock, side: Lock) -> frozenset[EntryKey]:
    """The keys under which a side has another dataset than the common ancestor."""
    return frozenset(
        key for key, entry in base.entries.items() if key in side.entries and not _continues(entry, side.entries[key])
    )


def _continues(before: Entry | None, entry: Entry) -> bool:
    """Whether the entry of a name is the dataset that had this name before: it has something of it."""
    if before is None:
        return False
    jobs, paid = before.jobs, {fingerprint for fingerprint, _ in before.paid}
    if not jobs and not paid:
        return True  # nothing was paid for by which it could be told
    if any(fingerprint in paid for fingerprint, _ in entry.paid):
        return True
    held = _Held(entry)
    return any(map(held.has, jobs))


class _Held:
    """What was paid for of an entry, to be looked up."""

    __slots__ = ("_entry", "_jobs", "_paid", "_submissions")

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._jobs = {job.key for job in entry.jobs}
        self._paid = {fingerprint for fingerprint, _ in entry.paid}
        self._submissions: SubmissionSets | None = None

    def marks(self) -> set[object]:
        """What `_marks` may say of a dataset that is in this entry."""
        return {*self._jobs, *self._paid, *(one for job in self._entry.jobs for one in job.submissions)}

    def has(self, job: Job) -> bool:
        """Whether the entry has a job, or the job that an unanswered submission turned out to be."""
        if job.key in self._jobs:
            return True
        if job.job_id is not None or not job.submissions:
            return False
        if self._submissions is None:
            self._submissions = SubmissionSets(one.submissions for one in self._entry.jobs)
        return self._submissions.one_has_all(job.submissions)

    def has_all(self, before: Entry) -> bool:
        """Whether the entry has all that was paid for of a dataset."""
        if self._entry.backend != before.backend or self._entry.base_name != before.base_name:
            return False
        return all(fingerprint in self._paid for fingerprint, _ in before.paid) and all(map(self.has, before.jobs))


def _marks(before: Entry) -> list[object]:
    """Things all of which an entry has, if it has all that was paid for of a dataset. None, if nothing was."""
    paid: list[object] = [fingerprint for fingerprint, _ in before.paid]
    for job in before.jobs:
        paid += [job.key] if job.job_id is not None or not job.submissions else job.submissions
    return paid


def _named(entry: Entry | None, key: EntryKey) -> Entry | None:
    return entry if entry is None or entry.dataset_name == key[0] else replace(entry, dataset_name=key[0])
