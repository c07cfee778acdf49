"""Compares all specs of a project with its lock: the plan."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pioneer_build.lock.deletions import deleted_names
from pioneer_build.lock.model import Lock
from pioneer_build.lock.pending_renames import entry_for
from pioneer_build.plan.generate import find_generate
from pioneer_build.plan.label import find_label
from pioneer_build.plan.lost_rows import owed_text
from pioneer_build.plan.model import SETTLED, Choices, Plan, Reason, Step
from pioneer_build.plan.others_first import wait_for_others
from pioneer_build.plan.reasons import remembered, setting_changes
from pioneer_build.plan.remote_names import RemoteNames, names_in_use
from pioneer_build.plan.removed_specs import PROTECTED, removed_step, without_left_out
from pioneer_build.plan.renames import rename_hints
from pioneer_build.plan.saved_plan_basis import step_evidence
from pioneer_build.spec.request_limits import SENDS_PER_TEXT, TEXTS_PER_REQUEST, label_requests_at_most

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pioneer_build.lock.model import DatasetState, Entry
    from pioneer_build.plan.model import Action, Facts, KeptRows
    from pioneer_build.plan.precedence import Candidates
    from pioneer_build.spec.declared import Declared

__all__ = ["lock_with", "make_plan", "remembered", "state_of", "staying", "would_buy"]

_UNPROTECT = "remove `protect` from the spec and apply; then change it"
_UNPROTECTED = "pioneer-build apply  (removes the protection; the apply after that makes the change)"


def make_plan(specs: Iterable[Declared], lock: Lock, facts: Facts, choices: Choices | None = None) -> Plan:
    """The plan after which the datasets of `facts.backend` match the specs.

    Args:
        specs: every spec of the project; names are unique, and no `renamed_from` is the name of another spec.
        lock: what was built, including jobs that only the journal has.
        facts: the store, the inputs and the backend.
        choices: the flags that change steps.
    """
    chosen = choices or Choices()
    declared = sorted(specs, key=lambda item: item.spec.dataset_name)
    taken = {item.spec.dataset_name for item in declared}
    names = RemoteNames(lock, facts, frozenset(taken))
    taken.update(item.spec.renamed_from for item in declared if item.spec.renamed_from is not None)
    backend = facts.backend
    gone = [entry for (name, where), entry in lock.entries.items() if where == backend and name not in taken]
    gone.sort(key=lambda entry: entry.dataset_name)
    gone, skipped = without_left_out(gone, facts)
    steps = [_step(item, lock, facts, chosen, gone, names) for item in declared]
    steps = wait_for_others(steps, declared, facts, chosen.retry)
    if gone:
        fresh = [item for item in declared if entry_for(item, lock, backend)[0] is None]
        removed = {entry.dataset_name for entry in gone}
        in_use = names_in_use(staying(lock, backend, removed)) if chosen.delete_remote else {}
        steps += [step for entry in gone if (step := removed_step(entry, facts, chosen, fresh, in_use)) is not None]
        steps.sort(key=lambda step: step.dataset_name)
    sure = tuple(_if_sure(step, facts) for step in steps)
    return Plan(backend, sure, facts.requests_per_minute, chosen, skipped, facts.ignored, facts.remarks)


def _if_sure(step: Step, facts: Facts) -> Step:
    """The step, refused if it may buy a second time what a lost record says was bought, or adopt another's job."""
    if facts.unsure is None or step.action == "label" or not (step.submits or step.action == "reconcile"):
        return step
    if step.refused is not None:
        return step
    return replace(step, refused=facts.unsure[0], command=facts.unsure[1])


def staying(lock: Lock, backend: str, removed: Collection[str]) -> list[Entry]:
    """The entries whose data on the service is kept whatever is deleted.

    Args:
        lock: what was built.
        backend: the name of the backend in the lock.
        removed: the names of the datasets whose specs were removed.
    """
    return [entry for entry in lock.on(backend) if entry.dataset_name not in removed or entry.protect]


