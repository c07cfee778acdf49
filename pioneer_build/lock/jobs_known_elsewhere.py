"""Takes over jobs that something else than the lock knows: the journal, or an earlier version of the lock.

Values in, values out. A job of another branch stays there: only what a spec would otherwise buy is taken over, and what
the journal says is still open or unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pioneer_build.lock.branches import are_of_branches
from pioneer_build.lock.deletions import with_deleted
from pioneer_build.lock.merge import merge_jobs
from pioneer_build.lock.model import MIXED_CHECKS, Entry, Lock
from pioneer_build.lock.pending_renames import entry_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pioneer_build.lock.model import Job
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.model import TaskType


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A job that the journal or an earlier lock knows, with what is needed to make its entry again.

    `dataset_name` is the last known name of its dataset, `former_names` are earlier ones, the latest first;
    `num_examples` is the dataset's size. `token` is that of the journal's submission, `place` says in words where else
    it is recorded. `checks` are those by which its rows were judged, `None` if that isn't known.
    """

    job: Job
    dataset_name: str
    base_name: str
    task_type: TaskType
    num_examples: int
    token: str = ""
    place: str = ""
    former_names: tuple[str, ...] = ()
    checks: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The lock with the jobs that were taken over, and those jobs by dataset."""

    lock: Lock
    jobs: Mapping[str, tuple[KnownJob, ...]]


def take_over(
    lock: Lock,
    specs: Iterable[Declared],
    known: Sequence[KnownJob],
    backend: str,
    buys: Callable[[Declared, Entry | None], int],
) -> Taken:
    """Takes over those of the `known` jobs that the specs need, and those that the lock has for the wrong dataset.

    A job belongs to the spec that has the last known name of its dataset, or has it as `renamed_from`, else to the one
    with an earlier name; if there is none, to the one whose dataset it was made for first (its base name), or that has
    jobs under the same remote name. It must have the spec's definition, and is given to one spec only: if those have
    another one, because the name is used again, to the one that has jobs of this definition under the same remote name.
    A job that the lock has already is updated: the journal may know how it ended. Where rows may not have been judged
    by the spec's checks, the entry doesn't have these, so that a plan judges the rows.

    Args:
        lock: what was built.
        specs: all specs of the project.
        known: jobs on `backend`, in the order in which they were submitted.
        backend: the backend of the entries.
        buys: how many examples would be bought for a spec whose dataset has this entry.
    """
    owners = _Owners(lock, specs, backend)
    strays = owners.strays()
    astray = {id(one) for one in strays}
    known = [*known, *strays]
    if not known:
        return Taken(lock, {})
    offered: dict[str, list[KnownJob]] = {}
    by_job: dict[str, KnownJob] = {}
    by_token: dict[str, KnownJob] = {}
    for item in known:
        if (declared := owners.of(item)) is not None:
            offered.setdefault(declared.name, []).append(item)
        if item.token:
            by_token[item.token] = item
            if item.job.job_id is not None:
                by_job[item.job.job_id] = item
    changed: list[tuple[Entry, str | None]] = []
    jobs: dict[str, tuple[KnownJob, ...]] = {}
    given: set[tuple[str, str]] = set()
    for declared in owners.specs:
        before, old_name = entry_for(declared, lock, backend)
        entry = _updated(declared, before, by_job, by_token) if before is not None else None
        mine = [item for item in _new(entry, offered.get(declared.name, ())) if item.job.key not in given]
        if mine:
            chosen = _needed(declared, entry, mine, backend, buys)
            if chosen:
                entry = _with(declared, entry, chosen, backend)
                if told := tuple(item for item in chosen if id(item) not in astray):
                    jobs[declared.name] = told
                given.update(item.job.key for item in chosen)
        if entry is not None and entry != before:
            changed.append((entry, old_name))
    return Taken(_with_changed(lock, changed) if changed else lock, jobs)


def _with_changed(lock: Lock, changed: Iterable[tuple[Entry, str | None]]) -> Lock:
    """The lock with changed entries, each with the old name of its dataset if its rename is still to be applied.

    Then it stays so, and the entry of the old name has what there was under both.
    """
    entries: list[Entry] = []
    without: list[tuple[str, str]] = []
    for entry, old_name in changed:
        entries.append(entry if old_name is None else replace(entry, dataset_name=old_name))
        if old_name is not None:
            without.append((entry.dataset_name, entry.backend))
    return lock.with_entries(entries, without)


class _Owners:
    """Which spec a job belongs to."""

    def __init__(self, lock: Lock, specs: Iterable[Declared], backend: str) -> None:
        every = list(specs)
        self.specs = [item for item in every if not item.spec.is_label]
        self._lock, self._backend = lock, backend
        self._names = {item.name: item for item in every}
        self._old = {item.spec.renamed_from: item for item in every if item.spec.renamed_from is not None}
        self._remotes: dict[str, Declared] = {}
        #: the specs with the definition of jobs under a remote name, whose entries have such jobs
        self._makers: dict[tuple[str, str], Declared] = {}
        #: the specs whose entries have a job, or its submission
        self._locked: dict[str, list[Declared]] = {}
        for entry in lock.on(backend):
            owner = self._of_name(entry.dataset_name)
            for job in entry.jobs if owner is not None else ():
                assert owner is not None
                self._remotes.setdefault(job.remote_name, owner)
                if job.fingerprint == owner.fingerprint:
                    self._makers.setdefault((job.remote_name, job.fingerprint), owner)
                for identity in (job.job_id, *job.submissions):
                    if identity is not None:
                        self._locked.setdefault(identity, []).append(owner)

    def of(self, item: KnownJob) -> Declared | None:
        """The spec that the job belongs to; `None` if there is none, or it has another definition now."""
        named = [self._of_name(name) for name in (item.dataset_name, *item.former_names)]
        owners = [owner for owner in named if owner is not None]
        if not owners:
            first = self._of_name(item.base_name) or self._remotes.get(item.job.remote_name)
            owners = [first] if first is not None else []
        # a name may be used again: then the dataset of before has other jobs under the same remote name
        maker = self._makers.get((item.job.remote_name, item.job.fingerprint))
        owners += [maker] if maker is not None else []
        owner = next((one for one in owners if _fits(one, item.job)), None)
        if owner is None:
            return None
        identities = (item.job.job_id, item.token, *item.job.submissions)
        having = [one for identity in identities if identity for one in self._locked.get(identity, ())]
        if having and owner not in having and (owner is not maker or any(_fits(one, item.job) for one in having)):
            return None  # the lock has it for another dataset, which can use it, or where it is part of the history
        return owner

    def strays(self) -> list[KnownJob]:
        """Jobs in the lock that belong to another dataset than the one that has them, which has another definition.

        A merge that doesn't know of a rename leaves a dataset's new jobs to the dataset that has its old name now.
        """
        return [
            KnownJob(job, maker.name, entry.base_name, entry.task_type, job.asked)
            for entry in self._lock.on(self._backend)
            if (owner := self._of_name(entry.dataset_name)) is not None
            for job in entry.jobs
            if not (job.deleted or job.superseded or job.fingerprint == owner.fingerprint)
            and (maker := self._makers.get((job.remote_name, job.fingerprint), owner)) is not owner
        ]

    def _of_name(self, name: str) -> Declared | None:
        return self._names.get(name) or self._old.get(name)


def _fits(declared: Declared, job: Job) -> bool:
    """Whether a spec has the definition that a job was made for."""
    return not declared.spec.is_label and declared.fingerprint == job.fingerprint


def _new(entry: Entry | None, offered: Sequence[KnownJob]) -> Sequence[KnownJob]:
    """Those of the offered jobs that an entry doesn't have, neither as a job nor as a submission."""
    if entry is None or not offered:
        return offered
    had = {job.key for job in entry.jobs}
    sent = {one for job in entry.jobs for one in job.submissions if one}
    return [item for item in offered if item.job.key not in had and item.token not in sent]


