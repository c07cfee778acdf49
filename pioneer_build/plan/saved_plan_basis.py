"""What a step was decided on: a saved plan is refused for a dataset where that has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.plan.reasons import remembered

if TYPE_CHECKING:
    from pioneer_build.lock.model import Entry
    from pioneer_build.plan.model import Choices, Facts
    from pioneer_build.spec.declared import Declared


def entry_facts(entry: Entry | None) -> object:
    """What decides of an entry."""
    if entry is None:
        return None
    jobs = [
        [
            *(*job.key, job.fingerprint, job.state, job.asked, job.got, job.rows, job.deleted),
            *(name for name, is_so in (("owed", job.owed), ("superseded", job.superseded)) if is_so),
        ]
        for job in entry.jobs
    ]
    labelling, refusal = entry.labelling, entry.rejection
    return [
        entry.fingerprint,
        entry.num_examples,
        jobs,
        [labelling.inputs, labelling.fingerprint, labelling.content] if labelling is not None else None,
        [refusal.fingerprint, refusal.inputs] if refusal is not None else None,
        sorted(map(list, entry.paid)),
        [entry.protect, entry.on_change, dict(entry.checks)],
        entry.forgotten,
        entry.base_name,
    ]


def step_evidence(item: Declared, entry: Entry | None, facts: Facts, choices: Choices) -> object:
    """What decided the step of a spec, as JSON values.

    Args:
        item: the spec.
        entry: what the lock has of the dataset.
        facts: the store, the inputs and the backend.
        choices: the flags that change steps.
    """
    spec = item.spec
    inputs, kept = facts.inputs.get(spec.dataset_name), facts.kept.get(spec.dataset_name)
    judged = [] if kept is None else [[kept.text, [[*job.key, job.state, job.got] for job in kept.jobs]]]
    return [
        *judged,
        entry_facts(entry),
        item.fingerprint,
        spec.num_examples,
        spec.renamed_from,
        None if spec.top_up is None else spec.top_up.max_attempts,
        remembered(item),
        None if inputs is None else [inputs.digest, inputs.new, inputs.quarantined],
        [spec.dataset_name in chosen for chosen in (choices.resubmit, choices.retry, choices.relabel)],
    ]
