"""What `apply` needs from the world, as protocols, and the values that pass through them.

`service` implements `Service` over HTTP. Tests implement it to fail in every way there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job, Lock
    from pioneer_build.spec.model import TaskType

JobStatus: TypeAlias = Literal["queued", "running", "ready", "failed", "unrecognised"]


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """The body of one `POST /generate` (the API document, "Start a generation job")."""

    dataset_name: str
    task_type: TaskType
    num_examples: int
    labels: tuple[str, ...] = ()
    domain_description: str | None = None
    classified_examples: tuple[tuple[str, str], ...] = ()
    prompt: str | None = None

    def body(self) -> dict[str, Any]:
        """The JSON object to send; keys that say nothing are left out."""
        body: dict[str, Any] = {
            "task_type": self.task_type,
            "dataset_name": self.dataset_name,
            "num_examples": self.num_examples,
        }
        if self.labels:
            body["labels"] = list(self.labels)
        if self.domain_description is not None:
            body["domain_description"] = self.domain_description
        if self.classified_examples:
            body["classified_examples"] = [{"text": t, "label": label} for t, label in self.classified_examples]
        if self.prompt is not None:
            body["prompt"] = self.prompt
        return body


@dataclass(frozen=True, slots=True)
class JobReport:
    """One answer to a poll, in this tool's words.

    `status` is ours, `said` the service's own word. `done` counts the rows made so far. `rows` are the job's
    rows as the service shaped them, `None` where it gives none. `version` is the service's name of the version
    the job made. `error` is the service's own text. `revision` is the local engine's, where it says one.
    """

    job_id: str
    status: JobStatus
    said: str
    dataset_name: str | None = None
    done: int | None = None
    rows: tuple[Any, ...] | None = None
    version: str | None = None
    error: str | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteVersion:
    """One version of a dataset as the service lists it.

    `id` is the job's id where the service says so; `size` the number of rows; `status` the service's own word.
    """

    version: str
    id: str | None = None
    size: int | None = None
    status: str | None = None
    task_type: str | None = None
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """The answer to one label request: one item an input, in the order of the inputs, each still raw.

    `unsupported` are labels that the service says it can't find.
    """

    items: tuple[Any, ...]
    unsupported: tuple[str, ...] = ()


class Service(Protocol):
    """The service's HTTP API. Every method raises `ServiceError` (see `errors`) and nothing else.

    `submit` is never repeated by the implementation once a body went out, except after an answer that certainly
    didn't accept it (425, 429, 503). All others may be repeated a few times inside.
    """

    async def submit(self, request: GenerateRequest) -> str:
        """`POST /generate`; the job id. `FateUnknown` where it may have been accepted."""

    async def poll(self, job_id: str) -> JobReport:
        """`GET /generate/jobs/:job_id`. `NotThere` where the service doesn't know the job."""

    async def label(self, task_type: TaskType, labels: Sequence[str], texts: Sequence[str]) -> Labelled:
        """`POST /generate/{task}/label-existing` for 1 to 1,000 texts, sent once; `FateUnknown` for 5xx and time-outs.

        The number of items equals the number of texts, else `FateUnknown`: such an answer can't be aligned.
        """

    async def versions(self, dataset_name: str) -> tuple[RemoteVersion, ...] | None:
        """The dataset's versions; empty where it doesn't exist; `None` where the service lists none at all."""

    async def download(self, dataset_name: str, version: str) -> AsyncIterator[Mapping[str, Any]] | None:
        """The rows of one version; `None` where they can't be had."""

    async def delete(self, dataset_name: str) -> None:
        """Deletes the dataset with all its versions; done where there is none. `Refused` (409) while in use."""

    async def aclose(self) -> None:
        """Closes connections."""


class Store(Protocol):
    """Content-addressed files (docs/store.md)."""

    def has(self, digest: str) -> bool:
        """Whether the content of `digest` is here."""

    def put(self, lines: Iterable[bytes], /) -> str:
        """Keeps the lines durably; their digest."""

    def lines(self, digest: str) -> Iterator[bytes]:
        """The lines of `digest`, each ended by a line feed."""

    def annotations(self, backend: str, fingerprint: str) -> Any:
        """The annotations made by one backend under one definition."""


class Log(Protocol):
    """The journal as an apply uses it (`journal.Journal`)."""

    def submissions(self, backend: str) -> tuple[Submission, ...]: ...
    def about(
        self,
        backend: str,
        *,
        remote_name: str | None = None,
        job_id: str | None = None,
        tokens: Iterable[str] = (),
    ) -> tuple[Submission, ...]: ...
    def begin(self, submission: Submission, aware: Collection[str], mine: Collection[str] = ()) -> Submission: ...
    def record(self, token: str, **fields: Any) -> None: ...
    def ended(self, token: str, job: Job) -> None: ...


class LockPort(Protocol):
    """The lock on disk (`lockfile.LockFile`)."""

    def write(self, lock: Lock) -> bool: ...
