"""The protocols through which `apply` uses the service, the store, the journal and the lock, with their values.

Service           the service's HTTP API; implemented in `service.client`
StorePort         stored rows; with AnnotationsPort, the annotations of one definition, and ClaimsPort, the texts that
                  are being labelled: `store.Store`
JournalPort       the durable log of submissions: `journal.log.Journal`
LockPort          pioneer.lock: `project.lock_file.LockFile`
PastPort          earlier versions of pioneer.lock: `operations.past_entries.PastEntries`

Tests implement them so that each call can fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self, TypeAlias, TypeVar

from pioneer_build.spec.guidance import reads_guidance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Entry, Job, Lock
    from pioneer_build.spec.model import Spec, TaskType
    from pioneer_build.store.claims import Claim, Held
    from pioneer_build.store.refused_texts import RefusedText

R = TypeVar("R")

JobStatus: TypeAlias = Literal["queued", "running", "ready", "failed", "unrecognised"]

#: The statuses of a version, as services report them, that mean ready or failed.
_READY_WORDS = frozenset({"ready", "complete", "completed", "succeeded"})
_FAILED_WORDS = frozenset({"failed", "error", "cancelled"})


@dataclass(frozen=True, slots=True)
class Guidance:
    """What tells a backend how to label, besides the labels: pairs of a label and its description; examples as pairs of
    a text and its label; and texts with their entities, which are pairs of a span and its label."""

    label_descriptions: tuple[tuple[str, str], ...] = ()
    classified_examples: tuple[tuple[str, str], ...] = ()
    ner_examples: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    @classmethod
    def of(cls, spec: Spec, backend: str) -> Guidance:
        """What a backend can be told of a spec.

        Args:
            spec: the spec.
            backend: the backend's name in the lock.
        """
        shots = tuple([(shot.text, shot.label) for shot in spec.classified_examples])
        if not reads_guidance(backend):
            return cls(classified_examples=shots)
        return cls(spec.label_descriptions, shots, tuple([(one.text, one.entities) for one in spec.ner_examples]))

    def body(self) -> dict[str, Any]:
        """The keys of a request; empty ones are left out."""
        body: dict[str, Any] = {}
        if self.label_descriptions:
            body["label_descriptions"] = dict(self.label_descriptions)
        if self.classified_examples:
            body["classified_examples"] = [{"text": t, "label": label} for t, label in self.classified_examples]
        if self.ner_examples:
            body["ner_examples"] = [
                {"text": text, "entities": [list(pair) for pair in pairs]} for text, pairs in self.ner_examples
            ]
        return body


NO_GUIDANCE: Final = Guidance()


@dataclass(frozen=True, slots=True)
class JobPlace:
    """Which jobs of its dataset a job comes after; only the local engine reads it.

    `after` are the choices, each the ids of some jobs; a new job has one. `job_id` and `version` are those of a job
    that is made again; `guess` says whether it may be made if its id doesn't tell which choice is the right one.
    """

    after: tuple[tuple[str, ...], ...]
    job_id: str | None = None
    version: str | None = None
    guess: bool = False

    def body(self) -> dict[str, Any]:
        """The JSON object to send."""
        version = int(self.version) if self.version is not None and self.version.isdecimal() else None
        return {"after": [list(ids) for ids in self.after], "job_id": self.job_id, "version": version} | (
            {"guess": True} if self.guess else {}
        )


@dataclass(frozen=True, slots=True)
class JobRequest:
    """The body of one `POST /generate` (the API document, "Start a generation job").

    `label_descriptions` and `ner_examples`, as in `Guidance`, and `place` are only for backends that read them.
    """

    dataset_name: str
    task_type: TaskType
    num_examples: int
    labels: tuple[str, ...] = ()
    domain_description: str | None = None
    classified_examples: tuple[tuple[str, str], ...] = ()
    prompt: str | None = None
    label_descriptions: tuple[tuple[str, str], ...] = ()
    ner_examples: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    place: JobPlace | None = None

    def body(self) -> dict[str, Any]:
        """The JSON object to send; empty keys are left out."""
        body: dict[str, Any] = {
            "task_type": self.task_type,
            "dataset_name": self.dataset_name,
            "num_examples": self.num_examples,
        }
        if self.labels:
            body["labels"] = list(self.labels)
        if self.domain_description is not None:
            body["domain_description"] = self.domain_description
        body |= Guidance(self.label_descriptions, self.classified_examples, self.ner_examples).body()
        if self.prompt is not None:
            body["prompt"] = self.prompt
        if self.place is not None:
            body["place"] = self.place.body()
        return body


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """What language models read and wrote for one job or one label request: tokens in, tokens out, and calls."""

    input: int = 0
    output: int = 0
    calls: int = 0

    def __add__(self, other: TokenUsage) -> TokenUsage:
        return TokenUsage(self.input + other.input, self.output + other.output, self.calls + other.calls)


@dataclass(frozen=True, slots=True)
class JobReport:
    """The response to a poll, in this tool's terms.

    `status` is one of `JobStatus`, `said` the status that the service reported. `done` counts the rows made so far.
    `rows` are the job's rows in the service's own form, `None` if it provides none. `version` is the service's name of
    the version that the job made. `error` is the service's own text. `revision` is that of the engine in this process,
    if known. `tokens` are those that the job has used so far, if the service counts them. `shortfall` is what it says
    of rows that were refused while they were made.
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
    tokens: TokenUsage | None = None
    shortfall: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteVersion:
    """One version of a dataset, as the service lists it.

    `id` is the id of the job that made it, if the service reports that; `size` is the number of rows; `status` is the
    status that the service reported.
    """

    version: str
    id: str | None = None
    size: int | None = None
    status: str | None = None
    task_type: str | None = None
    labels: tuple[str, ...] | None = None

    @property
    def job_status(self) -> JobStatus:
        """The status of the job that makes it, in this tool's terms; a version without a status is ready."""
        word = (self.status or "ready").lower()
        return "ready" if word in _READY_WORDS else "failed" if word in _FAILED_WORDS else "running"

    def is_of(self, job: Job | Submission) -> bool:
        """Whether a recorded job under the same remote name made this version.

        If both have an id, the ids decide: a name that was deleted is free, and who makes it again gets the same
        numbers. Otherwise the number does. The service's documents say that the id of a version is that of its job. On
        a service where it is something else, no version is a recorded job's, so nothing is deleted there, and nothing
        is requested without `--resubmit`: it can't be told from a name that was made again. Sizes don't decide:
        services count bytes or rows, and those of one job or of all before it.
        """
        if self.id is not None and job.job_id is not None:
            return self.id == job.job_id
        return self.has_number_of(job)

    def has_number_of(self, job: Job | Submission) -> bool:
        """Whether it has the number of the version that a recorded job made, whoever made this one."""
        return job.version == self.version and not job.inferred


