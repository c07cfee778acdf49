"""The values of `pioneer.lock`. `file_text` reads and writes them, `merge` merges two locks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pioneer_build.spec.fingerprint import fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pioneer_build.lock.gold import GoldMeasure
    from pioneer_build.spec.fingerprint import Definition
    from pioneer_build.spec.model import OnChange, TaskType

JobState: TypeAlias = Literal["open", "ready", "failed", "rejected", "unknown"]
PublicationState: TypeAlias = Literal["open", "ready", "failed", "unknown"]
DatasetState: TypeAlias = Literal["ready", "open", "unknown", "failed", "rejected", "new", "changed", "forgotten"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a language model read and wrote, in tokens."""

    input: int
    output: int


#: The `checks` of an entry whose rows were not all judged by the same ones, or by unknown ones: no row is within them.
#: So a plan judges all rows again, whatever the spec's checks are.
MIXED_CHECKS: Final[Mapping[str, Any]] = {"max_chars": 0}


class SentJob:
    """A job by the names that the service gave it: none until it answered."""

    __slots__ = ()

    job_id: str | None
    version: str | None

    @property
    def accepted(self) -> bool:
        """Whether the service accepted it: it has an id, or a version that was adopted without one."""
        return self.job_id is not None or self.version is not None

    @property
    def named(self) -> str:
        """Its name in messages."""
        if self.job_id is not None:
            return f"job {self.job_id}"
        return f"version {self.version}" if self.version is not None else "an unanswered submission"


@dataclass(frozen=True, slots=True)
class Job(SentJob):
    """One `POST /generate` that was sent: accepted (it has a `job_id`), refused, or with an unknown outcome.

    `order` is its place among the dataset's jobs; jobs of two branches can have the same one: see `position`.
    `asked` and `got` count rows: requested ones, and those that passed this tool's checks (`None` until the rows were
    received). `rows` is the digest of the accepted rows in the store, `quarantined` that of the bad ones. `verified`
    says whether the rows were checked. `inferred` marks a version that was counted, not named by the service.
    `submissions` are ids of journal entries whose outcome was once unknown. `top_up` marks a job that only replaced
    rows that an earlier one did not deliver. `deleted` says that the service was told to delete the result. `reason`
    says in words why a job failed or was rejected.

    `approximate` names the parts of the definition that the backend could only approximate. `owed` marks a ready job
    whose rows the service did not provide, but should: they were never received, or only another machine has them.
    `sampled` marks a job that requested only the first rows, for people to review before the rest. `superseded` says
    that others have replaced its rows. `tokens` is its cost, if a language model did it.
    """

    fingerprint: str
    remote_name: str
    asked: int
    state: JobState
    order: int = 0
    job_id: str | None = None
    version: str | None = None
    got: int | None = None
    rows: str | None = None
    verified: bool = False
    inferred: bool = False
    top_up: bool = False
    deleted: bool = False
    quarantined: str | None = None
    revision: str | None = None
    reason: str | None = None
    submissions: tuple[str, ...] = ()
    approximate: tuple[str, ...] = ()
    owed: bool = False
    sampled: bool = False
    superseded: bool = False
    tokens: Tokens | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The identity of this record: its id, else its version and its submissions."""
        if self.job_id is not None:
            return "job", self.job_id
        tokens = "\n".join(self.submissions)
        if self.version is not None:
            return "version", f"{self.remote_name}\n{self.version}\n{tokens}"
        return "submission", tokens

    @property
    def position(self) -> tuple[int, str, str, tuple[str, ...]]:
        """Where it stands among the jobs of its dataset: whatever comes before or after another job is decided by this.

        Jobs of two branches can have one `order`. So of those the one with the smaller id is the earlier one, on every
        machine. What else becomes known of a job that has an id doesn't move it.
        """
        return self.order, self.job_id or "", self.version or "", self.submissions


@dataclass(frozen=True, slots=True)
class Labelling:
    """The texts and annotations that a label spec's dataset was made of.

    `inputs` is the digest of the texts with their ids, in order. `texts` counts rows, `distinct` different texts,
    `annotated` those with an annotation, `quarantined` those that the service refused or returned none for; `rows`
    counts the rows that readers get. `content` is the digest of those rows, `fingerprint` that of the definition that
    they were labelled with. `unsupported` are declared labels that the service said it can't find, `approximate` names
    other parts that it could only approximate. `superseded` counts the labellings of this definition that a rebuild has
    replaced.
    """

    fingerprint: str
    inputs: str
    texts: int
    distinct: int
    annotated: int
    quarantined: int
    rows: int
    content: str
    unsupported: tuple[str, ...] = ()
    approximate: tuple[str, ...] = ()
    superseded: int = 0


@dataclass(frozen=True, slots=True)
class LabelSample:
    """The first texts of a label spec that were labelled for people to review, before the rest.

    `inputs` is the digest of all its texts, `fingerprint` that of the definition. `texts` counts the texts that were
    sent, `rows` the resulting rows; `content` is the digest of those rows.
    """

    fingerprint: str
    inputs: str
    texts: int
    rows: int
    content: str


@dataclass(frozen=True, slots=True)
class Part:
    """What a mix took from one dataset of the project, or from one file (`path`, as in the spec).

    `content` is the digest of the rows that were available (of a dataset, as readers get them), `offered` counts them,
    `rows` those that were taken. `quarantined` is the digest of a file's bad rows.
    """

    content: str
    offered: int
    rows: int
    dataset: str | None = None
    path: str | None = None
    quarantined: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a mix was made of, in the order of the spec.

    `inputs` is the digest of the parts and the rules for mixing them; `fingerprint` that of the definition. `content`
    is the digest of the mixed rows, and `rows` their number.
    """

    fingerprint: str
    inputs: str
    content: str
    rows: int
    made_of: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Corrections:
    """The result of people's decisions about rows.

    `decisions` is the digest of all of them, `applied_to` that of the rows before, `content` that of the corrected
    rows, and `rows` the number of those. `applied` counts decisions that changed a row, `stale` those whose row is gone
    or has changed, `reviewed` the rows with a decision.
    """

    decisions: str
    applied_to: str
    content: str
    rows: int
    applied: int
    stale: int
    reviewed: int


