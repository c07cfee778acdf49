"""The actions for a label spec: compares its texts and definition with what was labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import shell_word
from pioneer_build.plan.generate import find_unsettled, ways_out
from pioneer_build.plan.model import Reason
from pioneer_build.plan.precedence import Candidates
from pioneer_build.plan.reasons import definition_changes
from pioneer_build.spec.request_limits import TEXTS_PER_REQUEST
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.lock.model import Entry, Labelling
    from pioneer_build.plan.model import Choices, Facts, InputFacts
    from pioneer_build.spec.declared import Declared


def find_label(item: Declared, entry: Entry | None, facts: Facts, choices: Choices) -> Candidates:
    """The actions that apply to a label spec.

    Args:
        item: the spec.
        entry: the lock's entry for its dataset; `None` if there is none.
        facts: the store, the backend, and the texts of this spec.
        choices: the flags that change steps.
    """
    found = _compare(item, entry, facts, choices)
    inputs = facts.inputs[item.name]
    if any(action == "label" for action, _ in found.reasons):
        found.add("label", *[Reason("inputs", warning) for warning in inputs.warnings])
    if inputs.unanswered and not facts.free:
        again = Reason("inputs", _sent_before(inputs.unanswered))
        found.reasons += [(action, again) for action in dict(found.reasons) if action in ("label", "restore")]
    return found


def _compare(item: Declared, entry: Entry | None, facts: Facts, choices: Choices) -> Candidates:
    """The same without what is said about the texts themselves."""
    name = item.name
    inputs = facts.inputs[name]
    retry, relabel = name in choices.retry, name in choices.relabel
    new = inputs.new + (inputs.quarantined if retry else 0)
    found = Candidates(inputs.texts)
    for action in ("label", "restore"):
        found.submit(action, -(-new // TEXTS_PER_REQUEST), new)
    if entry is None:
        found.add("label", Reason("inputs", _texts_to_label(new, inputs)))
        return found
    find_unsettled(entry, name, choices, found)
    if not retry:
        _find_refusal(item, entry, facts, found)
    had = entry.labelling
    found.reasons += [("label", change) for change in definition_changes(entry, item)]
    if entry.num_examples is not None:
        text = "the spec had `num_examples`, and now has `inputs`"
        found.add("label", Reason("inputs", text, f"num_examples: {entry.num_examples}", "inputs"))
    elif entry.forgotten and had is not None:
        found.add("restore", Reason("dataset_name", "the spec of this forgotten dataset is back"))
    if had is None:
        found.add("label", Reason("inputs", _texts_to_label(new, inputs)))
        _hold_back(item, entry, facts, choices, found)
        return found
    if (had.fingerprint, had.inputs) != (item.fingerprint, inputs.digest):
        found.add("label", *_changes(had, item, inputs))
        _hold_back(item, entry, facts, choices, found)
        return found
    if retry and inputs.quarantined:
        found.add("label", Reason("inputs", f"{count(inputs.quarantined, 'quarantined text')} will be tried again"))
    if facts.has_whole(had.content):
        if relabel and inputs.new:
            found.add("label", Reason("inputs", f"{count(inputs.new, 'annotation')} will be paid for again"))
        elif entry.num_examples is not None:
            _hold_back(item, entry, facts, choices, found)
        elif not retry:
            found.submit("restore", 0, 0)
        return found
    found.fetch = True
    if relabel:
        text = f"{count(inputs.new, 'annotation')} will be paid for again, and the rows are rebuilt"
        found.add("label", Reason("inputs", text))
    elif inputs.new and not facts.free:
        _wait(item, inputs.new, found)
    return found


def _find_refusal(item: Declared, entry: Entry, facts: Facts, found: Candidates) -> None:
    """Finds out whether the same texts were refused or rejected with the same definition, or don't meet the checks."""
    refusal, kept, inputs = entry.rejection, facts.kept.get(item.name), facts.inputs[item.name]
    is_known = refusal is not None and kept is not None and kept.text.startswith(refusal.reason)
    if kept is not None and kept.broken and not is_known:
        command = ways_out(item.name, "sends the quarantined texts again")
        found.add("blocked", Reason("checks", kept.text), command=command)
        return
    if refusal is None or (refusal.fingerprint, refusal.inputs) != (item.fingerprint, inputs.digest):
        return
    # the lock's checks are those of the rows, not those by which the texts were rejected
    is_within = kept is not None and kept.here and not kept.broken
    if refusal.state == "rejected" and (is_within or (entry.checks != item.checks and not is_known)):
        found.add("label")  # what was rejected is judged again
        return
    text = f"the texts were {'refused' if refusal.state == 'failed' else 'rejected'}: {refusal.reason}"
    found.add("blocked", Reason("dataset_name", text), command=f"pioneer-build apply --retry {shell_word(item.name)}")