@dataclass(frozen=True, slots=True)
class Labelled:
    """The response to a label request: one item for each input, in the same order, in the service's own form.

    `unsupported` are the labels that the service reported as unsupported. `unaligned` are the positions, from 0, of
    items that can't be shown to belong to their input: they repeat another text, or repeat none although others do.
    `tokens` are those that the request has used, if the service counts them.
    """

    items: tuple[Any, ...]
    unsupported: tuple[str, ...] = ()
    unaligned: frozenset[int] = frozenset()
    tokens: TokenUsage | None = None


class Service(Protocol):
    """The service's HTTP API. Every method raises `ServiceError` (see `errors`) and nothing else.

    The implementation never repeats `submit` or `label` once something was sent, whatever the response. It may repeat
    all other requests a few times. It reads no more of a response than fits what was requested.
    """

    async def submit(self, request: JobRequest) -> str:
        """`POST /generate`; returns the job id. `FateUnknown` if it may have been accepted."""

    async def poll(self, job_id: str, rows: int | None = None) -> JobReport:
        """`GET /generate/jobs/:job_id`. `NotThere` if the service doesn't know the job.

        Args:
            job_id: the service's id of the job.
            rows: how many rows the response may have; `None` if that is not known.
        """

    async def label(
        self, task_type: TaskType, labels: Sequence[str], texts: Sequence[str], guidance: Guidance = NO_GUIDANCE
    ) -> Labelled:
        """`POST /generate/{task}/label-existing` for 1 to 1,000 texts, sent once; `FateUnknown` for 5xx and time-outs.

        Args:
            task_type: `ner` or `classification`.
            labels: the declared labels, in the author's order.
            texts: the texts to label.
            guidance: what else to send; only for backends that read it.

        Raises:
            FateUnknown: also if the response doesn't have one item for each text.
        """

    async def versions(self, dataset_name: str) -> tuple[RemoteVersion, ...] | None:
        """The dataset's versions; empty if it doesn't exist; `None` if this service does not list versions."""

    async def download(
        self, dataset_name: str, version: str, rows: int | None = None
    ) -> AsyncIterator[Mapping[str, Any]] | None:
        """The rows of one version; `None` if this service never provides any.

        Args:
            dataset_name: the dataset's name on the service.
            version: the service's name of the version.
            rows: how many rows the version may have; `None` if that is not known.

        Raises:
            ServiceError: they can't be had now; `status` says why.
        """

    async def delete(self, dataset_name: str) -> None:
        """Deletes the dataset with all its versions; does nothing if there is none. `Refused` (409) while in use."""

    def stop(self) -> None:
        """Sends no more paid requests from now on; requests in flight continue, and so do polls."""

    async def aclose(self) -> None:
        """Closes connections."""