def _updated(
    declared: Declared, entry: Entry, by_job: Mapping[str, KnownJob], by_token: Mapping[str, KnownJob]
) -> Entry:
    """The entry with what the journal knows of the jobs that it has already.

    Args:
        declared: the spec.
        entry: its entry.
        by_job: the journal's jobs, by id.
        by_token: the journal's jobs, by submission.
    """
    records: list[Job] = []
    judged: list[KnownJob] = []
    for job in entry.jobs:
        if job.state == "ready" and job.rows is not None:
            continue  # that rows were judged by the checks of another branch is no news
        if job.job_id is not None and job.job_id in by_job:
            item = by_job[job.job_id]
            was_unknown = item.token in job.submissions
            records.append(replace(item.job, submissions=(item.token,)) if was_unknown else item.job)
            judged.append(item)
        known = [by_token[token] for token in job.submissions if token in by_token]
        records += [replace(item.job, submissions=(item.token,)) for item in known]
        judged += known
    if not records:
        return entry
    merged = replace(entry, jobs=merge_jobs([*entry.jobs, *records]))
    had = {(job.rows, job.state) for job in entry.jobs}
    news = [item for item in judged if (item.job.rows, item.job.state) not in had]
    return replace(merged, checks=_checks_of_rows(declared, merged, news))


