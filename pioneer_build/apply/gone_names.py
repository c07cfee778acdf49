"""Names that are gone from the service: deleted by somebody who didn't tell the lock.

What is made under such a name again may be counted from version 1, and be taken for what the lock has. So before each
submission, the versions that the lock has under the name must be among those that the service lists.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.lost_rows import may_be_gone
from pioneer_build.apply.stopped import Stopped
from pioneer_build.apply.unrecorded_versions import number_of
from pioneer_build.escaping import shell_word
from pioneer_build.lock.deletions import with_deleted
from pioneer_build.ports import RemoteVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job


def check_name_is_there(work: Work, remote_name: str, listed: Sequence[RemoteVersion]) -> None:
    """Checks that the service still has what the lock has under a name.

    If the last version is missing, the name was deleted. That is recorded, so that the next plan has another name. If
    only earlier ones are missing, the service doesn't keep all; then it takes `--resubmit` to go on.

    Args:
        work: the step.
        remote_name: the name under which something is to be submitted.
        listed: the versions that the service lists under it.

    Raises:
        Stopped: a version is missing.
    """
    missing = missing_jobs(work, remote_name, listed)
    if not missing:
        return
    last = max(missing, key=_age)
    message = f"not submitted: the service has no version {last.version} of '{remote_name}' any more"
    if max(with_versions(work.run.made_before(remote_name)), key=_age) == last:
        _record(work, remote_name, _there(listed))
        raise Stopped(
            "refused", f"{message}, so it was deleted there", "pioneer-build plan  (then apply: under another name)"
        )
    if not work.resubmits:
        anyway = f"pioneer-build apply --resubmit {shell_word(work.name)}  (requests more under this name nevertheless)"
        raise Stopped("refused", f"{message}, only later ones", anyway)


def missing_jobs(work: Work, remote_name: str, listed: Sequence[RemoteVersion]) -> list[Job]:
    """The jobs under a name whose versions the service should list, and doesn't.

    Args:
        work: the step.
        remote_name: the name.
        listed: the versions that the service lists under it.
    """
    if work.run.options.free:
        return []  # the local engine makes again what was removed
    there = _there(listed)
    return [
        job for job in with_versions(work.run.made_before(remote_name)) if there.isdisjoint((job.job_id, job.version))
    ]


def _there(listed: Sequence[RemoteVersion]) -> set[str | None]:
    """The versions and ids of jobs that are listed."""
    return {item.id for item in listed} | {item.version for item in listed}


def with_versions(jobs: Iterable[Job]) -> list[Job]:
    """Those of the jobs whose versions a service must list, unless their name was deleted."""
    return [job for job in jobs if job.version is not None and not (job.inferred or may_be_gone(job))]


def _age(job: Job) -> tuple[int, int]:
    return number_of(RemoteVersion(job.version or "")), job.order


def _record(work: Work, remote_name: str, there: set[str | None]) -> None:
    """Records that a name was deleted.

    Args:
        work: the step.
        remote_name: the name.
        there: versions and ids of jobs that are listed under it.
    """
    entry = work.entry
    if entry is not None:
        work.put(replace(entry, jobs=with_deleted(entry.jobs, {remote_name})))
    work.run.journal.deleted(remote_name, there)
