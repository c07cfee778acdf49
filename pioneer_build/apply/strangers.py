"""Versions on the service that nobody here is known to have made.

They must not be built upon; or one of them is what an unanswered request made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply.run import Run
    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import RemoteVersion

#: Why a job counts as failed that the user didn't want to wait for.
GIVEN_UP = "given up by the user"


def strangers(
    run: Run, remote_name: str, listed: Sequence[RemoteVersion], *, but: str | None = None
) -> list[RemoteVersion]:
    """The listed versions that no job of lock or journal made.

    Args:
        run: the apply.
        remote_name: the dataset's name on the service.
        listed: what the service lists under it.
        but: the token of a submission that is not to account for any of them.
    """
    ids: set[str] = set()
    versions: set[str] = set()
    unnamed: set[str] = set()
    jobs: list[Job | Submission] = [job for entry in run.lock.with_remote_name(remote_name) for job in entry.jobs]
    jobs += [known for known in run.journal.about(remote_name) if known.token != but]
    for known in jobs:
        if known.remote_name != remote_name:
            continue
        if known.job_id is not None:
            ids.add(known.job_id)
        if known.version is not None and not known.inferred:
            versions.add(known.version)
        elif known.job_id is not None and (known.state != "failed" or known.reason == GIVEN_UP):
            unnamed.add(known.job_id)  # a job that failed made no version; one that was given up may have
    left = [item for item in listed if item.version not in versions and item.id not in ids]
    unnamed -= {item.id for item in listed if item.id is not None}
    unnamed -= {known.job_id for known in jobs if known.job_id and known.version and not known.inferred}
    # jobs whose version nobody named account for as many versions
    return left[: max(0, len(left) - len(unnamed))]