def _changes(had: Labelling, item: Declared, inputs: InputFacts) -> list[Reason]:
    if had.inputs == inputs.digest:
        text = f"{count(inputs.new, 'text')} to label with this definition{_not_sent(inputs.new, inputs)}"
        return [Reason("inputs", text if inputs.new else _texts_to_label(0, inputs))]
    text = count(inputs.new, "new text") if inputs.new else "no new texts"
    if had.fingerprint != item.fingerprint:
        text = _texts_to_label(inputs.new, inputs)
    if had.texts != inputs.texts:
        text += f"; {had.texts:,} → {count(inputs.texts, 'row')}"
        if had.fingerprint == item.fingerprint and inputs.texts > inputs.distinct:
            text += _not_sent(inputs.new, inputs)
    elif not inputs.new:
        text = "texts, ids or their order changed; all texts already labelled"
    return [Reason("inputs", text, had.texts, inputs.texts)]


def _hold_back(item: Declared, entry: Entry, facts: Facts, choices: Choices, found: Candidates) -> None:
    """Refuses the step if it would pay again for annotations that the lock counts as paid.

    It isn't known which of the texts were paid for, only how many: the number of annotations that were paid for with
    this definition, minus those in the store. If the store doesn't have this dataset's rows, texts of other projects
    with the same definition don't count, only those of these inputs.
    """
    inputs, had = facts.inputs[item.name], entry.labelling
    if facts.free or item.name in choices.relabel or not inputs.new:
        return
    paid = dict(entry.paid).get(item.fingerprint, 0)
    held = inputs.held
    if had is not None and had.fingerprint == item.fingerprint and had.content not in facts.present:
        paid, held = min(paid, had.distinct), inputs.distinct - inputs.new
    if again := min(max(0, paid - held), inputs.new):
        _wait(item, again, found)


def _wait(item: Declared, again: int, found: Candidates) -> None:
    requests = -(-again // TEXTS_PER_REQUEST)
    cost = count(requests, "request")
    were, are = ("was", "is") if again == 1 else ("were", "are")
    text = (
        f"{count(again, 'annotation')} {were} paid for, but {are} missing from the store: labelling again costs {cost}"
    )
    found.add("fetch", Reason("inputs", text), command=f"pioneer-build apply --relabel {shell_word(item.name)}")
    found.refused = "paid annotations are missing from the store"


def _sent_before(texts: int) -> str:
    was, it = ("was", "it") if texts == 1 else ("were", "them")
    return (
        f"{count(texts, 'text')} {was} sent before, and no response was recorded: labelling {it} again may cost twice"
    )


def _texts_to_label(number: int, inputs: InputFacts) -> str:
    if number:
        return f"{count(number, 'text')} to label{_not_sent(number, inputs)}"
    texts = "its text is" if inputs.distinct == 1 else f"all {count(inputs.distinct, 'text')}"
    return f"{texts} already labelled{' or quarantined' if inputs.quarantined else ''}"


def _not_sent(number: int, inputs: InputFacts) -> str:
    """Why only `number` of the texts are sent, as the end of a sentence; nothing if all are."""
    quarantined = inputs.quarantined if number <= inputs.new else 0  # more: with --retry, these are sent too
    kinds = (
        (inputs.texts - inputs.distinct, "a duplicate", "duplicates"),
        (inputs.distinct - number - quarantined, "already labelled", "already labelled"),
        (quarantined, "quarantined", "quarantined"),
    )
    parts = [f"{many:,} {f'is {one}' if many == 1 else f'are {several}'}" for many, one, several in kinds if many > 0]
    return f"; of {count(inputs.texts, 'text')}, {', '.join(parts)}" if parts else ""
