"""What would have to be submitted to make the datasets what the specs say, and why.

`make_plan` takes values and returns values: it reads nothing, and the same facts give the same plan. A step has one
action and its reasons; a reason explains and never decides. docs/plan.md has the table of changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pioneer_build.fingerprint import short
from pioneer_build.lock.merge import merge_entries
from pioneer_build.lock.values import Entry, digest_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pioneer_build.fingerprint import Definition
    from pioneer_build.lock.values import DatasetState, Job, Lock
    from pioneer_build.spec import Spec

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

#: Actions that leave the project as its specs say, so that `check` passes and `plan --detailed-exitcode` gives 0.
SETTLED: frozenset[Action] = frozenset({"none", "fetch"})

#: The API document, "Auto-label text for NER": between 1 and 1,000 strings per request.
TEXTS_PER_REQUEST = 1000


@dataclass(frozen=True, slots=True)
class Declared:
    """A spec with its canonical definition, that definition's fingerprint, and the checks in force."""

    spec: Spec
    definition: Definition
    fingerprint: str
    checks: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self.spec.dataset_name


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
    `requests_per_minute` is the limit of the backend, if it has one.
    """

    backend: str
    free: bool = False
    present: Collection[str] = ()
    inputs: Mapping[str, InputFacts] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)
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
    will not do the step, `command` the one command that helps. `basis` digests all that the step was decided on.
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
    basis: str = ""

    @property
    def submits(self) -> bool:
        """Whether `apply` would send something that is paid for."""
        return self.requests > 0 and self.refused is None


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
        return sum(step.requests for step in self.steps if step.refused is None)

    @property
    def examples(self) -> int:
        """Rows that those requests ask for."""
        return sum(step.examples for step in self.steps if step.refused is None)

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


def make_plan(specs: Iterable[Declared], lock: Lock, facts: Facts, choices: Choices | None = None) -> Plan:
    """The plan that makes the datasets of `facts.backend` what `specs` say.

    Args:
        specs: every spec of the project; names are unique, and no `renamed_from` names a living spec.
        lock: what was built, with what the journal knows already taken over.
        facts: the store, the inputs and the backend.
        choices: the flags that change steps.
    """
    chosen = choices or Choices()
    declared = sorted(specs, key=lambda item: item.name)
    names = {item.name for item in declared}
    moved = {
        item.spec.renamed_from
        for item in declared
        if item.spec.renamed_from and lock.get(item.spec.renamed_from, facts.backend)
    }
    gone = [entry for entry in lock.on(facts.backend) if entry.dataset_name not in names | moved]
    names_in_use = _names_in_use(lock, facts)
    steps = [_step(item, lock, facts, chosen, gone, names_in_use) for item in declared]
    fresh = {item.fingerprint: item.name for item, step in zip(declared, steps, strict=True) if step.action == "create"}
    steps += [step for entry in gone if (step := _removed(entry, chosen, fresh)) is not None]
    return Plan(
        backend=facts.backend,
        steps=tuple(sorted(steps, key=lambda step: step.dataset_name)),
        requests_per_minute=facts.requests_per_minute,
        choices=chosen,
    )


def entry_for(declared: Declared, lock: Lock, backend: str) -> tuple[Entry | None, str | None]:
    """The entry that stands for a spec, and the name it is renamed from where that is still to be done."""
    entry = lock.get(declared.name, backend)
    old_name = declared.spec.renamed_from
    old = lock.get(old_name, backend) if old_name is not None and old_name != declared.name else None
    if old is None:
        return entry, None
    carried = replace(old, dataset_name=declared.name)
    return (carried if entry is None else merge_entries(entry, carried)), old_name


def state_of(entry: Entry | None, step: Step | None) -> DatasetState:
    """The dataset's state: the worst of its jobs first, then whether it is as its spec says."""
    if entry is None or (entry.state == "new" and not entry.jobs):
        return "new"
    if entry.state in ("unknown", "open", "failed", "rejected", "forgotten"):
        return entry.state
    if step is not None and step.action not in SETTLED:
        return "changed"
    return entry.state


