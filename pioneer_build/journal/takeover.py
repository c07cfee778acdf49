"""What the journal knows and the lock doesn't: jobs of these very definitions, begun in another checkout or lost.

Values in, values out. Only jobs that fit a spec are taken over, so that the lock says what this project was built of.
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
    """`lock` with the jobs of `submissions` that were made for one of `specs`.

    A submission fits a spec that has its definition, and its name or a remote name of its jobs. A job that the lock
    already has is brought up to date: the journal may know how it ended. One that it has under another name, after a
    rename, belongs there.

    Args:
        lock: what was built, as pioneer.lock has it.
        specs: every spec of the project.
        submissions: all that the journal knows on `backend`, in the order they were begun.
        backend: whose entries.
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
            entry = lock.get(old_name, backend)  # its jobs come along when the rename is done
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
    distinct = {item.token: item for item in (*known, *fitting)}
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
        reason="the run that sent it was ended" if item.state == "submitting" else item.reason,
        submissions=(item.token,) if state == "unknown" or was_unknown or item.job_id is None else (),
    )
