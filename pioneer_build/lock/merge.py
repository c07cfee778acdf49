"""How two locks join: a least upper bound, so order, grouping and repetition of merges don't matter.

No job is ever dropped. What the union means for a dataset is the plan's to say.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.lock.text import entry_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: How far a job's life has come; of two records of one job the one that came further stays.
_RANK = {"unknown": 0, "open": 1, "failed": 2, "rejected": 3, "ready": 4}


def merge(a: Lock, b: Lock) -> Lock:
    """The lock that knows everything `a` and `b` know."""
    entries = dict(a.entries)
    for key, entry in b.entries.items():
        mine = entries.get(key)
        entries[key] = entry if mine is None else merge_entries(mine, entry)
    return Lock(entries)


def merge3(base: Lock, a: Lock, b: Lock) -> Lock:
    """`merge(a, b)`, without what one of them has taken out of their common `base` and the other left as it was.

    Only a rename takes an entry out. It stays out where every job of it is under another name now.
    """
    merged = merge(a, b)
    entries = dict(merged.entries)
    for key, entry in base.entries.items():
        here, there = a.entries.get(key), b.entries.get(key)
        if (here is None) == (there is None) or entry not in (here, there):
            continue
        elsewhere = {
            job.key
            for (name, backend), other in entries.items()
            if backend == key[1] and name != key[0]
            for job in other.jobs
        }
        if all(job.key in elsewhere for job in entry.jobs):
            del entries[key]
    return Lock(entries)


def merge_entries(a: Entry, b: Entry) -> Entry:
    """Two records of one dataset on one backend: the union of the jobs under one of the two heads.

    The head (definition in force, size, what is remembered) is taken whole: the live one before the forgotten one,
    then the one with the greater text. The plan compares it with the spec, so a wrong guess costs nothing. What was
    paid for stays counted, and what one side protects stays protected.
    """
    if a == b:
        return a
    head = max(a, b, key=_head_order)
    paid = dict(a.paid)
    for fingerprint, count in b.paid:
        paid[fingerprint] = max(count, paid.get(fingerprint, 0))
    return replace(
        head,
        base_name=min(a.base_name, b.base_name),
        jobs=merge_jobs([*a.jobs, *b.jobs]),
        paid=tuple(sorted(paid.items())),
        protect=a.protect or b.protect,
    )


def merge_jobs(records: Iterable[Job]) -> tuple[Job, ...]:
    """One record a job, in the order of the jobs: base order, then id.

    A record of a submission is dropped where another one says what became of it: one that was accepted before one
    that is not known to be, one with a job id before one with a version alone.
    """
    grouped: dict[tuple[str, str], list[Job]] = {}
    for record in records:
        grouped.setdefault(record.key, []).append(record)
    jobs = [_join(group) for group in grouped.values()]
    if len(jobs) > 1:
        accepted = [frozenset(job.submissions) for job in jobs if job.accepted and job.submissions]
        named = [frozenset(job.submissions) for job in jobs if job.job_id is not None and job.submissions]
        if accepted:
            jobs = [job for job in jobs if not _is_settled(job, named if job.accepted else accepted)]
    return tuple(sorted(jobs, key=lambda job: (job.order, job.job_id or "", job.version or "", job.submissions)))


def _is_settled(job: Job, by: Sequence[frozenset[str]]) -> bool:
    """Whether a record without a job id stands for submissions that one of `by` stands for too."""
    return job.job_id is None and bool(job.submissions) and any(tokens.issuperset(job.submissions) for tokens in by)


def _join(records: Sequence[Job]) -> Job:
    if len(records) == 1:
        return records[0]
    best = max(records, key=_job_order)
    return replace(
        best,
        order=min(record.order for record in records),
        submissions=tuple(sorted({name for record in records for name in record.submissions})),
        deleted=any(record.deleted for record in records),
    )


def _job_order(job: Job) -> tuple[int, str]:
    bare = replace(job, order=0, submissions=(), deleted=False)
    facts = {name: getattr(bare, name) for name in Job.__slots__}
    return _RANK[job.state], json.dumps(facts, sort_keys=True)


def _head_order(entry: Entry) -> tuple[bool, str]:
    bare = replace(entry, jobs=(), paid=(), protect=False, base_name="")
    value: dict[str, Any] = entry_value(bare)
    value["forgotten"] = entry.forgotten
    return not entry.forgotten, json.dumps(value, sort_keys=True)
