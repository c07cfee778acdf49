"""Takes over jobs from the journal that the lock doesn't have, because another checkout began them or it was lost.

Values in, values out. Only jobs that match a spec are taken over, so the lock has only jobs of this project.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.lock.merge import merge_jobs
from pioneer_build.lock.model import Entry, Job, Lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import JobState
    from pioneer_build.spec.declared import Declared


def take_over(lock: Lock, specs: Iterable[Declared], submissions: Iterable[Submission], backend: str) -> Lock:
    """`lock` with the jobs of those `submissions` that match one of `specs`.

    A submission matches a spec if it has the same definition, and either the spec's name (or its `renamed_from`) or a
    remote name of its jobs. A job that the lock already has is updated, because the journal may know how it ended. If
    the lock has it under another name, after a rename, it stays there.

    Args:
        lock: pioneer.lock.
        specs: all specs of the project.
        submissions: all submissions to `backend`, in the order they were begun.
        backend: the backend of the entries.
    """
    by_fingerprint: dict[str, list[Submission]] = {}
    by_job: dict[str, Submission] = {}
    by_token: dict[str, Submission] = {}
    for item in submissions:
        if item.state == "refused":
            continue
        by_fingerprint.setdefault(item.fingerprint, []).append(item)
        by_token[item.token] = item
        if item.job_id is not None:
            by_job[item.job_id] = item
    owners = {
        job.job_id: entry.dataset_name
        for entry in (lock.on(backend) if by_fingerprint else ())
        for job in entry.jobs
        if job.job_id is not None
    }
    changed = []
    for declared in specs:
        if declared.spec.is_label:
            continue
        entry = lock.get(declared.name, backend)
        old_name = declared.spec.renamed_from
        if entry is None and old_name is not None:
            entry = lock.get(old_name, backend)  # the rename moves its jobs later
        names = {declared.name, old_name or declared.name}
        remotes = {job.remote_name for job in entry.jobs} if entry is not None else set()
        fitting = [
            item
            for item in by_fingerprint.get(declared.fingerprint, ())
            if (item.dataset_name in names or item.remote_name in remotes)
            and owners.get(item.job_id or "", declared.name) in names
        ]
        updated = _updated(entry, declared, fitting, by_job, by_token, backend)
        if updated is not None and updated != entry:
            changed.append(updated)
    return lock.with_entries(changed) if changed else lock


def _updated(
    entry: Entry | None,
    declared: Declared,
    fitting: list[Submission],
    by_job: Mapping[str, Submission],
    by_token: Mapping[str, Submission],
    backend: str,
) -> Entry | None:
    if entry is None:
        if not fitting:
            return None
        first, last = fitting[0], fitting[-1]
        entry = Entry(
            dataset_name=declared.name,
            backend=backend,
            task_type=first.task_type,
            definition=declared.definition,
            base_name=first.base_name,
            num_examples=last.num_examples,
            protect=declared.spec.protect,
            on_change=declared.spec.on_change,
            checks=declared.checks,
            fingerprint=declared.fingerprint,
        )
    elif entry.num_examples is None:
        return entry
    tokens = {token for job in entry.jobs for token in job.submissions}
    known = [by_job[job.job_id] for job in entry.jobs if job.job_id is not None and job.job_id in by_job]
    known += [by_token[token] for token in sorted(tokens) if token in by_token]
    if not fitting and not known:
        return entry
    # rows that were judged by the checks of another branch are no news
    judged = {job.job_id for job in entry.jobs if job.job_id is not None and job.state == "ready" and job.rows}
    distinct = {item.token: item for item in (*known, *fitting) if item.job_id not in judged}
    records = [_job_of(item, was_unknown=token in tokens) for token, item in distinct.items()]
    return replace(entry, jobs=merge_jobs([*entry.jobs, *records]))


def _job_of(item: Submission, *, was_unknown: bool) -> Job:
    state: JobState
    match item.state:
        case "submitting" | "unknown" | "refused":
            state = "unknown"
        case _:
            state = item.state
    return Job(
        fingerprint=item.fingerprint,
        remote_name=item.remote_name,
        asked=item.asked,
        state=state,
        order=item.order,
        job_id=item.job_id,
        version=item.version,
        got=item.got,
        rows=item.rows,
        verified=item.verified,
        inferred=item.inferred,
        top_up=item.top_up,
        quarantined=item.quarantined,
        revision=item.revision,
        reason="the run that sent it ended before it recorded a response"
        if item.state == "submitting"
        else item.reason,
        submissions=(item.token,) if state == "unknown" or was_unknown or item.job_id is None else (),
    )
