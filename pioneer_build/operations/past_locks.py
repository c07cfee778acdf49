"""Earlier versions of the lock, as a source of jobs: whatever this clone's git still has isn't bought again.

Git is asked only if something would be bought, with what the journal knows as well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.lock.deletions import deleted_names
from pioneer_build.lock.jobs_known_elsewhere import KnownJob, Taken, take_over
from pioneer_build.lock.merge import merge_jobs
from pioneer_build.lock.pending_renames import entry_for
from pioneer_build.operations.known_jobs import with_deletions, with_journal
from pioneer_build.project.lock_history import place_of, search_history
from pioneer_build.spec.fingerprint import short
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Entry, Job, Lock
    from pioneer_build.operations.buying import Buying
    from pioneer_build.operations.known_jobs import Known
    from pioneer_build.project.lock_history import LockHistory, PastEntry
    from pioneer_build.project.open import Project
    from pioneer_build.spec.declared import Declared


def with_history(known: Known, root: Path, submissions: Sequence[Submission], buying: Buying) -> Known:
    """`known` with what earlier locks have and the specs would buy otherwise.

    Args:
        known: the lock with the jobs of the journal.
        root: the folder of the project.
        submissions: all submissions to the backend: what they say of a job is newer.
        buying: what decides how much would be bought.
    """
    backend, buying = buying.facts.backend, buying.among(known.declared)
    rows = [item for item in known.declared if _buys_rows(item, known.lock, buying)]
    texts = [item for item in known.declared if _buys_texts(item, known.lock, buying)]
    buyers = [*rows, *texts]
    if not buyers:
        return known

    names = {name for item in rows for name in _remote_names(item, known.lock, backend)}
    names |= {name for item in rows for name in _used_names(item, known.lock, backend)}
    found = search_history(root, backend, {item.fingerprint for item in buyers}, names)
    given = with_newest_owners(known, found.entries, submissions, buying)
    if given is not known:  # others buy now
        return with_history(given, root, submissions, buying)
    taken = take_from_history(known, found.entries, submissions, buying)
    paid = _paid(texts, taken.lock, found.entries, backend)
    lock = taken.lock.with_entries(entry for entry, _ in paid.values()) if paid else taken.lock
    still = {item.name for item in rows if _buys_rows(item, lock, buying)}
    commits = {job.place for jobs in taken.jobs.values() for job in jobs} | {commit for _, commit in paid.values()}
    places = {commit: place_of(root, commit) for commit in commits}
    notes = {
        name: tuple(_note(job, places[job.place], buys=name in still) for job in jobs)
        for name, jobs in taken.jobs.items()
    }
    for item in buyers:
        if item.name in paid:
            entry, commit = paid[item.name]
            number = count(dict(entry.paid)[item.fingerprint], "annotation")
            text = f"{number} of this definition were paid for, as {places[commit]} records"
            notes[item.name] = (text,)
        elif found.unread is not None and (item.spec.is_label or item.name in still):
            notes[item.name] = (*notes.get(item.name, ()), found.unread)
    gone = deleted_elsewhere(found.entries, submissions)
    return replace(known, lock=lock, notes=notes, taken=_names_in_use(found, names), deleted=gone)


def take_from_history(
    known: Known, entries: Sequence[PastEntry], submissions: Sequence[Submission], buying: Buying
) -> Taken:
    """The lock with the jobs of earlier locks that the specs would buy otherwise, and those jobs by dataset.

    Args:
        known: the lock with the jobs of the journal.
        entries: entries of earlier locks, newest first.
        submissions: all submissions to the backend: what they say of a job is newer.
        buying: what decides how much would be bought; inputs are not needed.
    """
    known = with_newest_owners(known, entries, submissions, buying)
    buying = buying.among(known.declared)
    buyers = {item.name for item in known.declared if _buys_rows(item, known.lock, buying)}

    def buys(item: Declared, entry: Entry | None) -> int:
        return buying.would_buy(item, entry, known.lock) if item.name in buyers else 0

    journal = frozenset(item.token for item in submissions)
    gone = deleted_elsewhere(entries, submissions)
    offered = with_deletions(past_jobs(entries, journal), gone, buying.facts)
    return take_over(known.lock, known.declared, offered, buying.facts.backend, buys)


def deleted_elsewhere(entries: Iterable[PastEntry], submissions: Iterable[Submission]) -> frozenset[str]:
    """The remote names that were deleted on the service, as earlier locks and the journal know.

    Args:
        entries: entries of earlier locks.
        submissions: all submissions to the backend.
    """
    journal = {item.remote_name for item in submissions if item.deleted}
    return deleted_names(job for past in entries for job in past.entry.jobs) | journal


def with_newest_owners(
    known: Known, entries: Sequence[PastEntry], submissions: Sequence[Submission], buying: Buying
) -> Known:
    """`known`, with the jobs of the journal given to the datasets that they belong to now.

    The journal knows the name under which a job was submitted. If the dataset was renamed since, and another one has
    that name now, only earlier locks say whose the job is.

    Args:
        known: the lock with the jobs of the journal; returned itself if that changes nothing.
        entries: entries of earlier locks, newest first.
        submissions: all submissions to the backend.
        buying: what decides how much would be bought; inputs are not needed.
    """
    owners = {**_newest_owners(entries, submissions), **known.owners}  # only more of them, so that this ends
    if owners == known.owners:
        return known
    given = with_journal(known.locked, known.declared, submissions, buying, owners)
    return known if given.lock == known.lock else given


def may_have_earlier(project: Project, declared: Iterable[Declared], names: Collection[str]) -> bool:
    """Whether earlier locks may have these specs, so that the whole project has to be planned.

    Args:
        project: the project.
        declared: specs for which something would be bought.
        names: the remote names that would be used.
    """
    found = search_history(project.root, project.config.backend, {item.fingerprint for item in declared}, names)
    return bool(found.entries) or not found.complete


def past_jobs(entries: Sequence[PastEntry], journal: frozenset[str] = frozenset()) -> list[KnownJob]:
    """The jobs of earlier locks that a spec can use: each once, as the version says that knows most of it.

    A job is its dataset's in the newest version that has it: before that, the dataset may have had another name. Jobs
    that were deleted or replaced by a rebuild are left out. Of those that failed or were rejected, the last job of a
    definition counts, as for a plan: it keeps the same request from being sent again. So do those with rows, which may
    be within the checks now.

    Args:
        entries: entries of earlier locks, newest first.
        journal: tokens of submissions that the journal has: it knows more of them.
    """
    having = _versions_of_jobs(entries)
    merged = [
        job
        for backend in dict.fromkeys(past.entry.backend for past in entries)
        for job in merge_jobs(job for past in entries if past.entry.backend == backend for job in past.entry.jobs)
    ]
    last = {(having[job.key][0].entry.dataset_name, job.fingerprint): job.key for job in merged}
    jobs = []
    for job in merged:
        versions = having[job.key]
        newest = versions[0].entry
        if job.deleted or job.superseded:
            continue
        is_last = last[newest.dataset_name, job.fingerprint] == job.key
        if not is_last and (job.state == "failed" or (job.state == "rejected" and job.rows is None)):
            continue
        if not job.accepted and not journal.isdisjoint(job.submissions):
            continue
        names = dict.fromkeys(past.entry.dataset_name for past in versions)
        jobs.append(
            KnownJob(
                job=job,
                dataset_name=newest.dataset_name,
                base_name=newest.base_name,
                task_type=newest.task_type,
                num_examples=min(past.entry.num_examples or job.asked for past in versions),
                place=versions[0].commit,
                former_names=tuple(names)[1:],
                checks=_checks_of(job, versions),
            )
        )
    return jobs


def _versions_of_jobs(entries: Iterable[PastEntry]) -> dict[tuple[str, str], list[PastEntry]]:
    """The entries that have a job, in the same order, by the job's key."""
    having: dict[tuple[str, str], list[PastEntry]] = {}
    for past in entries:
        for key in {job.key for job in past.entry.jobs}:
            having.setdefault(key, []).append(past)
    return having