def remembered(declared: Declared) -> dict[str, Any]:
    """The settings of a spec that the lock remembers."""
    spec = declared.spec
    return {"protect": spec.protect, "on_change": spec.on_change, "checks": dict(declared.checks)}


# -- one spec ------------------------------------------------------------------------------------------------------


def _step(
    item: Declared,
    lock: Lock,
    facts: Facts,
    choices: Choices,
    gone: Sequence[Entry],
    names_in_use: Mapping[str, tuple[str, str]],
) -> Step:
    entry, renamed_from = entry_for(item, lock, facts.backend)
    reasons: list[Reason] = []
    if renamed_from is not None:
        reasons.append(Reason("renamed_from", f"was '{renamed_from}'", renamed_from, item.name))
    updates = _updates(item, entry)
    build = _label_step if item.spec.is_label else _generate_step
    step = build(item, entry, facts, choices)
    if step.action == "none":
        action: Action = "none"
        if renamed_from is not None:
            action = "rename"
        elif updates:
            action = "update"
        elif step.fetch:
            action = "fetch"
        step = replace(step, action=action)
    if step.action == "create":
        reasons += [
            Reason("renamed_from", f"same definition as '{old.dataset_name}', which was removed: `renamed_from:"
                   f" {old.dataset_name}` keeps its rows and buys nothing")
            for old in gone
            if old.fingerprint == item.fingerprint and (old.num_examples is None) == item.spec.is_label
        ]  # fmt: skip
    protected = entry is not None and entry.protect
    refused = step.refused
    if protected and step.action == "replace":
        refused = "protected: the spec in the lock says `protect: true`"
    return replace(
        step,
        reasons=(*reasons, *step.reasons, *updates),
        remote_name=remote_name_for(item, entry, names_in_use),
        renamed_from=renamed_from,
        protected=protected,
        refused=refused,
        basis=_basis(item, entry, facts, choices),
    )


def _updates(item: Declared, entry: Entry | None) -> tuple[Reason, ...]:
    if entry is None:
        return ()
    had = {"protect": entry.protect, "on_change": entry.on_change, "checks": dict(entry.checks)}
    return tuple(
        Reason(name, f"{name} changed", had[name], value)
        for name, value in remembered(item).items()
        if had[name] != value
    )


