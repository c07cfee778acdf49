"""Who keeps all that a model was paid for, by job or text, as a protocol; and a job as it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from pioneer_build.answers.keeping import AnswerKeeper

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.answers.keeping import ModelUsage


class TextKeeper(AnswerKeeper, Protocol):
    """Keeps the answers about texts that one label request uses."""

    def sent(self) -> None:
        """The response with these answers was sent. They are forgotten when this process ends well."""
        ...


@dataclass(frozen=True, slots=True)
class AcceptedJob:
    """A job as it was accepted: all that whoever resumes it needs.

    `request` is its request as JSON, `seed` the random seed of its rows, `version` its number in its dataset.
    """

    job_id: str
    dataset_name: str
    version: int
    task_type: str
    request: str
    seed: int


#: Who may resume a job: this process; nobody, while another process does; or nobody any more, as it has ended.
JobHold: TypeAlias = Literal["ours", "taken", "ended"]


class PaidAnswers(Protocol):
    """Keeps what a model was paid for, by job or text, so that any process resumes it. Safe to use from threads.

    Methods raise `StoreError` if what they need can't be read or written, unless they say otherwise.
    """

    @property
    def failed(self) -> str | None:
        """Why an answer could not be kept, if that happened. Then nothing more should be paid for."""
        ...

    def accept(self, job: AcceptedJob) -> None:
        """Keeps what a job is, durably."""
        ...

    def accepted(self, job_id: str) -> AcceptedJob | None:
        """The job, if it was accepted and has not ended."""
        ...

    def hold(self, job_id: str) -> JobHold:
        """Keeps other processes from resuming a job, until `close`, unless one of them does already."""
        ...

    def earlier(self, job_id: str, now: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """The rows that the dataset had when the job was begun; `now` gives them if it is only begun now.

        Args:
            job_id: a job that is held.
            now: the rows that the dataset has now.
        """
        ...

    def of_job(self, job_id: str) -> AnswerKeeper:
        """The keeper of a job's answers."""
        ...

    def usage(self, job_id: str) -> ModelUsage:
        """What the kept answers of a job have used."""
        ...

    def of_texts(self) -> TextKeeper:
        """The keeper of the answers that one label request uses."""
        ...

    def close(self) -> None:
        """Writes what waits, lets go of jobs, and forgets the answers about texts whose responses were sent."""
        ...