class AnnotationsPort(Protocol):
    """The annotations of texts that one backend made with one definition (docs/store.md). A context manager.

    Texts are identified by their digests of 16 bytes; several digests are joined. Every method raises `StoreError` if
    the file system fails.
    """

    def missing(self, digests: bytes, /) -> bytes:
        """Those of `digests` that are neither annotated nor in quarantine, each once, in order."""

    def count(self) -> int:
        """How many texts are annotated."""

    def lookup(self, digests: bytes, /) -> Iterator[bytes | RefusedText | None]:
        """For each of `digests`, in order: its annotation as a line, or why it is in quarantine, or `None`."""

    def add(self, batch: Sequence[tuple[bytes, bytes]], /) -> None:
        """Stores (digest, annotation) pairs durably."""

    def quarantine(self, digest: bytes, reason: str, /) -> None:
        """Records durably that a text has no usable annotation, and why; it counts as done."""

    def clear_quarantine(self, digests: Iterable[bytes] | None = None, /) -> int:
        """Removes some texts, or all, from quarantine; returns how many that were."""

    def take_in(self) -> None:
        """Takes in what was paid for and is kept elsewhere, because it could not be stored at the time."""

    def quarantined(self) -> Mapping[bytes, RefusedText]:
        """The texts in quarantine, by digest."""

    def claims(self) -> ClaimsPort:
        """The claims on texts that are being labelled."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


class ClaimsPort(Protocol):
    """Claims on texts that are being labelled (docs/store.md), so that two runs over one store send each text once.

    A context manager: at its end, or with its process, everything that it has claimed is released. It needs no more
    than files that are created once, so that a store on other machines can have it too. Texts are identified by their
    digests of 16 bytes, joined. Every method raises `StoreError`.
    """

    def claim(self, digests: bytes, /) -> Claim:
        """Claims those of `digests` that are neither annotated nor claimed by another run."""

    def release(self, claim: Claim, unanswered: bytes = b"", /) -> None:
        """Gives up a claim, when what came of it is durable.

        `unanswered` are those of its texts that were sent and never got an answer: whoever claims them next is told.
        """

    def held(self, digests: bytes, /) -> Held:
        """How many of `digests` other runs have claimed now."""

    def unanswered(self, digests: bytes, /) -> int:
        """How many of `digests` runs that have ended sent, or may have sent, without an answer. Changes nothing."""

    def renew(self) -> None:
        """Shows that this run is still alive; called before each request."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


class StorePort(Protocol):
    """Content-addressed files (docs/store.md)."""

    def has(self, digest: str) -> bool:
        """Whether the store has the content of `digest`."""

    def put(self, lines: Iterable[bytes], /) -> str:
        """Stores the lines durably; returns their digest."""

    def lines(self, digest: str) -> Iterator[bytes]:
        """The lines of `digest`, each ended by a line feed, whatever they say."""

    def rows(self, digest: str, parse: Callable[[bytes], R], /) -> Iterator[R]:
        """What `parse` makes of each line of `digest`; a `ValueError` of it is a `StoreError` that says where."""

    def check(self, digest: str, parse: Callable[[bytes], object], /) -> None:
        """Reads all rows of `digest` once, as `rows` does, unless that was done before."""

    def annotations(self, backend: str, fingerprint: str) -> AnnotationsPort:
        """The annotations made by one backend with one definition."""


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
        """The submissions to one remote name, those of one job, and those with these tokens, all together.

        Args:
            backend: the backend that they were sent to.
            remote_name: the dataset's name on the service; `None` to add none by name.
            job_id: the service's id of a job; `None` to add none by job.
            tokens: the tokens of further submissions.
        """

    def begin(
        self,
        submission: Submission,
        aware: Collection[str],
        mine: Collection[str] = (),
        former_name: str | None = None,
    ) -> Submission:
        """Records durably what is about to be submitted; returns the submission with its token.

        Args:
            submission: what is about to be sent.
            aware: the tokens of the submissions that the decision to submit considered.
            mine: the tokens of submissions that the same run has begun since for the same dataset: if they have ended,
                it may request again what they lack (`top_up`), and nothing else.
            former_name: the name of the dataset before its spec renamed it.

        Raises:
            Contended: there is another submission of this definition, or to this remote name, by another run; or by
                this one, and this is no `top_up` of what has ended.
        """

    def record(self, token: str, **fields: Any) -> None:
        """Records durably what is now known of a submission: any fields of `Submission`."""

    def ended(self, token: str, job: Job) -> None:
        """Records durably how a job ended, with everything that the lock has of it."""


class LockPort(Protocol):
    """The lock on disk."""

    def write(self, lock: Lock) -> bool:
        """Writes `lock`, merged with what others wrote since it was read; returns whether the bytes changed.

        Raises:
            LockError: it could not be written; the file is unchanged.
        """


class PastPort(Protocol):
    """What earlier versions of the lock say of rows."""

    def checks_of(self, job: Job, /) -> Sequence[Mapping[str, Any]]:
        """The checks by which the recorded rows of a job may have been accepted."""

    def states_of(self, entry: Entry, /) -> Sequence[Entry]:
        """The entries that the dataset of an entry had while readers got other rows of it."""

    @property
    def unread(self) -> str | None:
        """Why versions may be missing, and what to do; `None` if none are."""
