"""The plan, and the facts that it is made from: values only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pioneer_build.escaping import shell_word
from pioneer_build.lock.model import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Mapping, Sequence

    from pioneer_build.lock.model import Job
    from pioneer_build.plan.cost import Estimate, Rates


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

#: Actions that are no changes: `check` passes, and `plan --detailed-exitcode` exits with 0.
SETTLED: frozenset[Action] = frozenset({"none", "fetch"})


@dataclass(frozen=True, slots=True)
class InputFacts:
    """Facts about the texts of a label spec.

    `digest` covers texts and ids in order; `texts` counts rows, `distinct` different texts; `new` texts without an
    annotation for the spec's definition; `quarantined` texts that were quarantined; `held` all texts that the store has
    for this definition, from any project. `warnings` are sentences about texts that are probably a mistake.
    `unanswered` texts of those to label were sent before, by a run over the store that has ended, and no response was
    recorded.
    """

    digest: str
    texts: int
    distinct: int
    new: int
    quarantined: int = 0
    held: int = 0
    warnings: tuple[str, ...] = ()
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class KeptRows:
    """What becomes of rows that a dataset has, if they are judged by the spec's checks, which changed.

    `text` says how many pass. `jobs` are all jobs of its entry, as they would be. `broken` says that rows which readers
    have would be lost, so that the dataset stays as it is. If the rows are not on this machine, `here` is false, and
    nobody knows yet; `awaits` are the datasets whose rows have to come before. Of a label spec, only `broken` and
    `text` are used.
    """

    text: str
    jobs: tuple[Job, ...] = ()
    broken: bool = False
    here: bool = True
    awaits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the planner knows besides the specs and the lock.

    `backend` is the one that the plan is for; `free` means that its work costs nothing and gives the same result again
    (the local engine). `present` contains the digests of rows that are in the store, `damaged` those of
    them whose bytes are known to be others. `inputs` has the facts about the
    texts of each label spec. `kept` has what changed checks make of the rows of datasets that have some. `taken` maps
    remote names that the journal knows to the fingerprint they were used for. `unwritten` has the names of datasets
    about which more is known than pioneer.lock says: from the journal, or from the sides of a git conflict. `notes` has
    sentences about a dataset for its step: where its jobs are recorded, if not in the lock. `left_out` has the datasets
    whose specs exist but can't be read here, with the spec and why; `ignored` are sentences about what else is probably
    a spec and isn't read. `unsure` is why jobs may exist that nothing knows of, with the command that helps: then no
    job is submitted. `remarks` are further sentences for the plan. `requests_per_minute` is the rate limit of the
    backend, if it has one. `deleted` are the remote names that were deleted on the service, as far as the lock doesn't
    say it. `stays` has the remote names that are not deleted whatever the specs say, each with a sentence why.
    `elsewhere` contains the datasets with rows that those of others can't be compared with here, `elsewhere_but_lost`
    those of them whose rows are neither owed nor deleted on the service.
    """

    backend: str
    free: bool = False
    present: Container[str] = ()
    inputs: Mapping[str, InputFacts] = field(default_factory=dict)
    kept: Mapping[str, KeptRows] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)
    unwritten: Collection[str] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    unsure: tuple[str, str] | None = None
    remarks: tuple[str, ...] = ()
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    requests_per_minute: int | None = None
    damaged: Container[str] = ()
    deleted: Collection[str] = ()
    stays: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Container[str] = ()
    elsewhere_but_lost: Container[str] = ()

    def has_whole(self, digest: str) -> bool:
        """Whether the store has these rows, as far as is known undamaged."""
        return digest in self.present and digest not in self.damaged


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

    `requests` counts paid requests, `examples` the rows that they request, `total` the rows that the dataset will have,
    but for `missing` ones: fewer were accepted than requested, and nothing is requested for them. `requests_at_most`
    and `examples_at_most` are the worst case, if responses to label requests are missing and texts are sent again;
    `None` if it is the same.
    `remote_name` is the name for a submission on the service; `fetch` means that rows have to be fetched as well;
    `refused` is why `apply` will refuse the step, `command` the command that helps. `deletes` are the names that a
    `delete` step deletes on the service, `stays` those that stay there nevertheless. `evidence` is everything that
    determined the step, or its digest. `awaits` are the datasets whose rows have to come before, by their own steps.
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
    requests_at_most: int | None = None
    examples_at_most: int | None = None
    deletes: tuple[str, ...] = ()
    missing: int = 0
    stays: tuple[str, ...] = ()
    awaits: tuple[str, ...] = ()
    evidence: Callable[[], object] | str = field(default="", compare=False, repr=False)

    @property
    def submits(self) -> bool:
        """Whether `apply` would send something that is paid for."""
        return self.requests > 0 and self.refused is None

    @property
    def sends(self) -> bool:
        """Whether `apply` would have a backend in this process work: for something new, or for a job that is open."""
        return self.submits or (self.action in ("resume", "reconcile") and self.refused is None)

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
class Recipient:
    """An address of a language model, and the name of the variable with the key that goes there, if one does."""

    address: str
    key_variable: str | None = None

    @property
    def said(self) -> str:
        """In a sentence."""
        return f"{self.address} ({f'with the value of {self.key_variable}' if self.key_variable else 'without a key'})"


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps, one for each dataset, sorted by name.

    `skipped` are datasets without a step, sorted by name; `ignored` are sentences about files and folders that are
    probably specs and aren't read; `remarks` are sentences about what the plan was made from, such as the journal.
    `costs` has what the steps that submit something will take of a language model, by dataset, and `rates` its prices;
    both are empty for other backends, as `recipients` are: who requests of the model go to, if any would be sent.
    """

    backend: str
    steps: tuple[Step, ...]
    requests_per_minute: int | None = None
    choices: Choices = field(default_factory=Choices)
    skipped: tuple[Skipped, ...] = ()
    ignored: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    costs: Mapping[str, Estimate] = field(default_factory=dict)
    rates: Rates | None = None
    recipients: tuple[Recipient, ...] = ()

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
    def requests_at_most(self) -> int:
        """Paid requests that `apply` would send in the worst case: see `Step`."""
        return sum(step.requests_at_most or step.requests for step in self.steps if step.submits)

    @property
    def examples_at_most(self) -> int:
        """Rows that those requests ask for."""
        return sum(step.examples_at_most or step.examples for step in self.steps if step.submits)

    @property
    def cost(self) -> Estimate | None:
        """The calls and tokens that those requests will take; `None` if there are none, or if that isn't known."""
        costs = [self.costs[one.dataset_name] for one in self.steps if one.submits and one.dataset_name in self.costs]
        return sum(costs[1:], costs[0]) if costs else None

    @property
    def deletes(self) -> tuple[str, ...]:
        """The names that `apply` would delete on the service."""
        return tuple(sorted({name for step in self.steps if step.refused is None for name in step.deletes}))

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
        """The part of the plan for the datasets `names`.

        What another removed dataset has on the service as well, and isn't selected, is not deleted. A dataset that
        needs rows of another one, which a step brings that isn't selected, is blocked.
        """
        kept = {
            remote_name: step.dataset_name
            for step in self.steps
            if step.dataset_name not in names
            for remote_name in step.deletes
        }
        steps = (without_rows(step, names) for step in self.steps if step.dataset_name in names)
        skipped = tuple(one for one in self.skipped if one.dataset_name in names)
        return replace(self, steps=tuple(_without(step, kept) for step in steps), skipped=skipped)


