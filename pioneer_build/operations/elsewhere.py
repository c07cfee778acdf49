"""What is known of a project besides its lock and its own journal: earlier locks, other journals, other projects.

Before something is bought, they are asked for it. Before something is deleted on the service, they are asked whether
others have paid for what is there. And if a job of another project is taken over, that is said: two projects of a user
share a journal, and may share names on the service.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.disk.presence import is_folder
from pioneer_build.lock.deletions import with_deleted
from pioneer_build.lock.merge import merge_jobs
from pioneer_build.operations.known_jobs import mark_deletions
from pioneer_build.operations.past_locks import with_history
from pioneer_build.project.lock_history import place_of, search_history
from pioneer_build.project.origin import OtherProjects
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job, Lock
    from pioneer_build.operations.buying import Buying
    from pioneer_build.operations.known_jobs import Known
    from pioneer_build.operations.other_state_folders import OtherJournals
    from pioneer_build.operations.plan_scope import PlanScope
    from pioneer_build.plan import Plan
    from pioneer_build.project.open import Project

_OR_THERE = "or delete it on the service itself"


class Elsewhere:
    """What is known elsewhere of the jobs of a project.

    Args:
        project: the project.
        journals: its journal and the others.
    """

    def __init__(self, project: Project, journals: OtherJournals) -> None:
        self._root, self._backend = project.root, project.config.backend
        self._journals = journals
        self._projects = OtherProjects(project.root)

    def found(self, known: Known, buying: Buying) -> Known:
        """`known`, with what others have and the specs would buy otherwise, and with names that others deleted.

        Args:
            known: the lock with the jobs of the journal.
            buying: what decides how much would be bought.
        """
        found = with_history(self._journals.taken_over(known, buying), self._root, self._journals.all, buying)
        journal = {item.remote_name for item in self._journals.all if item.deleted}
        return mark_deletions(found, found.deleted | journal, buying)

    def notes(self, known: Known) -> Mapping[str, Sequence[str]]:
        """The notes of `known`, and which jobs of other projects it has that `pioneer.lock` doesn't have yet."""
        having = {one for entry in known.locked.on(self._backend) for job in entry.jobs for one in _identities(job)}
        begun = {one: item for item in self._journals.all for one in (item.job_id, item.token) if one}
        notes = {name: list(texts) for name, texts in known.notes.items()}
        for entry in known.lock.on(self._backend):
            new = [_sought(job, job.submissions) for job in entry.jobs]
            items = [begun[one] for ones in new if having.isdisjoint(ones) for one in sorted(ones) if one in begun]
            for item in {item.token: item for item in items}.values():
                if self._projects.has(item):
                    text = (
                        f"{item.named} was submitted by another project, {item.folder}; it is used here too, at no cost"
                    )
                    notes.setdefault(entry.dataset_name, []).append(text)
        return notes

    # -- deleting --

    def sparing(self, scope: PlanScope, plan: Plan) -> tuple[PlanScope, Plan]:
        """The plan without deleting names under which others have paid for something, and what it is made from.

        Args:
            scope: what the plan was made from.
            plan: a plan that deletes something.
        """
        facts = scope.facts
        if facts.unsure is not None:
            why, command = facts.unsure
            stays = {name: f"'{name}' stays on the service: {why} (`{command}`)" for name in plan.deletes}
        else:
            stays = self._staying(scope.lock, plan.deletes)
        scope = replace(scope, facts=replace(facts, stays=stays))
        spared = scope.plan(plan.choices)
        said = {name for step in spared.steps for name in step.stays}  # a dataset that is forgotten may have no step
        remarks = (*spared.remarks, *(text for name, text in stays.items() if name not in said))
        return scope, replace(spared, remarks=remarks)

    def _staying(self, lock: Lock, names: Collection[str]) -> dict[str, str]:
        """Those of the remote names under which others have paid for something, each with a sentence about it.

        Where earlier versions of the lock can't be read, these are all: what other branches have is not known.
        """
        past = search_history(self._root, self._backend, (), names)
        if past.unreadable is not None:
            return {name: f"'{name}' stays on the service: {past.unreadable}" for name in names}
        mine = [job for entry in lock.on(self._backend) for job in entry.jobs]
        having = {one for job in mine for one in _identities(job)}
        said = dict(self._in_journals(names, having))
        commits = {job.key: one.commit for one in reversed(past.entries) for job in one.entry.jobs}
        merged = merge_jobs([*mine, *(job for one in past.entries for job in one.entry.jobs)])
        for job in with_deleted(merged):
            if (
                job.key not in commits
                or not having.isdisjoint(_sought(job, job.submissions))
                or not _may_have_rows(job)
            ):
                continue
            commit, place = commits[job.key], place_of(self._root, commits[job.key])
            text = f"{job.named} there ({count(job.asked, 'example')}) is recorded in {place}, and not in pioneer.lock"
            help_ = f"`git merge {commit[:7]}` first, {_OR_THERE}"
            said.setdefault(job.remote_name, f"'{job.remote_name}' stays on the service: {text}: {help_}")
        return {name: said[name] for name in names if name in said}

    def _in_journals(self, names: Collection[str], having: Collection[str]) -> Iterator[tuple[str, str]]:
        """The names under which journals have something that another project began, or that the lock doesn't have.

        Args:
            names: the names to delete.
            having: what identifies the jobs of the lock.
        """
        for item in self._journals.every():
            if item.remote_name not in names or item.deleted or item.state in ("refused", "failed"):
                continue
            stays = f"'{item.remote_name}' stays on the service: {item.named} there ({count(item.asked, 'example')})"
            ones = _sought(item, (item.token,))
            # a folder that is gone was this project's own, before it was moved, if the lock has the job
            if self._projects.has(item) and (ones.isdisjoint(having) or is_folder(item.folder)):
                yield item.remote_name, f"{stays} is of another project, {item.folder}: delete it there, {_OR_THERE}"
            elif ones.isdisjoint(having):
                where = f" of {item.folder}" if item.folder else ""
                text = f"is in the journal, and not in pioneer.lock: merge the lock{where} first, {_OR_THERE}"
                yield item.remote_name, f"{stays} {text}"


def _identities(job: Job) -> set[str]:
    """What identifies a job: its id, its submissions, its version (see `_sought`)."""
    return {*job.submissions, *_id(job), *_version(job, named=job.job_id is not None)}


def _sought(job: Job | Submission, tokens: Iterable[str]) -> set[str]:
    """The identities by which a job is found: its version only if one of both records has no id.

    A name that was deleted may be counted from 1 again, so two jobs with ids may have the same version.

    Args:
        job: the job.
        tokens: the tokens of its submissions.
    """
    versions = _version(job, named=False) | (_version(job, named=True) if job.job_id is None else set())
    return {*tokens, *_id(job), *versions}


def _id(job: Job | Submission) -> set[str]:
    return {job.job_id} if job.job_id is not None else set()


def _version(job: Job | Submission, *, named: bool) -> set[str]:
    """The version as an identity of records that have a job id (`named`), or of those that don't."""
    known = job.version is not None and not job.inferred
    return {f"{job.remote_name}\n{job.version}\n{named}"} if known else set()


def _may_have_rows(job: Job) -> bool:
    return not (job.deleted or job.superseded) and job.state != "failed"
