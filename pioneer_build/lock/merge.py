"""How two locks join: a least upper bound, so order, grouping and repetition of merges don't matter.

No job is ever dropped. What the union means for a dataset is the plan's to say.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.lock.text import entry_value
from pioneer_build.lock.values import Entry, Job, Lock

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


def merge_entries(a: Entry, b: Entry) -> Entry:
    """Two records of one dataset on one backend: the union of the jobs under one of the two heads.

    The head (definition in force, size, what is remembered) is taken whole: the live one before the forgotten one,
    then the one with the greater text. The plan compares it with the spec, so a wrong guess costs nothing.
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
    """One record a job, in the order of the jobs: base order, then id."""
    grouped: dict[tuple[str, str], list[Job]] = {}
    for record in records:
        grouped.setdefault(record.key, []).append(record)
    jobs = [_join(group) for group in grouped.values()]
    settled = {submission for job in jobs if job.accepted for submission in job.submissions}
    kept = [job for job in jobs if job.accepted or not settled.intersection(job.submissions)]
    return tuple(sorted(kept, key=lambda job: (job.order, job.job_id or "", job.submissions)))


def _join(records: Sequence[Job]) -> Job:
    if len(records) == 1:
        return records[0]
    best = max(records, key=_job_order)
    return replace(
        best,
        order=min(record.order for record in records),
        submissions=tuple(sorted({name for record in records for name in record.submissions})),
    )


def _job_order(job: Job) -> tuple[int, str]:
    bare = replace(job, order=0, submissions=())
    facts = {name: getattr(bare, name) for name in Job.__slots__}
    return _RANK[job.state], json.dumps(facts, sort_keys=True)


def _head_order(entry: Entry) -> tuple[bool, str]:
    bare = replace(entry, jobs=(), paid=(), protect=False, base_name="")
    value: dict[str, Any] = entry_value(bare)
    value["forgotten"] = entry.forgotten
    return not entry.forgotten, json.dumps(value, sort_keys=True)
