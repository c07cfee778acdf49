"""The journal as one run uses it: the submissions of all runs to its backend, and those that it sends itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.journal.model import Origin
from pioneer_build.processes.identity import is_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import JournalPort, RemoteVersion


class RunJournal:
    """The journal's submissions to one backend.

    Args:
        port: the journal.
        backend: the backend of the run.
        aware: the tokens of the submissions that the plan considered.
        origin: says in which project the run is; asked when something is submitted.
    """

    def __init__(
        self, port: JournalPort, backend: str, aware: Collection[str] = (), origin: Callable[[], Origin] = Origin
    ) -> None:
        self._port = port
        self._backend = backend
        self._aware = aware
        self._origin = origin
        self._begun: dict[str, set[str]] = {}

    def submissions(self) -> tuple[Submission, ...]:
        """All submissions, in the order they were begun."""
        return self._port.submissions(self._backend)

    def about(self, remote_name: str) -> tuple[Submission, ...]:
        """The submissions to one remote name."""
        return self._port.about(self._backend, remote_name=remote_name)

    def of(self, job: Job) -> Submission | None:
        """The submission that made `job`, if the journal has it."""
        named = job.remote_name if job.job_id is None else None
        about = self._port.about(self._backend, remote_name=named, job_id=job.job_id, tokens=job.submissions)
        for known in about:
            same_version = job.version is not None and not job.inferred and known.version == job.version
            if (
                known.token in job.submissions
                or (job.job_id is not None and known.job_id == job.job_id)
                or (job.job_id is None and same_version and known.remote_name == job.remote_name)
            ):
                return known
        return None

    def under_way(self, job: Job) -> bool:
        """Whether another process is submitting `job` right now."""
        known = self.of(job)
        return known is not None and known.state == "submitting" and bool(is_alive(known.process))

    def begin(self, intent: Submission, former_name: str | None = None) -> str:
        """Records durably what is about to be submitted, and returns the submission's token.

        Another run may have submitted it under `former_name`, the name before the spec renamed the dataset.

        Raises:
            Contended: another run has submitted the same since the plan was made.
            JournalError: nothing was written.
        """
        mine = self._begun.setdefault(intent.dataset_name, set())
        token = self._port.begin(self._from_here(intent), self._aware, mine, former_name).token
        mine.add(token)
        return token

    def adopt(self, found: Submission) -> None:
        """Records durably a submission that was made in another way, whatever else is in the journal.

        Raises:
            JournalError: nothing was written.
        """
        self._port.begin(self._from_here(found), frozenset(known.token for known in self.submissions()))

    def record(self, token: str, **fields: Any) -> None:
        """Records durably what is now known of a submission: any fields of `Submission`.

        Raises:
            JournalError: nothing was written.
        """
        self._port.record(token, **fields)

    def deleted(self, remote_name: str, there: Sequence[RemoteVersion] = ()) -> None:
        """Records durably that the service no longer has what was made under a name.

        Args:
            remote_name: the name on the service.
            there: the versions that it still has.

        Raises:
            JournalError: some of it, or nothing, was written.
        """
        for known in self.about(remote_name):
            if known.accepted and not known.deleted and not any(version.is_of(known) for version in there):
                self._port.record(known.token, deleted=True)

    def deleting(self, remote_name: str) -> tuple[str, ...]:
        """Records durably that a name is about to be deleted on the service; returns what `not_deleted` needs.

        Raises:
            JournalError: some of it, or nothing, was written.
        """
        new = tuple(known.token for known in self.about(remote_name) if known.accepted and not known.deleted)
        for token in new:
            self._port.record(token, deleted=True)
        return new

    def not_deleted(self, tokens: Iterable[str]) -> None:
        """Takes back what `deleting` recorded, because the service refused.

        Raises:
            JournalError: some of it, or nothing, was written.
        """
        for token in tokens:
            self._port.record(token, deleted=False)

    def was_deleting(self, remote_name: str) -> bool:
        """Whether a run began to delete a name, or did."""
        return any(known.deleted for known in self.about(remote_name))

    def since_the_plan(self, remote_name: str) -> tuple[Submission, ...]:
        """What other runs have submitted under a name since the plan was made, as far as it may have made something."""
        begun = {token for tokens in self._begun.values() for token in tokens}
        return tuple(
            known
            for known in self.about(remote_name)
            if known.token not in self._aware and known.token not in begun and known.state not in ("refused", "failed")
        )

    def _from_here(self, submission: Submission) -> Submission:
        origin = self._origin()
        return replace(submission, project=origin.project, folder=origin.folder)

    def settle(self, job: Job) -> None:
        """Records durably the current state of `job`, if the journal has its submission.

        The lock alone is not enough: other checkouts take over from the journal, and must not get an older state.

        Raises:
            JournalError: nothing was written.
        """
        known = self.of(job)
        if known is not None:
            self._port.ended(known.token, job)