def _checks_of(job: Job, versions: Iterable[PastEntry]) -> Mapping[str, Any] | None:
    """The checks that the rows of a job were judged by; an entry has those of its own definition only."""
    for past in versions:
        if past.entry.fingerprint == job.fingerprint:
            for one in past.entry.jobs:
                if (one.key, one.state, one.rows) == (job.key, job.state, job.rows):
                    return past.entry.checks
    return None


def _newest_owners(entries: Sequence[PastEntry], submissions: Iterable[Submission]) -> dict[str, str]:
    """By token, the names that the datasets of submissions have now, where the journal has an earlier one."""
    by_job: dict[str, str] = {}
    by_token: dict[str, str] = {}
    for past in entries:
        for job in past.entry.jobs:
            if job.job_id is not None:
                by_job.setdefault(job.job_id, past.entry.dataset_name)
            for token in job.submissions:
                by_token.setdefault(token, past.entry.dataset_name)
    owners = {}
    for item in submissions:
        name = by_job.get(item.job_id or "") or by_token.get(item.token)
        if name is not None and name != item.dataset_name:
            owners[item.token] = name
    return owners


def _buys_rows(item: Declared, lock: Lock, buying: Buying) -> bool:
    return not item.spec.is_label and buying.would_buy(item, None, lock) > 0