def _needed(
    declared: Declared,
    entry: Entry | None,
    offered: Sequence[KnownJob],
    backend: str,
    buys: Callable[[Declared, Entry | None], int],
) -> tuple[KnownJob, ...]:
    """Those of the offered jobs without which something would be bought, and those that are open or unknown.

    Top-ups come with the job whose missing rows they are, even if the spec doesn't ask for them any more.
    """
    chosen: list[KnownJob] = []

    def still_buys() -> int:
        return buys(declared, _with(declared, entry, chosen, backend) if chosen else entry)

    ready = sorted((item for item in offered if item.job.state == "ready"), key=lambda item: item.job.position)
    for item in ready:
        if not still_buys():
            break
        chosen.append(item)
    for item in ready[len(chosen) :] if chosen else ():
        if item.job.top_up and _lacks_rows(declared, entry, chosen):
            chosen.append(item)
    unsettled = [item for item in offered if item.job.state in ("open", "unknown")]
    of_history = [item for item in unsettled if not item.token]
    chosen += unsettled if not of_history or still_buys() else [item for item in unsettled if item.token]
    ended = [item for item in offered if item.job.state in ("failed", "rejected")]
    if ended and still_buys():  # the planner doesn't send a request again that has failed
        before = len(chosen)
        chosen += ended
        if still_buys():  # another request, or with --retry: earlier locks keep theirs, but for rows that count now
            chosen[before:] = [item for item in ended if item.token]
            for item in ended:
                if not item.token and buys(declared, _with(declared, entry, [*chosen, item], backend)) < still_buys():
                    chosen.append(item)
    return tuple(chosen)


def _lacks_rows(declared: Declared, entry: Entry | None, chosen: Iterable[KnownJob]) -> bool:
    """Whether the ready jobs of the spec's definition returned fewer rows than it wants."""
    jobs = [*(entry.jobs if entry is not None else ()), *(item.job for item in chosen)]
    got = [job.got for job in jobs if job.state == "ready" and job.fingerprint == declared.fingerprint]
    return sum(rows or 0 for rows in got) < (declared.spec.num_examples or 0)


def _with(declared: Declared, entry: Entry | None, chosen: Sequence[KnownJob], backend: str) -> Entry:
    """The entry with these jobs; a new one if there is none."""
    if entry is None:
        first = chosen[0]
        entry = Entry(
            dataset_name=declared.name,
            backend=backend,
            task_type=first.task_type,
            definition=declared.definition,
            base_name=first.base_name,
            num_examples=max(item.num_examples for item in chosen),
            protect=declared.spec.protect,
            on_change=declared.spec.on_change,
            checks=declared.checks,
            fingerprint=declared.fingerprint,
        )
    checks = _checks_of_rows(declared, entry, chosen)
    jobs = with_deleted(merge_jobs([*entry.jobs, *(item.job for item in chosen)]))
    return replace(entry, jobs=jobs, checks=checks)


def _checks_of_rows(declared: Declared, entry: Entry, taken: Sequence[KnownJob]) -> Mapping[str, Any]:
    """The checks to record: others than the spec's if rows that are taken over may not have been judged by these.

    So do rows that were not compared with each other.

    Args:
        declared: the spec.
        entry: the entry that the jobs go to.
        taken: the jobs.
    """
    if entry.checks != declared.checks or entry.fingerprint != declared.fingerprint:
        return entry.checks  # a plan judges all rows anyway
    for item in taken:
        if item.job.rows is None or item.job.fingerprint != declared.fingerprint:
            continue
        if item.checks is not None and item.checks != declared.checks:
            return item.checks
        if item.checks is None and _may_have_others(item.job, declared):
            return MIXED_CHECKS
    return MIXED_CHECKS if _are_of_branches(declared, entry, taken) else entry.checks


def _are_of_branches(declared: Declared, entry: Entry, taken: Sequence[KnownJob]) -> bool:
    """Whether rows that are taken over were not compared with others that the dataset has: those of another branch."""
    new = {item.job.key: item.job for item in taken}
    jobs = [
        job
        for job in {**{job.key: job for job in entry.jobs}, **new}.values()
        if job.fingerprint == declared.fingerprint and job.state == "ready" and job.rows is not None
    ]
    orders = {job.order for job in jobs if job.key in new}
    return are_of_branches(job for job in jobs if job.order in orders)


def _may_have_others(job: Job, declared: Declared) -> bool:
    """Whether the spec's checks may accept other rows of a job than those that it has.

    Not if the spec sets none and no row was left out; but of ner rows, some must have an entity, unless other checks
    allow that none has. A rejected job waits for `--retry`, which judges it again.
    """
    complete = job.quarantined is None and (job.got or 0) >= job.asked and declared.spec.task_type != "ner"
    return job.state == "ready" and (bool(declared.checks) or not complete)
