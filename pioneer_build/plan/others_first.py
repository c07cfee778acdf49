"""Steps that need the rows of other datasets (`no_overlap_with`), and whether these come by their own steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pioneer_build.escaping import shell_word
from pioneer_build.plan.model import blocked_without
from pioneer_build.wording import SHARED_STORE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pioneer_build.plan.model import Action, Facts, Step
    from pioneer_build.spec.declared import Declared

#: Actions that judge rows, or request some, and can be put off. What was paid for is taken in whatever is missing.
_PUT_OFF: Final[frozenset[Action]] = frozenset({"create", "replace", "restore", "extend", "shrink", "rename", "update"})
#: Actions that make rows, or take them in.
_MAKES: Final[frozenset[Action]] = frozenset({"label", "restore", "resume", "reconcile"})


def wait_for_others(
    steps: Sequence[Step], declared: Sequence[Declared], facts: Facts, retry: Collection[str] = ()
) -> list[Step]:
    """The steps, where those are blocked that need rows of another dataset which no step brings to this machine.

    Args:
        steps: those of all specs.
        declared: the specs.
        facts: with the datasets whose rows are elsewhere.
        retry: the datasets for which rows are requested again: they don't wait for rows that are owed or deleted.
    """
    naming = {item.name: names for item in declared if (names := _named(item))}
    if not naming:
        return list(steps)
    by_name = {step.dataset_name: step for step in steps}
    labels = frozenset(item.name for item in declared if item.spec.is_label)
    return [
        _waiting(
            step,
            naming[step.dataset_name],
            by_name,
            labels,
            replace(facts, elsewhere=facts.elsewhere_but_lost) if step.dataset_name in retry else facts,
        )
        if step.dataset_name in naming
        else step
        for step in steps
    ]


def _named(item: Declared) -> Sequence[str]:
    return () if item.spec.is_label else item.checks.get("no_overlap_with", ())


def _waiting(
    step: Step, names: Sequence[str], by_name: Mapping[str, Step], labels: frozenset[str], facts: Facts
) -> Step:
    """The step as it is with the rows that come by other steps.

    Args:
        step: a step of a generate spec.
        names: the datasets that it names.
        by_name: all steps.
        labels: the datasets that have a label spec.
        facts: with the datasets whose rows are elsewhere.
    """
    kept = facts.kept.get(step.dataset_name)
    judges = kept is not None and bool(kept.awaits)
    if step.refused is not None or step.action not in _PUT_OFF or not (step.requests or judges):
        return step
    lacks = [name for name in names if name in facts.elsewhere]
    for name in lacks:
        other = by_name.get(name)
        if not _brings(other, is_label=name in labels):
            why, command = _way(name, other, facts, is_label=name in labels)
            return blocked_without(step, name, why, command=command)
    return replace(step, awaits=tuple(lacks)) if lacks else step


def _brings(step: Step | None, *, is_label: bool) -> bool:
    """Whether the rows of a dataset are on this machine after its step, as far as is known."""
    if step is None or step.refused is not None:
        return False
    if step.action == "blocked":
        return step.fetch and not is_label
    return step.fetch or step.requests > 0 or step.action in _MAKES


def _way(name: str, other: Step | None, facts: Facts, *, is_label: bool) -> tuple[str, str]:
    """Why the rows of a dataset don't come, as the end of a sentence, and the command that brings them."""
    if other is None:
        left_out = facts.left_out.get(name)
        return f", and {left_out}" if left_out else "", SHARED_STORE
    if is_label and other.action != "blocked" and facts.inputs[name].new:
        relabel = f"pioneer-build apply --relabel {shell_word(name)}  (pays for its annotations again)"
        return ", and neither are its annotations", f"{SHARED_STORE}, or: {relabel}"
    why = other.refused or (other.reasons[0].text if other.reasons else "")
    return f": {why}" if why else "", other.command or f"pioneer-build plan --select {shell_word(name)}"
