"""The plan, and what it is made of: values only."""

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

#: Of all that fits a spec, the first of these decides the action. A spec that has no job yet is a `create`; `forget`
#: and `delete` are of datasets without a spec.
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

#: Actions that leave the project as its specs say, so that `check` passes and `plan --detailed-exitcode` gives 0.
SETTLED: frozenset[Action] = frozenset({"none", "fetch"})


@dataclass(frozen=True, slots=True)
class InputFacts:
    """What is known of a label spec's texts.

    `digest` covers texts and ids in order; `texts` counts rows, `distinct` different texts; `new` those with no
    annotation under the spec's definition; `quarantined` those that were given up; `held` all texts that the store
    has under this definition, from whatever project.
    """

    digest: str
    texts: int
    distinct: int
    new: int
    quarantined: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the planner is told of the world.

    `backend` is the one the plan is for; `free` says that its work costs nothing and comes out the same again (the
    local engine). `present` holds the digests of rows that are in the store. `inputs` has the texts of each label
    spec. `taken` maps remote names, known from elsewhere (the journal), to the fingerprint they were made for.
    `unwritten` names datasets of which more is known than pioneer.lock says: from the journal, or from the sides of
    a git conflict. `requests_per_minute` is the limit of the backend, if it has one.
    """

    backend: str
    free: bool = False
    present: Container[str] = ()
    inputs: Mapping[str, InputFacts] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)
    unwritten: Collection[str] = ()
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user said on the command line that changes steps: sets of dataset names, and `--delete-remote`."""

    resubmit: frozenset[str] = frozenset()
    retry: frozenset[str] = frozenset()
    relabel: frozenset[str] = frozenset()
    delete_remote: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step is as it is: the spec's key and a sentence; for a changed field its old and new value too."""

    field: str
    text: str
    old: Any = None
    new: Any = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one dataset needs.

    `requests` are the paid ones, `examples` the rows they ask for, `total` the rows the dataset will have.
    `remote_name` is where a submission goes; `fetch` says that rows must be got as well; `refused` is why `apply`
    will not do the step, `command` the one command that helps. `evidence` is all that the step was decided on, or
    the digest of it.
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
        """The digest of what the step was decided on: made when asked for, as only a saved plan needs it."""
        return self.evidence if isinstance(self.evidence, str) else digest_of(self.evidence())


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps, one a dataset, by name."""

    backend: str
    steps: tuple[Step, ...]
    requests_per_minute: int | None = None
    choices: Choices = field(default_factory=Choices)

    @property
    def changes(self) -> bool:
        """Whether anything is pending."""
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
        """The least time the requests take under the limit of requests a minute."""
        if not self.requests_per_minute or not self.requests:
            return 0
        return (self.requests - 1) // self.requests_per_minute * 60

    def counts(self) -> dict[str, int]:
        """How many steps there are of each action, by action."""
        counted: dict[str, int] = {}
        for step in self.steps:
            counted[step.action] = counted.get(step.action, 0) + 1
        return dict(sorted(counted.items()))

    def only(self, names: Collection[str]) -> Plan:
        """The part of the plan that is about `names`."""
        return replace(self, steps=tuple(step for step in self.steps if step.dataset_name in names))
