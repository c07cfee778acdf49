"""What `apply` needs from the world, as protocols, and the values that pass through them.

Service           the service's HTTP API: `service.client`, over HTTP
StorePort         rows, and AnnotationsPort, the annotations of one definition: `store.Store`
JournalPort       submissions, durably: `journal.log.Journal`
LockPort          pioneer.lock: `project.lock_file.LockFile`

Tests implement them to fail in every way there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job, Lock
    from pioneer_build.spec.model import TaskType
    from pioneer_build.store.quarantine import RefusedText

JobStatus: TypeAlias = Literal["queued", "running", "ready", "failed", "unrecognised"]

#: What services say of a version whose rows are all there, or never will be.
_READY_WORDS = frozenset({"ready", "complete", "completed", "succeeded"})
_FAILED_WORDS = frozenset({"failed", "error", "cancelled"})


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

    @property
    def job_status(self) -> JobStatus:
        """How the job that makes it stands, in this tool's words; a version of which nothing is said is ready."""
        word = (self.status or "ready").lower()
        return "ready" if word in _READY_WORDS else "failed" if word in _FAILED_WORDS else "running"


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

        Args:
            task_type: `ner` or `classification`.
            labels: the declared labels, in the author's order.
            texts: what to label.

        Raises:
            FateUnknown: also where the answer has not as many items as there are texts: it can't be aligned.
        """

    async def versions(self, dataset_name: str) -> tuple[RemoteVersion, ...] | None:
        """The dataset's versions; empty where it doesn't exist; `None` where the service lists none at all."""

    async def download(self, dataset_name: str, version: str) -> AsyncIterator[Mapping[str, Any]] | None:
        """The rows of one version; `None` where they can't be had."""

    async def delete(self, dataset_name: str) -> None:
        """Deletes the dataset with all its versions; done where there is none. `Refused` (409) while in use."""

    def stop(self) -> None:
        """Lets no further paid request out; what is on its way goes on, and so do polls."""

    async def aclose(self) -> None:
        """Closes connections."""


class AnnotationsPort(Protocol):
    """The annotations of texts that one backend made under one definition (docs/store.md).

    Texts are named by their digests of 16 bytes; several of them are those bytes joined. Every method raises
    `StoreError` for whatever the file system refuses. To be used with `with`.
    """

    def missing(self, digests: bytes, /) -> bytes:
        """Of `digests` those neither annotated nor in quarantine, each once, in order."""

    def count(self) -> int:
        """How many texts are annotated."""

    def lookup(self, digests: bytes, /) -> Iterator[bytes | RefusedText | None]:
        """Of each of `digests`, in order: its annotation as a line, or why it is in quarantine, or nothing."""

    def add(self, batch: Sequence[tuple[bytes, bytes]], /) -> None:
        """Keeps (digest, annotation) pairs, durably."""

    def quarantine(self, digest: bytes, reason: str, /) -> None:
        """Remembers, durably, that a text has no usable annotation, and why; it counts as done."""

    def clear_quarantine(self, digests: Iterable[bytes] | None = None, /) -> int:
        """Takes some texts, or all, out of quarantine; how many there were."""

    def quarantined(self) -> Mapping[bytes, RefusedText]:
        """The texts in quarantine, by digest."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


class StorePort(Protocol):
    """Content-addressed files (docs/store.md)."""

    def has(self, digest: str) -> bool:
        """Whether the content of `digest` is here."""

    def put(self, lines: Iterable[bytes], /) -> str:
        """Keeps the lines durably; their digest."""

    def lines(self, digest: str) -> Iterator[bytes]:
        """The lines of `digest`, each ended by a line feed."""

    def annotations(self, backend: str, fingerprint: str) -> AnnotationsPort:
        """The annotations made by one backend under one definition."""


class JournalPort(Protocol):
    """The journal as an apply uses it (docs/journal.md). Every method raises `JournalError`."""

    def submissions(self, backend: str) -> tuple[Submission, ...]:
        """All submissions to `backend`, in the order they were begun."""

    def about(
        self,
        backend: str,
        *,
        remote_name: str | None = None,
        job_id: str | None = None,
        tokens: Iterable[str] = (),
    ) -> tuple[Submission, ...]:
        """The submissions of one remote name or one job, or named by their tokens.

        Args:
            backend: to which they went.
            remote_name: the dataset's name on the service.
            job_id: the service's id of a job.
            tokens: the names of submissions to add.
        """

    def begin(self, submission: Submission, aware: Collection[str], mine: Collection[str] = ()) -> Submission:
        """Makes the intent to submit durable; the submission with its token.

        Args:
            submission: what is to be sent.
            aware: the tokens of the submissions that the decision to submit took into account.
            mine: the tokens of those that the same run has begun since.

        Raises:
            Contended: another one of this definition, or to this remote name, has come since.
        """

    def record(self, token: str, **fields: Any) -> None:
        """Makes what became of a submission durable: any fields of `Submission`."""

    def ended(self, token: str, job: Job) -> None:
        """Makes the end of a job durable, with all that the lock says of it."""


class LockPort(Protocol):
    """The lock on disk."""

    def write(self, lock: Lock) -> bool:
        """Writes `lock`, joined with what somebody else wrote since it was read; whether the bytes changed.

        Raises:
            LockError: it is as it was.
        """
