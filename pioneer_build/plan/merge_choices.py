"""Says in a plan what a merge of pioneer.lock has chosen, where that may be why something is to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pioneer_build.plan.model import SETTLED, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.lock.three_way import MergeChoice, MergeSide
    from pioneer_build.plan.model import Plan

#: What people call the fields, where that isn't the name of a spec key.
_WORDS: Final = {
    "definition": "the definition",
    "labelling": "the labelled rows",
    "rejection": "the reason for its rejection",
    "parts": "the mixed rows",
    "sampled": "the sample",
    "gold": "the measurement with gold",
    "corrections": "the corrected rows",
}


def choice_texts(choices: Iterable[MergeChoice], sides: Mapping[MergeSide, str]) -> tuple[str, ...]:
    """Sentences about the choices for one dataset.

    Args:
        choices: those of one dataset on one backend.
        sides: what to call our side and their side.
    """
    fields: dict[MergeSide, list[str]] = {}
    texts = []
    for choice in choices:
        if choice.field == "dataset":
            texts.append(
                f"one side of the merge removed this dataset and the other changed it: kept as in {sides[choice.kept]}"
            )
        else:
            fields.setdefault(choice.kept, []).append(_WORDS.get(choice.field, choice.field))
    for kept, names in fields.items():
        what = " and ".join((", ".join(names[:-1]), names[-1]) if len(names) > 1 else names)
        texts.append(f"both sides of the merge changed {what}: kept as in {sides[kept]}")
    return tuple(texts)


def with_choices(plan: Plan, choices: Iterable[MergeChoice], sides: Mapping[MergeSide, str]) -> Plan:
    """The plan with a reason for each choice about a dataset that has something to do.

    Args:
        plan: the plan.
        choices: those of the merge, on all backends.
        sides: what to call our side and their side.
    """
    by_name: dict[str, list[MergeChoice]] = {}
    for choice in choices:
        if choice.backend == plan.backend:
            by_name.setdefault(choice.dataset_name, []).append(choice)
    if not by_name:
        return plan
    steps = tuple(
        replace(step, reasons=(*step.reasons, *(Reason("dataset_name", text) for text in choice_texts(mine, sides))))
        if (mine := [*by_name.get(step.dataset_name, ()), *by_name.get(step.renamed_from or "", ())])
        and step.action not in SETTLED
        else step
        for step in plan.steps
    )
    return replace(plan, steps=steps)
