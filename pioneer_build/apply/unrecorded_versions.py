"""Versions on the service that are not recorded here: neither lock nor journal has the job that made them.

Nothing may be submitted on top of them. One of them may be the result of a submission with unknown outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pioneer_build.git.repository import has_remote
from pioneer_build.wording import GIVEN_UP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pioneer_build.apply.run import Run
    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import RemoteVersion

_FETCH: Final = "git fetch && pioneer-build plan  (a branch that isn't fetched may record it; if none does: "


def unrecorded_versions(
    run: Run, remote_name: str, listed: Sequence[RemoteVersion], *, but: str | None = None
) -> list[RemoteVersion]:
    """The listed versions that were made by no job of lock or journal.

    Args:
        run: the apply.
        remote_name: the dataset's name on the service.
        listed: the versions that the service lists under it.
        but: the token of a submission to leave out, so that its version is among the results.
    """
    every: list[Job | Submission] = [job for entry in run.lock.with_remote_name(remote_name) for job in entry.jobs]
    every += [known for known in run.journal.about(remote_name) if known.token != but]
    jobs = [known for known in every if known.remote_name == remote_name]
    if run.options.free:
        return _unrecorded_by_the_engine(jobs, listed)
    left = [item for item in listed if not any(item.is_of(known) for known in jobs)]
    named = [item for item in left if item.id is not None]  # another job made it, whatever the number
    bare = [item for item in left if item.id is None]
    # each job whose version is not known accounts for one of the others
    return named + bare[: max(0, len(bare) - len(_unnamed(jobs, listed)))]


def in_place_of(run: Run, remote_name: str, found: RemoteVersion) -> Job | Submission | None:
    """The recorded job whose number a version has that is listed with another id; `None` if there is none.

    Either somebody made the name again, or the ids of this service are no jobs'. What was made under a name after its
    deletion may share the numbers of what was there before.

    Args:
        run: the apply.
        remote_name: the dataset's name on the service.
        found: one of the versions that the service lists under it.
    """
    jobs = [job for entry in run.lock.with_remote_name(remote_name) for job in entry.jobs]
    deleted = {job.job_id for job in jobs if job.deleted}
    every: list[Job | Submission] = [*jobs, *run.journal.about(remote_name)]
    for known in every:
        if known.remote_name != remote_name or known.deleted or known.job_id in deleted:
            continue
        if found.has_number_of(known) and not found.is_of(known):
            return known
    return None


def is_another(job: Job | Submission, other: RemoteVersion) -> str:
    """The message that a version with the number of a recorded job's is listed with another id.

    Args:
        job: the recorded job.
        other: the version.
    """
    return f"version {other.version} there was made by job {other.id}, not by {job.named}"


def _unnamed(jobs: Sequence[Job | Submission], listed: Sequence[RemoteVersion]) -> set[str]:
    """The ids of the jobs that made a version, or may have, of which it isn't known which one.

    Args:
        jobs: of lock and journal.
        listed: the versions that the service lists; one with the id of a job is known.
    """
    unnamed = {
        known.job_id  # a failed job made no version, but one that was given up may have
        for known in jobs
        if known.job_id is not None and (known.state != "failed" or known.reason == GIVEN_UP)
    }
    unnamed -= {item.id for item in listed if item.id is not None}
    return unnamed - {known.job_id for known in jobs if known.job_id and known.version and not known.inferred}


def _unrecorded_by_the_engine(jobs: Sequence[Job | Submission], listed: Sequence[RemoteVersion]) -> list[RemoteVersion]:
    """Those of the local engine's versions that no job made.

    `rebuild` repeats what was removed, under later numbers and other ids; what nobody recorded comes after that.
    """
    ids = {known.job_id for known in jobs if known.job_id is not None}
    left = [item for item in listed if item.id not in ids and not any(item.has_number_of(known) for known in jobs)]
    left.sort(key=number_of, reverse=True)
    return left[: max(0, len(left) - len(_unnamed(jobs, listed) | _removed(jobs, listed)))]


def fetch_first(run: Run, command: str) -> str:
    """The command that helps with a version that is recorded nowhere: first `git fetch`, if there is a remote.

    In a team, a colleague's branch has its job, and wasn't fetched. That branch has the record itself, and its history.

    Args:
        run: the apply.
        command: what helps otherwise.
    """
    root = run.options.project_root
    if root is None or not has_remote(root):
        return command
    return _FETCH + command + ")"


def number_of(version: RemoteVersion) -> int:
    """The number of one of the local engine's versions, which count up."""
    return int(version.version) if version.version.isdecimal() else 0


def _removed(jobs: Iterable[Job | Submission], listed: Sequence[RemoteVersion]) -> set[str]:
    """The ids of the jobs whose versions are known, and not listed any more.

    Args:
        jobs: of lock and journal.
        listed: the versions that the service lists.
    """
    there = {item.id for item in listed} | {item.version for item in listed}
    return {
        known.job_id
        for known in jobs
        if known.job_id is not None and known.version is not None and there.isdisjoint((known.job_id, known.version))
    }