def lock_with(declared: Declared, entry: Entry | None, lock: Lock, backend: str) -> Lock:
    """A lock with nothing but the entries of a spec.

    Args:
        declared: the spec.
        entry: the dataset's entry, in the place of those that the lock has under its names; `None` for these.
        lock: what was built.
        backend: the name of the backend in the lock.
    """
    if entry is not None:
        return Lock({(entry.dataset_name, entry.backend): entry})
    names = (declared.name, declared.spec.renamed_from or declared.name)
    return Lock({key: lock.entries[key] for name in names if (key := (name, backend)) in lock.entries})


def would_buy(declared: Declared, entry: Entry | None, lock: Lock, facts: Facts, choices: Choices) -> int:
    """How many examples the step of a spec would pay for.

    Args:
        declared: the spec.
        entry: the dataset's entry, in the place of those that the lock has under its names; `None` for these.
        lock: what was built.
        facts: the store and the backend; for a label spec also its texts.
        choices: the flags that change steps.
    """
    whole, _ = entry_for(declared, lock_with(declared, entry, lock, facts.backend), facts.backend)
    found = (find_label if declared.spec.is_label else find_generate)(declared, whole, facts, choices)
    action = found.action()
    requests, examples = found.requests.get(action, (0, 0))
    return examples if requests > 0 and _refusal(declared, whole, found, action) is None else 0


def state_of(entry: Entry | None, step: Step | None) -> DatasetState:
    """The state of a dataset: that of its worst job, or else whether it is up to date with its spec."""
    if entry is None or (entry.state == "new" and not entry.jobs):
        return "new"
    if entry.state in ("unknown", "open", "failed", "rejected", "forgotten"):
        return entry.state
    if step is not None and step.action in ("reconcile", "resume"):  # of an earlier definition
        return "unknown" if step.action == "reconcile" else "open"
    if step is not None and step.action not in SETTLED:
        return "changed"
    if entry.state == "ready" and any(job.owed for job in entry.current()):
        return "changed"  # nobody who reads it here gets all rows
    return entry.state


# -- one spec ------------------------------------------------------------------------------------------------------


def _step(
    item: Declared, lock: Lock, facts: Facts, choices: Choices, gone: Sequence[Entry], names: RemoteNames
) -> Step:  # fmt: skip
    entry, renamed_from = entry_for(item, lock, facts.backend)
    found = (find_label if item.spec.is_label else find_generate)(item, entry, facts, choices)
    leading: list[Reason] = []
    if renamed_from is not None:
        found.fits.add("rename")
        leading.append(Reason("renamed_from", f"was '{renamed_from}'", renamed_from, item.name))
    if entry is None:
        leading += rename_hints(item, gone, facts)
    else:
        if updates := setting_changes(entry, item):
            found.add("update", *updates)
        kept = facts.kept.get(item.name)
        if kept is not None and not kept.broken:
            found.add("update", Reason("checks", kept.text))
        if item.name in facts.unwritten:
            found.add("update", Reason("dataset_name", "pioneer.lock is out of date: `apply` updates it"))
    if found.fetch:
        found.add("fetch", *_why_fetched(entry, facts, facts.kept.get(item.name)))
    if found.owed:
        found.fetch = True
        found.add("fetch", *(Reason("dataset_name", owed_text(job)) for job in found.owed))
    action, reasons = found.action(), found.all_reasons()
    # what blocks a step comes first: `apply` says only that, and `check` points to its key
    reasons = (*reasons, *leading) if action == "blocked" else (*leading, *reasons)
    refused = _refusal(item, entry, found, action)
    requests, examples = found.requests.get(action, (0, 0))
    remote_name = names.of(item, entry)
    reasons = (*reasons, *_before_buying(found), *_other_name(item, entry, found, remote_name, facts))
    is_paid_label = item.spec.is_label and examples > 0 and not facts.free
    fetch = found.fetch and (found.refused is None or refused is not None)
    command = found.command.get("fetch" if refused is not None and refused == found.refused else action)
    if refused == PROTECTED:
        command = _UNPROTECT if item.spec.protect else _UNPROTECTED
    return Step(
        item.spec.dataset_name,
        action,
        (*reasons, *(Reason("dataset_name", text) for text in facts.notes.get(item.name, ()))),
        requests,
        examples,
        found.total,
        remote_name,
        renamed_from,
        entry is not None and entry.protect,
        fetch,
        refused,
        command,
        _label_requests_at_most(examples) if is_paid_label else None,
        SENDS_PER_TEXT * examples if is_paid_label else None,
        missing=0 if requests else found.missing,
        evidence=partial(step_evidence, item, entry, facts, choices),
    )