def _generate_step(item: Declared, entry: Entry | None, facts: Facts, choices: Choices) -> Step:
    spec, name = item.spec, item.name
    wanted = spec.num_examples or 0
    plain = Step(name, "none", total=wanted)
    if entry is None:
        return replace(plain, action="create", requests=1, examples=wanted, reasons=(Reason("dataset_name", "new"),))
    settled = name in choices.resubmit
    unknown = [job for job in entry.jobs if job.state == "unknown"]
    if unknown and not settled:
        text = f"a submission of {unknown[0].asked:,} examples was sent and not answered"
        return replace(
            plain,
            action="reconcile",
            reasons=(Reason("dataset_name", text), *_definition_changes(entry, item)),
            command=f"pioneer-build apply --resubmit {name}",
        )
    open_jobs = [job for job in entry.jobs if job.state == "open"]
    if open_jobs and name not in choices.retry:
        text = ", ".join(f"job {job.job_id} is open" for job in open_jobs)
        return replace(
            plain, action="resume", reasons=(Reason("dataset_name", text), *_definition_changes(entry, item))
        )
    jobs = [job for job in entry.jobs if job.fingerprint == item.fingerprint]
    ready = [job for job in jobs if job.state == "ready"]
    changed = entry.fingerprint != item.fingerprint
    was_label = entry.num_examples is None
    main = [job for job in jobs if not job.top_up]
    last = main[-1] if main else None
    same_request = not changed and wanted == entry.num_examples and not _rejudged(item, entry)
    if last is not None and last.state in ("failed", "rejected") and same_request and name not in choices.retry:
        text = last.reason or f"the last job {last.state}"
        return replace(
            plain,
            action="blocked",
            reasons=(Reason("dataset_name", text),),
            command=f"pioneer-build apply --retry {name}",
        )
    if last is not None and last.state == "rejected" and _rejudged(item, entry) and not changed and not ready:
        return replace(plain, fetch=_lacks([last], facts))
    fetch = _lacks(ready, facts)
    asked = sum(job.asked for job in ready if not job.top_up)
    more = max(0, wanted - asked)
    reasons = list(_definition_changes(entry, item))
    if was_label:
        reasons.append(
            Reason("inputs", "the spec had inputs, and now asks for rows", "inputs", f"num_examples: {wanted}")
        )
    if not ready:
        others = any(job.accepted for job in entry.jobs if job.fingerprint != item.fingerprint)
        if last is not None:
            reasons.append(Reason("dataset_name", f"the last job {last.state}: {last.reason or 'no reason given'}"))
        return replace(
            plain,
            action="replace" if others else "create",
            requests=1,
            examples=wanted,
            reasons=tuple(reasons) or (Reason("dataset_name", "new"),),
        )
    if changed or entry.forgotten:
        if entry.forgotten:
            reasons.append(Reason("dataset_name", "it was forgotten, and its spec is back"))
        if not more:
            reasons.append(Reason("dataset_name", f"{asked:,} rows of this definition are there already"))
        return replace(
            plain,
            action="restore",
            requests=1 if more else 0,
            examples=more,
            reasons=(*reasons, *_more_reason(asked, wanted)),
            fetch=fetch,
        )
    had = entry.num_examples or 0
    if more or wanted > had:
        sized = _more_reason(asked, wanted) or (
            Reason("num_examples", f"{had:,} → {wanted:,}, of {asked:,} made already", had, wanted),
        )
        return replace(plain, action="extend", requests=1 if more else 0, examples=more, reasons=sized, fetch=fetch)
    if (short_of := _to_top_up(item, entry, ready, wanted)) > 0:
        text = f"{short_of:,} rows are missing: the service gave fewer that passed"
        return replace(
            plain,
            action="extend",
            requests=1,
            examples=short_of,
            reasons=(Reason("top_up", text),),
            fetch=fetch,
        )
    if wanted < had:
        text = f"{had:,} → {wanted:,}; the store keeps all"
        reason = Reason("num_examples", text, had, wanted)
        return replace(plain, action="shrink", reasons=(reason,), fetch=fetch)
    reasons_for_fetch = (Reason("dataset_name", "its rows are not on this machine"),) if fetch else ()
    return replace(plain, fetch=fetch, reasons=reasons_for_fetch)


def _more_reason(asked: int, wanted: int) -> tuple[Reason, ...]:
    if wanted <= asked:
        return ()
    return (Reason("num_examples", f"{asked:,} → {wanted:,}", asked, wanted),)


def _to_top_up(item: Declared, entry: Entry, ready: Sequence[Job], wanted: int) -> int:
    """How many accepted rows are missing and may be asked for again."""
    top_up = item.spec.top_up
    if top_up is None or any(job.got is None for job in ready):
        return 0
    attempts = sum(1 for job in entry.jobs if job.top_up and job.fingerprint == item.fingerprint)
    if attempts >= top_up.max_attempts:
        return 0
    return max(0, wanted - sum(job.got or 0 for job in ready))


def _rejudged(item: Declared, entry: Entry) -> bool:
    return dict(entry.checks) != dict(item.checks)


def _lacks(jobs: Iterable[Job], facts: Facts) -> bool:
    return any(job.rows is not None and job.rows not in facts.present for job in jobs)


