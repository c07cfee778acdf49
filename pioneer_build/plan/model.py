"""The plan, and the facts that it is made from: values only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pioneer_build.lock.model import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Mapping


Action: TypeAlias = Literal[
    "create",
    "reconcile",
    "resume",
    "blocked",
    "replace",
    "restore",
    "label",
    "extend",
    "shrink",
    "rename",
    "forget",
    "delete",
    "update",
    "fetch",
    "none",
]

#: If several actions apply to a spec, the first of these takes precedence. A spec that has no job yet is a `create`;
#: `forget` and `delete` are for datasets without a spec.
PRECEDENCE: tuple[Action, ...] = (
    "reconcile",
    "resume",
    "blocked",
    "create",
    "replace",
    "restore",
    "label",
    "extend",
    "shrink",
    "rename",
    "update",
    "fetch",
    "none",
)

#: Actions that are no changes: `check` passes, and `plan --detailed-exitcode` exits with 0.
SETTLED: frozenset[Action] = frozenset({"none", "fetch"})


@dataclass(frozen=True, slots=True)
class InputFacts:
    """Facts about the texts of a label spec.

    `digest` covers texts and ids in order; `texts` counts rows, `distinct` different texts; `new` texts without an
    annotation for the spec's definition; `quarantined` texts that were quarantined; `held` all texts that the store has
    for this definition, from any project.
    """

    digest: str
    texts: int
    distinct: int
    new: int
    quarantined: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the planner knows besides the specs and the lock.

    `backend` is the one that the plan is for; `free` means that its work costs nothing and gives the same result again
    (the local engine). `present` contains the digests of rows that are in the store. `inputs` has the facts about the
    texts of each label spec. `taken` maps remote names that the journal knows to the fingerprint they were used for.
    `unwritten` has the names of datasets about which more is known than pioneer.lock says: from the journal, or from
    the sides of a git conflict. `left_out` has the datasets whose specs exist but can't be read here, with the spec and
    why; `ignored` are sentences about what else is probably a spec and isn't read. `requests_per_minute` is the rate
    limit of the backend, if it has one.
    """

    backend: str
    free: bool = False
    present: Container[str] = ()
    inputs: Mapping[str, InputFacts] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)
    unwritten: Collection[str] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """The flags that change steps: sets of dataset names, and `--delete-remote`."""

    resubmit: frozenset[str] = frozenset()
    retry: frozenset[str] = frozenset()
    relabel: frozenset[str] = frozenset()
    delete_remote: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step has its action: a key of the spec and a text; for a changed key also its old and new value.

    The field `dataset_name` means that the text is about the dataset as a whole.
    """

    field: str
    text: str
    old: Any = None
    new: Any = None

    @property
    def key(self) -> str | None:
        """The key of the spec that the text is about; `None` if it is about the dataset as a whole."""
        return None if self.field == "dataset_name" else self.field

    @property
    def line(self) -> str:
        """The reason for people: `labels: + "refund"`, or `new dataset`."""
        return self.text if self.key is None else f"{self.key}: {self.text}"


@dataclass(frozen=True, slots=True)
class Step:
    """What one dataset needs.

    `requests` counts paid requests, `examples` the rows that they request, `total` the rows that the dataset will have.
    `remote_name` is the name for a submission on the service; `fetch` means that rows have to be fetched as well;
    `refused` is why `apply` will refuse the step, `command` the command that helps. `evidence` is everything that
    determined the step, or its digest.
    """

    dataset_name: str
    action: Action
    reasons: tuple[Reason, ...] = ()
    requests: int = 0
    examples: int = 0
    total: int = 0
    remote_name: str = ""
    renamed_from: str | None = None
    protected: bool = False
    fetch: bool = False
    refused: str | None = None
    command: str | None = None
    evidence: Callable[[], object] | str = field(default="", compare=False, repr=False)

    @property
    def submits(self) -> bool:
        """Whether `apply` would send something that is paid for."""
        return self.requests > 0 and self.refused is None

    @property
    def basis(self) -> str:
        """The digest of what determined the step: computed on demand, because only a saved plan needs it."""
        return self.evidence if isinstance(self.evidence, str) else digest_of(self.evidence())


@dataclass(frozen=True, slots=True)
class Skipped:
    """A dataset of the lock about which a plan says nothing: its spec exists, but can't be read here."""

    dataset_name: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps, one for each dataset, sorted by name.

    `skipped` are datasets without a step, sorted by name; `ignored` are sentences about files and folders that are
    probably specs and aren't read.
    """

    backend: str
    steps: tuple[Step, ...]
    requests_per_minute: int | None = None
    choices: Choices = field(default_factory=Choices)
    skipped: tuple[Skipped, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether changes are pending."""
        return any(step.action not in SETTLED for step in self.steps)

    @property
    def requests(self) -> int:
        """Paid requests that `apply` would send."""
        return sum(step.requests for step in self.steps if step.submits)

    @property
    def examples(self) -> int:
        """Rows that those requests ask for."""
        return sum(step.examples for step in self.steps if step.submits)

    @property
    def seconds_at_least(self) -> int:
        """The least time that the requests take with the limit of requests per minute."""
        if not self.requests_per_minute or not self.requests:
            return 0
        return (self.requests - 1) // self.requests_per_minute * 60

    def counts(self) -> dict[str, int]:
        """The number of steps of each action, sorted by action."""
        counted: dict[str, int] = {}
        for step in self.steps:
            counted[step.action] = counted.get(step.action, 0) + 1
        return dict(sorted(counted.items()))

    def only(self, names: Collection[str]) -> Plan:
        """The part of the plan for the datasets `names`."""
        steps = tuple(step for step in self.steps if step.dataset_name in names)
        skipped = tuple(one for one in self.skipped if one.dataset_name in names)
        return replace(self, steps=steps, skipped=skipped)