@dataclass(frozen=True, slots=True)
class Publication:
    """Rows that were uploaded to the service as a version.

    `content` is the digest of the uploaded rows (corrected; of `split`, if only that part was uploaded), `rows` their
    number. `version` is `None` while it is unknown: then `submissions` are the ids of journal entries. `upload` is the
    service's id of the upload. `reason` says in words why it failed.
    """

    content: str
    remote_name: str
    rows: int
    state: PublicationState
    version: str | None = None
    split: str | None = None
    upload: str | None = None
    reason: str | None = None
    submissions: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """The identity of this record: its version, else its submissions."""
        if self.version is not None:
            return "version", self.remote_name, self.version
        return "submission", *self.submissions


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a label spec's texts were not labelled, or a mix not made, with the definition and inputs that this is about.

    `state` is `failed` if the service refused the request, `rejected` if the results are outside the bounds.
    `inputs` is the digest of the texts, or of a mix's parts.
    """

    fingerprint: str
    inputs: str
    state: Literal["failed", "rejected"]
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One dataset on one backend.

    `definition` is the current canonical definition. `base_name` is the remote name of the first definition.
    `num_examples` is that of a generate spec; without it the entry is of a mix, if it has `parts`, else of a label
    spec. `paid` maps a fingerprint to the number of distinct texts that were annotated with it (label specs), `tokens`
    to the cost, if a language model did it; the annotations of its N-th rebuild count under `FINGERPRINT-rN`.
    `protect`, `on_change` and `checks` are stored settings of the spec. `forgotten` says that its spec was removed.
    `sampled` is the sample of a label spec that isn't labelled yet. `gold`, `corrections` and `published` are measures
    of the rows, corrections of them, and uploads of them.
    """

    dataset_name: str
    backend: str
    task_type: TaskType
    definition: Definition
    base_name: str
    num_examples: int | None = None
    jobs: tuple[Job, ...] = ()
    labelling: Labelling | None = None
    rejection: Rejection | None = None
    paid: tuple[tuple[str, int], ...] = ()
    protect: bool = False
    on_change: OnChange = "new_name"
    checks: Mapping[str, Any] = field(default_factory=dict)
    forgotten: bool = False
    fingerprint: str = ""
    gold: GoldMeasure | None = None
    corrections: Corrections | None = None
    published: tuple[Publication, ...] = ()
    parts: Parts | None = None
    sampled: LabelSample | None = None
    tokens: tuple[tuple[str, Tokens], ...] = ()

    def __post_init__(self) -> None:
        if not self.fingerprint:
            object.__setattr__(self, "fingerprint", fingerprint_of(self.definition))

    def current(self) -> tuple[Job, ...]:
        """The jobs of the current definition, in order, without those that a rebuild replaced."""
        return tuple(job for job in self.jobs if job.fingerprint == self.fingerprint and not job.superseded)

    def accepted_as(self, remote_name: str) -> tuple[Job, ...]:
        """The jobs that the service accepted under a remote name, in order, whatever became of them."""
        return tuple(job for job in self.jobs if job.remote_name == remote_name and job.accepted)

    def readable(self) -> tuple[Job, ...]:
        """The jobs whose rows readers get: ready ones of the current definition, else the last good content.

        If a definition has no ready job yet, or only a sample, readers keep the rows of the previous definition.
        """
        if self.num_examples is None:
            return ()
        ready = [job for job in self.jobs if job.state == "ready" and not job.superseded]
        mine = tuple([job for job in ready if job.fingerprint == self.fingerprint])
        if mine and not self._is_sample(mine):
            return mine
        before = [job for job in ready if job.fingerprint != self.fingerprint and not (mine and job.sampled)]
        if not before:
            return mine
        last = before[-1].fingerprint
        return tuple(job for job in ready if job.fingerprint == last)

    def _is_sample(self, jobs: Sequence[Job]) -> bool:
        """Whether ready jobs of the current definition are a sample, and the rest wasn't requested yet."""
        if not any(job.sampled for job in jobs):
            return False
        return sum([0 if job.top_up else job.asked for job in jobs]) < (self.num_examples or 0)

    @property
    def examples(self) -> int:
        """The number of rows that readers get."""
        if self.num_examples is not None:
            return min(self.num_examples, sum(job.got or 0 for job in self.readable()))
        made = self.parts or self.labelling
        return made.rows if made is not None else 0

    @property
    def verified(self) -> bool:
        """Whether every row that readers get was checked."""
        if self.num_examples is None:
            return self.parts is not None or self.labelling is not None
        jobs = self.readable()
        return bool(jobs) and all(job.verified for job in jobs)

    @property
    def content(self) -> str | None:
        """The digest of what readers get: of the rows, or of their jobs' digests and the number taken."""
        if self.num_examples is None:
            made = self.parts or self.labelling
            return made.content if made is not None else None
        jobs = self.readable()
        digests = [job.rows for job in jobs]
        if not digests or None in digests:
            return None
        whole = sum(job.got or 0 for job in jobs)
        examples = min(self.num_examples, whole)
        if len(digests) == 1 and examples == whole:
            return digests[0]
        return digest_of({"examples": examples, "rows": digests})

    @property
    def content_fingerprint(self) -> str | None:
        """The fingerprint of the definition that the rows of readers were made with; `None` if there are none."""
        if self.num_examples is None:
            made = self.parts or self.labelling
            return made.fingerprint if made is not None else None
        jobs = self.readable()
        return jobs[0].fingerprint if jobs else None

    @property
    def content_digests(self) -> tuple[str, ...]:
        """The digests of the files in the store whose rows readers get, in order, without jobs that have no rows.

        Of a label spec that turned to asking for rows these are its jobs', though it was labelled before.
        """
        if self.num_examples is None:
            return (self.labelling.content,) if self.labelling is not None else ()
        return tuple(job.rows for job in self.readable() if job.rows is not None)

    @property
    def remote_name(self) -> str:
        """The remote name of the current definition; the base name if no job has been sent yet."""
        mine = [job for job in self.jobs if job.fingerprint == self.fingerprint]
        for jobs in ([job for job in mine if not job.superseded], mine):
            if jobs:
                return jobs[-1].remote_name
        return self.base_name

    @property
    def version(self) -> str | None:
        """The service's version made by the last readable job."""
        jobs = self.readable()
        return jobs[-1].version if jobs else None

    @property
    def state(self) -> DatasetState:
        """The state of the dataset: the worst one of its current jobs."""
        if self.forgotten:
            return "forgotten"
        if self.num_examples is None:
            if self.rejection is not None:
                return self.rejection.state
            return "new" if self.parts is None and self.labelling is None else "ready"
        current = self.current()
        if not current:
            return "new"
        states = {job.state for job in current}
        if "unknown" in states:
            return "unknown"
        if "open" in states:
            return "open"
        last = current[-1]
        if last.state == "ready" or (last.top_up and last.state == "rejected"):
            return last.state
        # a failed job counts only if rows of it are missing
        asked = sum(job.asked for job in current if job.state == "ready" and not job.top_up)
        return "ready" if asked >= self.num_examples else last.state


@dataclass(frozen=True, slots=True)
class Lock:
    """All entries, by dataset name and backend."""

    entries: Mapping[tuple[str, str], Entry] = field(default_factory=dict)

    def get(self, dataset_name: str, backend: str) -> Entry | None:
        """The entry of a dataset on a backend, if there is one."""
        return self.entries.get((dataset_name, backend))

    def on(self, backend: str) -> Iterator[Entry]:
        """The entries of one backend, by name."""
        return (self.entries[key] for key in sorted(self.entries) if key[1] == backend)

    def with_entries(self, changed: Iterable[Entry], without: Iterable[tuple[str, str]] = ()) -> Lock:
        """A lock with `changed` added, and without the keys in `without`."""
        entries = {key: entry for key, entry in self.entries.items() if key not in set(without)}
        entries.update({(entry.dataset_name, entry.backend): entry for entry in changed})
        return Lock(entries)


def digest_of(value: object) -> str:
    """`sha256:` and the digest of `value` as compact JSON with sorted keys."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate in a message of a service
        data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")
    return "sha256:" + sha256(data).hexdigest()