def _label_step(item: Declared, entry: Entry | None, facts: Facts, choices: Choices) -> Step:
    name = item.name
    inputs = facts.inputs[name]
    new = inputs.new + (inputs.quarantined if name in choices.retry else 0)
    requests = -(-new // TEXTS_PER_REQUEST)
    plain = Step(name, "none", total=inputs.texts)
    had = entry.labelling if entry is not None else None
    refusal = entry.rejection if entry is not None else None
    if (
        refusal is not None
        and (refusal.fingerprint, refusal.inputs) == (item.fingerprint, inputs.digest)
        and name not in choices.retry
    ):
        return replace(
            plain,
            action="blocked",
            reasons=(Reason("dataset_name", refusal.reason),),
            command=f"pioneer-build apply --retry {name}",
        )
    label = replace(plain, action="label", requests=requests, examples=new)
    if entry is None or had is None:
        reasons = _definition_changes(entry, item) if entry is not None else ()
        text = f"{new:,} texts to label" if new != 1 else "1 text to label"
        step = replace(label, reasons=(*reasons, Reason("inputs", text)))
    else:
        reasons_list = list(_definition_changes(entry, item))
        if entry.forgotten:
            reasons_list.append(Reason("dataset_name", "it was forgotten, and its spec is back"))
        if had.inputs != inputs.digest:
            reasons_list.append(_inputs_reason(had.texts, inputs, new))
        elif had.fingerprint != item.fingerprint:
            reasons_list.append(
                Reason("inputs", f"{new:,} of {inputs.distinct:,} texts to label under this definition")
            )
        elif name in choices.retry and inputs.quarantined:
            reasons_list.append(Reason("inputs", f"{inputs.quarantined:,} quarantined texts are tried again"))
        if reasons_list:
            step = replace(label, reasons=tuple(reasons_list))
        elif new:
            text = f"{new:,} annotations are not on this machine"
            step = replace(label, reasons=(Reason("inputs", text),))
            if facts.free:
                return replace(plain, fetch=True, reasons=step.reasons)
        else:
            gone = had.content not in facts.present
            lacking = (Reason("dataset_name", "its rows are not on this machine"),) if gone else ()
            return replace(plain, fetch=gone, reasons=lacking)
    return _waiting(step, item, entry, inputs, choices) if not facts.free else step


def _inputs_reason(before: int, inputs: InputFacts, new: int) -> Reason:
    text = f"{new:,} new text{'' if new == 1 else 's'}"
    if before != inputs.texts:
        text += f"; {before:,} → {inputs.texts:,} rows"
    elif not new:
        text = "texts, ids or their order changed; nothing new to label"
    return Reason("inputs", text, before, inputs.texts)


def _waiting(step: Step, item: Declared, entry: Entry | None, inputs: InputFacts, choices: Choices) -> Step:
    """The same step, held back where it would buy again what the lock counts as paid."""
    if entry is None or item.name in choices.relabel or not inputs.new:
        return step
    paid = dict(entry.paid).get(item.fingerprint, 0)
    had = entry.labelling
    if had is not None and had.fingerprint == item.fingerprint and had.inputs == inputs.digest:
        again = min(paid, inputs.new)
    else:
        again = min(max(0, paid - inputs.held), inputs.new)
    if not again:
        return step
    text = (
        f"{again:,} annotations were paid for and are not in the store: sending them again costs"
        f" {-(-again // TEXTS_PER_REQUEST):,} request{'' if again <= TEXTS_PER_REQUEST else 's'}"
    )
    return replace(
        step,
        reasons=(*step.reasons, Reason("inputs", text)),
        refused="paid annotations are missing from the store",
        command=f"pioneer-build apply --relabel {item.name}",
    )


# -- a spec that is gone -------------------------------------------------------------------------------------------


def _removed(entry: Entry, choices: Choices, fresh: Mapping[str, str]) -> Step | None:
    action: Action
    if choices.delete_remote and not entry.deleted:
        action = "delete"
    elif not entry.forgotten:
        action = "forget"
    else:
        return None
    reasons = [Reason("dataset_name", "its spec was removed")]
    if (twin := fresh.get(entry.fingerprint)) is not None:
        text = f"'{twin}' has the same definition: `renamed_from: {entry.dataset_name}` there keeps its rows"
        reasons.append(Reason("renamed_from", text))
    refused = None
    if entry.protect:
        refused = "protected: the spec in the lock says `protect: true`"
    return Step(
        entry.dataset_name,
        action,
        reasons=tuple(reasons),
        remote_name=entry.remote_name,
        protected=entry.protect,
        refused=refused,
        basis=digest_of([_entry_facts(entry), choices.delete_remote]),
    )


# -- remote names --------------------------------------------------------------------------------------------------


def _names_in_use(lock: Lock, facts: Facts) -> dict[str, tuple[str, str]]:
    """Remote names that hold something, with the dataset and fingerprint they were made for."""
    used = {name: ("", fingerprint) for name, fingerprint in facts.taken.items()}
    for entry in lock.on(facts.backend):
        for job in entry.jobs:
            if job.accepted or job.state == "unknown":
                used[job.remote_name] = (entry.dataset_name, job.fingerprint)
    return used


def remote_name_for(item: Declared, entry: Entry | None, in_use: Mapping[str, tuple[str, str]]) -> str:
    """Where a submission of this definition goes.

    The first definition of a dataset goes to its own name, each further one to `NAME-<8 hex>`: the service appends
    to what exists. A name that holds something else is never chosen.
    """
    base = entry.base_name if entry is not None else item.name
    jobs = entry.jobs if entry is not None else ()
    for job in reversed(jobs):
        if job.fingerprint == item.fingerprint and (job.accepted or job.state == "unknown"):
            return job.remote_name
    if item.spec.on_change == "new_version" and any(job.accepted for job in jobs):
        return next(job.remote_name for job in reversed(jobs) if job.accepted)
    owners = {
        item.name,
        entry.dataset_name if entry is not None else item.name,
        item.spec.renamed_from or item.name,
        "",
    }
    digits = item.fingerprint.partition(":")[2]
    for candidate in (base, f"{base}-{short(item.fingerprint)}", *(f"{base}-{digits[:n]}" for n in (12, 16, 24, 64))):
        owner = in_use.get(candidate)
        if owner is None or (owner[1] == item.fingerprint and owner[0] in owners):
            return candidate
    return f"{base}-{digits}"


# -- reasons and bases ---------------------------------------------------------------------------------------------


def _definition_changes(entry: Entry, item: Declared) -> tuple[Reason, ...]:
    """A reason for each key of the definition that changed, with old and new value; lists as added and removed."""
    if entry.fingerprint == item.fingerprint:
        return ()
    old, new = entry.definition, item.definition
    reasons = []
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if isinstance(before or after, list):
            was, now = before or [], after or []
            added = [value for value in now if value not in was]
            removed = [value for value in was if value not in now]
            parts = [f"+ {_brief(value)}" for value in added] + [f"- {_brief(value)}" for value in removed]
            reasons.append(Reason(key, ", ".join(parts), removed, added))
        else:
            reasons.append(Reason(key, f"{_brief(before)} → {_brief(after)}", before, after))
    return tuple(reasons)


def _brief(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, dict):
        return f"{_brief(value.get('text'))} ({value.get('label')})"
    return f'"{value}"'


def _entry_facts(entry: Entry | None) -> Any:
    if entry is None:
        return None
    jobs = [[job.job_id, job.fingerprint, job.state, job.asked, job.got, job.rows] for job in entry.jobs]
    labelling = entry.labelling
    seen = [labelling.inputs, labelling.fingerprint, labelling.content] if labelling is not None else None
    refusal = entry.rejection
    refused = [refusal.fingerprint, refusal.inputs] if refusal is not None else None
    return [entry.fingerprint, entry.num_examples, jobs, seen, refused, entry.protect, entry.forgotten, entry.base_name]


def _basis(item: Declared, entry: Entry | None, facts: Facts, choices: Choices) -> str:
    spec = item.spec
    inputs = facts.inputs.get(item.name)
    return digest_of(
        [
            _entry_facts(entry),
            item.fingerprint,
            spec.num_examples,
            spec.renamed_from,
            remembered(item),
            None if inputs is None else [inputs.digest, inputs.new, inputs.quarantined],
            [item.name in chosen for chosen in (choices.resubmit, choices.retry, choices.relabel)],
        ]
    )
