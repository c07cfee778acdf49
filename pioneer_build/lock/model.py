"""What was built: the values that `pioneer.lock` holds. `text` reads and writes them, `merge` joins two."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

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


@dataclass(frozen=True, slots=True)
class Job:
    """One `POST /generate` that was sent: accepted (it has a `job_id`), refused, or of unknown fate.

    `order` is its place among the dataset's jobs; jobs of two branches can share one, and then the id decides.
    `asked` and `got` count rows: asked for, and accepted by this tool's checks (`None` until they were seen).
    `rows` is the digest of the accepted rows in the store, `quarantined` that of the bad ones.
    `verified` says whether the rows were checked. `inferred` marks a version that was counted, not named by the
    service. `submissions` name journal entries whose fate was once unknown. `top_up` marks a job that only filled
    up what an earlier one left missing. `deleted` says that the service was told to delete what it made.
    `reason` says in words why a job failed or was rejected.

    `approximate` names what of the definition the backend could only come near to. `owed` marks a ready job whose rows
    were never had, and should be. `sampled` marks one that asked for the first rows only, for people to see before the
    rest. `superseded` says that a rebuild made other rows in its place. `tokens` is what it cost, where a language
    model did it.
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
    def accepted(self) -> bool:
        """Whether the service took it: it has an id, or a version that was adopted without one."""
        return self.job_id is not None or self.version is not None

    @property
    def key(self) -> tuple[str, str]:
        """What tells this record from others: its id, else its version and the submissions it stands for."""
        if self.job_id is not None:
            return "job", self.job_id
        tokens = "\n".join(self.submissions)
        if self.version is not None:
            return "version", f"{self.remote_name}\n{self.version}\n{tokens}"
        return "submission", tokens

    @property
    def named(self) -> str:
        """How messages call it."""
        if self.job_id is not None:
            return f"job {self.job_id}"
        return f"version {self.version}" if self.version is not None else "a submission without an answer"