def _why_fetched(entry: Entry | None, facts: Facts, kept: KeptRows | None) -> Iterator[Reason]:
    """Why rows are fetched, unless that is said already: they are not here, or damaged."""
    if kept is not None and not kept.here:
        return
    digests = entry.content_digests if entry is not None else ()
    damaged = any(digest in facts.present and digest in facts.damaged for digest in digests)
    yield Reason("dataset_name", f"its rows are {'damaged' if damaged else 'not'} on this machine")


def _before_buying(found: Candidates) -> Iterator[Reason]:
    """What is to be known about a step that requests rows, or is blocked because it would request them again."""
    action = found.action()
    requests, _ = found.requests.get(action, (0, 0))
    if not requests and action != "blocked":
        return
    for name in found.rejected_elsewhere:
        text = f"the rows of {name}, which was rejected, are not on this machine: `apply` fetches and checks them"
        otherwise = " first (if the service does not provide them, it continues without them)" if requests else ""
        yield Reason("dataset_name", f"{text}{otherwise}")


def _other_name(
    item: Declared, entry: Entry | None, found: Candidates, remote_name: str, facts: Facts
) -> Iterator[Reason]:
    """Why rows are requested under another name than before, if they are.

    Args:
        item: the spec.
        entry: the lock's entry.
        found: the actions that apply.
        remote_name: the name under which rows are requested.
        facts: which names were deleted.
    """
    requests, _ = found.requests.get(found.action(), (0, 0))
    if not requests or item.spec.is_label:
        return
    jobs = entry.jobs if entry is not None else ()
    if any(job.remote_name == remote_name for job in jobs):
        return
    deleted = deleted_names(jobs).union(facts.deleted)
    before = [job.remote_name for job in jobs if job.fingerprint == item.fingerprint and job.remote_name in deleted]
    if before:
        text = f"'{before[-1]}' was deleted on the service, so more rows are requested under another name"
        yield Reason("dataset_name", text)
    elif not jobs and item.name in deleted and remote_name != item.name:
        yield Reason(
            "dataset_name", f"'{item.name}' was deleted on the service, so rows are requested under another name"
        )


def _label_requests_at_most(texts: int) -> int:
    whole, rest = divmod(texts, TEXTS_PER_REQUEST)
    return whole * label_requests_at_most(TEXTS_PER_REQUEST) + (label_requests_at_most(rest) if rest else 0)


def _refusal(item: Declared, entry: Entry | None, found: Candidates, action: Action) -> str | None:
    """Why `apply` will refuse the step."""
    if entry is not None and entry.protect and _replaces(action, item, entry):
        return PROTECTED
    return found.refused if action in ("label", "restore", "fetch") else None


def _replaces(action: Action, item: Declared, entry: Entry | None) -> bool:
    """Whether the step replaces the content of a protected dataset: by another definition, bought or restored."""
    if action == "replace":
        return True
    if action not in ("label", "restore") or entry is None:
        return False
    if not item.spec.is_label:  # also if its rows were labelled before
        return entry.fingerprint != item.fingerprint or entry.num_examples is None
    if entry.labelling is None or entry.num_examples is not None:
        return bool(entry.readable())
    return entry.labelling.fingerprint != item.fingerprint


# -- a removed spec ------------------------------------------------------------------------------------------------