def _buys_texts(item: Declared, lock: Lock, buying: Buying) -> bool:
    """Whether texts of a label spec would be labelled, of which the lock doesn't say that all were paid for."""
    if buying.facts.free or not item.spec.is_label or item.name in buying.choices.relabel:
        return False
    return buying.would_buy(item, None, lock) > 0


def _paid(
    texts: Iterable[Declared], lock: Lock, entries: Sequence[PastEntry], backend: str
) -> dict[str, tuple[Entry, str]]:
    """The entries of label specs for whose definition an earlier lock counts more than the lock, by dataset.

    They have the greatest number of all versions, as after a merge, and come with the commit that has it. The
    annotations themselves are in a store. The planner doesn't pay again for those that are missing there.
    """
    found = {}
    for item in texts:
        entry, _ = entry_for(item, lock, backend)
        mine = {item.name, item.spec.renamed_from} | ({entry.base_name} if entry is not None else set())
        most, commit = dict(entry.paid).get(item.fingerprint, 0) if entry is not None else 0, None
        for past in entries:
            old, number = past.entry, dict(past.entry.paid).get(item.fingerprint, 0)
            if number <= most or not {old.dataset_name, old.base_name} & mine:
                continue
            if entry is None:
                entry = replace(old, dataset_name=item.name, jobs=(), forgotten=False)
            most, commit = number, past.commit
        if entry is not None and commit is not None:
            paid = {**dict(entry.paid), item.fingerprint: most}
            found[item.name] = replace(entry, paid=tuple(sorted(paid.items()))), commit
    return found


def _note(item: KnownJob, place: str, *, buys: bool) -> str:
    if item.job.state in ("failed", "rejected"):
        ended = "failed" if item.job.state == "failed" else "was rejected"
        return f"{item.job.named} of this definition {ended}, as {place} records"
    outcome = "its rows are not bought again" if buys else "nothing is bought"
    return f"{item.job.named} of this definition is recorded in {place}; it is added to pioneer.lock, and {outcome}"


def _remote_names(item: Declared, lock: Lock, backend: str) -> tuple[str, str]:
    """The remote names that a submission of the spec would most likely get."""
    entry, _ = entry_for(item, lock, backend)
    base = entry.base_name if entry is not None else item.name
    return base, f"{base}-{short(item.fingerprint)}"


def _used_names(item: Declared, lock: Lock, backend: str) -> set[str]:
    """The remote names that the dataset of a spec has had."""
    entry, _ = entry_for(item, lock, backend)
    return {job.remote_name for job in entry.jobs} if entry is not None else set()


def _names_in_use(found: LockHistory, names: Collection[str]) -> dict[str, str]:
    """Those of the remote names under which earlier locks have data, with its fingerprint."""
    used: dict[str, str] = {}
    for past in found.entries:
        for job in past.entry.jobs:
            if job.remote_name in names and (job.accepted or job.state == "unknown"):
                used.setdefault(job.remote_name, job.fingerprint)
    return used