@dataclass(frozen=True, slots=True)
class Labelling:
    """What a label spec's dataset was made of.

    `inputs` is the digest of the texts with their ids, in order. `texts` counts rows, `distinct` different texts,
    `annotated` those with an annotation, `quarantined` those the service refused or gave none for; `rows` counts the
    rows readers get. `content` is the digest of those rows, `fingerprint` that of the definition they were labelled
    under. `unsupported` are declared labels that the service said it can't find, `approximate` names what else it could
    only come near to. `superseded` counts the labellings of this definition that a rebuild has replaced.
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
    """The first texts of a label spec that were labelled for people to see, before the rest.

    `inputs` is the digest of all its texts, `fingerprint` that of the definition. `texts` counts those that were
    asked for, `rows` what came of them; `content` is the digest of those rows.
    """

    fingerprint: str
    inputs: str
    texts: int
    rows: int
    content: str


@dataclass(frozen=True, slots=True)
class Part:
    """What a mix took from one dataset of the project, or from one file (`path`, as the spec has it).

    `content` is the digest of the rows it offered (a dataset's as readers get them), `offered` counts them, `rows`
    those that were taken. `quarantined` is the digest of a file's bad rows.
    """

    content: str
    offered: int
    rows: int
    dataset: str | None = None
    path: str | None = None
    quarantined: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a mix was made of, in the spec's order.

    `inputs` is the digest of what was to be mixed, and how; `fingerprint` that of the definition. `content` is the
    digest of the mixed rows, and `rows` their number.
    """

    fingerprint: str
    inputs: str
    content: str
    rows: int
    made_of: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Corrections:
    """What came of people's decisions about rows.

    `decisions` is the digest of all of them, `applied_to` that of the rows as they came, `content` that of the
    corrected rows, and `rows` the number of those. `applied` counts decisions that changed a row, `stale` those whose
    row is gone or says something else now, `reviewed` the rows that somebody has decided on.
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

    `content` is the digest of the uploaded rows (corrected; of `split`, where only that part was), `rows` their number.
    `version` is `None` while nobody knows it: then `submissions` name the journal's entries. `upload` is the service's
    id of the upload. `reason` says in words why it failed.
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
        """What tells this record from others: its version, else the submissions it stands for."""
        if self.version is not None:
            return "version", self.remote_name, self.version
        return "submission", *self.submissions


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a label spec's texts were not labelled, or a mix not made, and for which definition and inputs that holds.

    `state` is `failed` where the service refused the request, `rejected` where what came is outside the bounds.
    `inputs` is the digest of the texts, or of a mix's parts.
    """

    fingerprint: str
    inputs: str
    state: Literal["failed", "rejected"]
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One dataset on one backend.

    `definition` is the canonical definition in force. `base_name` is the remote name of the first definition.
    `num_examples` is that of a generate spec; without it the entry is of a mix, where it has `parts`, else of a label
    spec. `paid` maps a fingerprint to how many distinct texts were annotated under it (label specs), `tokens` to what
    that cost, where a language model did it; the annotations of its N-th rebuild count under `FINGERPRINT-rN`.
    `protect`, `on_change` and `checks` are what is remembered of the spec's settings. `forgotten` says that its
    spec was removed. `sampled` is the sample of a label spec that isn't labelled yet. `gold`, `corrections` and
    `published` are what was measured of the rows, corrected in them, and made of them.
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
        """The jobs of the definition in force, in order, without those that a rebuild replaced."""
        return tuple(job for job in self.jobs if job.fingerprint == self.fingerprint and not job.superseded)

    def readable(self) -> tuple[Job, ...]:
        """The jobs whose rows readers get: ready ones of the definition in force, else the last good content.

        A definition that has no ready job yet, or only a sample, leaves readers with what the definition before it
        made.
        """
        if self.num_examples is None:
            return ()
        ready = [job for job in self.jobs if job.state == "ready" and not job.superseded]
        mine = tuple(job for job in ready if job.fingerprint == self.fingerprint)
        if mine and not self._is_sample(mine):
            return mine
        before = [job for job in ready if job.fingerprint != self.fingerprint and not (mine and job.sampled)]
        if not before:
            return mine
        last = before[-1].fingerprint
        return tuple(job for job in ready if job.fingerprint == last)

    def _is_sample(self, jobs: Sequence[Job]) -> bool:
        """Whether ready jobs of the definition in force are a sample that the rest wasn't asked for yet."""
        asked = [0 if job.top_up else job.asked for job in jobs]
        return any(job.sampled for job in jobs) and sum(asked) < (self.num_examples or 0)

    @property
    def examples(self) -> int:
        """How many rows readers get."""
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
        """Digest of what readers get: of the rows, or of their jobs' digests and the number taken."""
        if self.num_examples is None:
            made = self.parts or self.labelling
            return made.content if made is not None else None
        digests = [job.rows for job in self.readable()]
        if not digests or None in digests:
            return None
        whole = sum(job.got or 0 for job in self.readable())
        if len(digests) == 1 and self.examples == whole:
            return digests[0]
        return digest_of({"examples": self.examples, "rows": digests})

    @property
    def content_digests(self) -> tuple[str, ...]:
        """The digests of the files in the store whose rows readers get, in order; of a job that gave no rows, none.

        Of a label spec that turned to asking for rows these are its jobs', though it was labelled before.
        """
        if self.num_examples is None:
            return (self.labelling.content,) if self.labelling is not None else ()
        return tuple(job.rows for job in self.readable() if job.rows is not None)

    @property
    def remote_name(self) -> str:
        """Where the definition in force lives on the service; the base name where no job has gone out yet."""
        mine = [job for job in self.jobs if job.fingerprint == self.fingerprint]
        for jobs in ([job for job in mine if not job.superseded], mine):
            if jobs:
                return jobs[-1].remote_name
        return self.base_name

    @property
    def version(self) -> str | None:
        """The service's version that the last readable job made."""
        jobs = self.readable()
        return jobs[-1].version if jobs else None

    @property
    def state(self) -> DatasetState:
        """The worst of the current jobs first."""
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
        # what came to nothing counts only where rows of it are wanted
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
        """A lock with `changed` put in and the keys of `without` taken out."""
        entries = {key: entry for key, entry in self.entries.items() if key not in set(without)}
        entries.update({(entry.dataset_name, entry.backend): entry for entry in changed})
        return Lock(entries)


def digest_of(value: object) -> str:
    """`sha256:` and the digest of `value` as compact JSON with sorted keys."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, in the words of a service
        data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")
    return "sha256:" + sha256(data).hexdigest()
