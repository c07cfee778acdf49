"""Merges two locks without a common ancestor. With one, see `three_way`.

It is a least upper bound, so order, grouping and repetition of merges don't matter. No job is ever dropped. The plan
decides what the merged entry means for a dataset.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from pioneer_build.lock.deletions import with_deleted
from pioneer_build.lock.json import entry_value
from pioneer_build.lock.model import Entry, Job, Lock, Tokens
from pioneer_build.lock.submission_sets import SubmissionSets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pioneer_build.lock.gold import GoldMeasure
    from pioneer_build.lock.model import Corrections, Publication

#: The progress of a job; of two records of one job, the one with more progress is kept.
RANK = {"unknown": 0, "open": 1, "failed": 2, "rejected": 3, "ready": 4}


def merge(a: Lock, b: Lock) -> Lock:
    """A lock with everything that `a` and `b` have."""
    entries = dict(a.entries)
    for key, entry in b.entries.items():
        mine = entries.get(key)
        entries[key] = entry if mine is None else merge_entries(mine, entry)
    return Lock(entries)


def merge_entries(a: Entry, b: Entry) -> Entry:
    """Two records of one dataset on one backend: the union of the jobs, with one of the two heads.

    The head (current definition, size, stored settings, results of labelling or mixing) is taken from one side
    completely: a live one rather than a forgotten one, then the one with more rebuilds, then the one with the greater
    text. The plan compares it with the spec, so a wrong choice costs nothing. Paid texts stay counted, an entry that
    one side protects stays protected, and every publication stays. What one side deleted on the service is deleted,
    with whatever the other side had made under the same name. A measure, and the result of corrections, name the
    rows that they are about, so either one is fine: the one with the greater text is taken.
    """
    if a == b:
        return a
    head = max(a, b, key=head_order)
    paid = dict(a.paid)
    for fingerprint, count in b.paid:
        paid[fingerprint] = max(count, paid.get(fingerprint, 0))
    tokens = dict(a.tokens)
    for fingerprint, spent in b.tokens:
        tokens[fingerprint] = _most(spent, tokens.get(fingerprint))
    return replace(
        head,
        base_name=min(a.base_name, b.base_name),
        jobs=with_deleted(merge_jobs([*a.jobs, *b.jobs])),
        paid=tuple(sorted(paid.items())),
        tokens=tuple(sorted(tokens.items(), key=lambda item: item[0])),
        protect=a.protect or b.protect,
        published=merge_publications([*a.published, *b.published]),
        gold=max(a.gold, b.gold, key=text_of),
        corrections=max(a.corrections, b.corrections, key=text_of),
    )


def merge_jobs(records: Iterable[Job]) -> tuple[Job, ...]:
    """One record per job, in the order of the jobs: by `order`, then by id.

    A record of a submission is dropped if another record has its outcome: an accepted one replaces one with an unknown
    outcome, and one with a job id replaces one with only a version.
    """
    grouped: dict[tuple[str, str], list[Job]] = {}
    for record in records:
        grouped.setdefault(record.key, []).append(record)
    jobs = [join_records(group) for group in grouped.values()]
    if any(job.job_id is None for job in jobs):
        accepted = SubmissionSets(job.submissions for job in jobs if job.accepted and job.submissions)
        named = SubmissionSets(job.submissions for job in jobs if job.job_id is not None and job.submissions)
        jobs = [job for job in jobs if not _is_settled(job, named if job.accepted else accepted)]
    return tuple(sorted(jobs, key=lambda job: job.position))


def _is_settled(job: Job, by: SubmissionSets) -> bool:
    """Whether one of `by` has all submissions of a record without a job id."""
    return job.job_id is None and bool(job.submissions) and by.one_has_all(job.submissions)


def join_records(records: Sequence[Job]) -> Job:
    """One record of a job out of several: the one with the most progress, with what only others know."""
    if len(records) == 1:
        return records[0]
    best = max(records, key=_job_order)
    tokens = [record.tokens for record in records if record.tokens is not None]
    return replace(
        best,
        order=min(record.order for record in records),
        submissions=_all_submissions(records),
        deleted=any(record.deleted for record in records),
        approximate=tuple(sorted({what for record in records for what in record.approximate})),
        sampled=any(record.sampled for record in records),
        superseded=any(record.superseded for record in records),
        tokens=reduce(_most, tokens) if tokens else None,
    )


def _job_order(job: Job) -> tuple[int, bool, bool, str]:
    """The progress of a record: by its state, then by whether its rows are known, or else owed."""
    bare = replace(
        job, order=0, submissions=(), deleted=False, approximate=(), sampled=False, superseded=False, tokens=None
    )
    known = job.rows is not None  # if they are owed as well, that is one machine's word against another's
    return RANK[job.state], known, job.owed != known, text_of(bare)


def merge_publications(records: Iterable[Publication]) -> tuple[Publication, ...]:
    """One record per version, and one per submission with an unknown version; sorted by remote name and version.

    Of two records of one version, the one with more progress is kept. A record without a version is dropped if a record
    with a version has its submissions too.
    """
    grouped: dict[tuple[str, ...], list[Publication]] = {}
    for record in records:
        grouped.setdefault(record.key, []).append(record)
    joined = [
        replace(max(group, key=_publication_order), submissions=_all_submissions(group)) for group in grouped.values()
    ]
    settled = SubmissionSets(record.submissions for record in joined if record.version is not None)
    left = [record for record in joined if record.version is not None or not settled.one_has_all(record.submissions)]
    # versions are numbers, so the longer text is the later one
    return tuple(sorted(left, key=lambda one: (one.remote_name, len(one.version or ""), one.version or "", one.key)))


def _publication_order(record: Publication) -> tuple[int, str]:
    return RANK[record.state], text_of(replace(record, submissions=()))


def _all_submissions(records: Iterable[Job] | Iterable[Publication]) -> tuple[str, ...]:
    return tuple(sorted({name for record in records for name in record.submissions}))


def _most(a: Tokens, b: Tokens | None) -> Tokens:
    return a if b is None else Tokens(max(a.input, b.input), max(a.output, b.output))


def head_order(entry: Entry) -> tuple[bool, int, str]:
    """Of two heads, the greater one is taken if there is nothing else to decide it."""
    bare = replace(
        entry, jobs=(), paid=(), tokens=(), protect=False, base_name="", published=(), gold=None, corrections=None
    )
    value: dict[str, Any] = entry_value(bare)
    value["forgotten"] = entry.forgotten
    rebuilt = entry.labelling.superseded if entry.labelling is not None else 0
    return not entry.forgotten, rebuilt, json.dumps(value, sort_keys=True)


def text_of(record: Job | Publication | GoldMeasure | Corrections | None) -> str:
    """The text that decides between two records if nothing else does; `None` is the smallest."""
    return "" if record is None else json.dumps(_fields(record), sort_keys=True, default=_fields)


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}