def _without(step: Step, kept: Mapping[str, str]) -> Step:
    """The step without deleting those names on the service that are `kept` for other datasets."""
    shared = [name for name in step.deletes if name in kept]
    if not shared:
        return step
    return replace(
        step,
        deletes=tuple(name for name in step.deletes if name not in kept),
        stays=(*step.stays, *shared),
        reasons=(*step.reasons, *(kept_on_service(name, kept[name]) for name in shared)),
    )


def without_rows(step: Step, names: Collection[str]) -> Step:
    """The step if the rows that it awaits are to come by the steps of `names` alone: blocked if some don't."""
    lacks = [name for name in step.awaits if name not in names]
    if not lacks:
        return step
    return blocked_without(step, lacks[0], command=f"pioneer-build apply --select {shell_word(lacks[0])}")


def blocked_without(step: Step, name: str, why: str = "", *, command: str) -> Step:
    """The step blocked, because rows that its own are compared with are not on this machine.

    Args:
        step: a step that requests or judges rows.
        name: the dataset that has these rows.
        why: why they don't come, as the end of a sentence.
        command: what helps.
    """
    text = f"rows are compared with those of '{name}' (`no_overlap_with`), which are not on this machine{why}"
    reasons = (Reason("checks", text), *step.reasons)
    return replace(step, action="blocked", reasons=reasons, requests=0, examples=0, command=command, awaits=())


def kept_on_service(remote_name: str, dataset_name: str) -> Reason:
    """Why a name isn't deleted on the service: another dataset has rows there."""
    return Reason("dataset_name", f"'{remote_name}' stays on the service: '{dataset_name}' has rows there")
