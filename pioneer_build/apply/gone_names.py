"""Names that are gone from the service: deleted by somebody who didn't tell the lock.

What is made under such a name again may be counted from version 1, and be taken for what the lock has. So before each
submission, the versions that the lock has under the name must be among those that the service lists. One that has the
number of the lock's, and the id of another job, is not the lock's: either the name was made again, or the ids of this
service are no jobs'. If it doesn't know the lock's job any more, it is the former.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.job_rows import is_known
from pioneer_build.apply.lost_rows import may_be_gone
from pioneer_build.apply.stopped import StepStopped
from pioneer_build.apply.unrecorded_versions import fetch_first, is_another, number_of
from pioneer_build.escaping import shell_word
from pioneer_build.lock.deletions import with_deleted
from pioneer_build.ports import RemoteVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job


async def check_name_is_there(work: Work, remote_name: str, listed: Sequence[RemoteVersion]) -> None:
    """Checks that the service still has what the lock has under a name.

    If the last version is missing, the name was deleted. That is recorded, so that the next plan has another name. If
    only earlier ones are missing, the service doesn't keep all; then `--resubmit` is needed to continue.

    Args:
        work: the step.
        remote_name: the name under which something is to be submitted.
        listed: the versions that the service lists under it.

    Raises:
        StepStopped: a version is missing.
    """
    missing = missing_jobs(work, remote_name, listed)
    if not missing:
        return
    last = max(missing, key=_age)
    message = f"not submitted: the service has no version {last.version} of '{remote_name}' any more"
    if max(_expected(work.run.made_before(remote_name), listed), key=_age) == last:
        if (other := _in_place_of(last, listed)) is not None:
            assert last.job_id is not None
            if await is_known(work, last, last.job_id, f"not submitted: {last.named} is looked for first"):
                _refuse_other(work, remote_name, last, other)
                return
            message = f"{message}, and {is_another(last, other)}"
        _record(work, remote_name, listed)
        raise StepStopped(
            "refused", f"{message}, so it was deleted there", "pioneer-build plan  (then apply: under another name)"
        )
    if not work.resubmits:
        anyway = f"pioneer-build apply --resubmit {shell_word(work.name)}  (requests more rows under this name anyway)"
        raise StepStopped("refused", f"{message}, only later ones", anyway)


def missing_jobs(work: Work, remote_name: str, listed: Sequence[RemoteVersion]) -> list[Job]:
    """The jobs under a name whose versions the service should list, and doesn't.

    Args:
        work: the step.
        remote_name: the name.
        listed: the versions that the service lists under it.
    """
    if work.run.options.free:
        return []  # the local engine makes again what was removed
    expected = _expected(work.run.made_before(remote_name), listed)
    return [job for job in expected if not any(item.is_of(job) for item in listed)]


def _expected(jobs: Iterable[Job], listed: Sequence[RemoteVersion]) -> list[Job]:
    """The jobs whose versions a service must list, and owed ones whose number a version of another job has."""
    every = list(jobs)
    must = with_versions(every)
    owed = [job for job in every if job.owed and not (job.deleted or job.superseded)]
    return must + [job for job in owed if _in_place_of(job, listed) is not None]


def _in_place_of(job: Job, listed: Sequence[RemoteVersion]) -> RemoteVersion | None:
    """The listed version that has the number of a job's, and was made by another job; `None` if there is none."""
    if any(item.is_of(job) for item in listed):
        return None
    return next((item for item in listed if item.has_number_of(job)), None)


def _refuse_other(work: Work, remote_name: str, job: Job, other: RemoteVersion) -> None:
    """Refuses to submit where it can't be told whether a name was made again, unless `--resubmit` is given.

    Args:
        work: the step.
        remote_name: the name.
        job: the last job under the name that the lock has.
        other: the version that is listed with its number, and the id of another job.

    Raises:
        StepStopped: `--resubmit` isn't given.
    """
    if work.resubmits:
        return
    anyway = f"pioneer-build apply --resubmit {shell_word(work.name)}  (requests more rows under this name anyway)"
    raise StepStopped(
        "refused",
        f"not submitted to '{remote_name}': {is_another(job, other)}: somebody may have deleted the name and used it"
        " again",
        fetch_first(work.run, anyway),
    )


def with_versions(jobs: Iterable[Job]) -> list[Job]:
    """Those of the jobs whose versions a service must list, unless their name was deleted."""
    return [job for job in jobs if job.version is not None and not (job.inferred or may_be_gone(job))]


def _age(job: Job) -> tuple[int, tuple[object, ...]]:
    return number_of(RemoteVersion(job.version or "")), job.position


def _record(work: Work, remote_name: str, listed: Sequence[RemoteVersion]) -> None:
    """Records that a name was deleted.

    Args:
        work: the step.
        remote_name: the name.
        listed: the versions that are listed under it.
    """
    entry = work.entry
    if entry is not None:
        work.put(replace(entry, jobs=with_deleted(entry.jobs, {remote_name})))
    work.run.journal.deleted(remote_name, listed)
