"""Datasets whose spec was removed: forgotten, deleted on the service, or skipped if a checkout left it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pioneer_build.plan.model import Reason, Skipped, Step, kept_on_service
from pioneer_build.plan.remote_names import names_to_delete
from pioneer_build.plan.renames import is_same_dataset
from pioneer_build.plan.saved_plan_basis import entry_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pioneer_build.lock.model import Entry
    from pioneer_build.plan.model import Action, Choices, Facts
    from pioneer_build.spec.declared import Declared

PROTECTED: Final = "protected: pioneer.lock has `protect: true`"
#: What to do if the spec of a protected dataset was removed.
UNPROTECT_REMOVED = (
    "restore the spec, remove `protect` from it, and run pioneer-build apply; then remove the spec and apply again"
)


def without_left_out(gone: Iterable[Entry], facts: Facts) -> tuple[list[Entry], tuple[Skipped, ...]]:
    """Entries without a spec whose spec was removed, and those whose spec is only left out: these are skipped."""
    entries = list(gone)
    skipped = tuple(
        Skipped(entry.dataset_name, facts.left_out[entry.dataset_name])
        for entry in entries
        if entry.dataset_name in facts.left_out and not entry.forgotten
    )
    return [entry for entry in entries if entry.dataset_name not in facts.left_out], skipped


def removed_step(
    entry: Entry, facts: Facts, choices: Choices, fresh: Sequence[Declared], in_use: Mapping[str, str]
) -> Step | None:
    """The step of a dataset whose spec was removed; `None` if there is nothing to do.

    Args:
        entry: what the lock has of it.
        facts: the store, the inputs and the backend.
        choices: the flags that change steps.
        fresh: specs of datasets that the lock doesn't have.
        in_use: the remote names of other datasets, each with one that uses it.
    """
    action: Action
    held = names_to_delete(entry) if choices.delete_remote else ()
    others = {name: user for name, user in in_use.items() if user != entry.dataset_name}
    deletes = tuple(name for name in held if name not in others and name not in facts.stays)
    if deletes:
        action = "delete"
    elif not entry.forgotten:
        action = "forget"
    else:
        return None
    reasons = [Reason("dataset_name", "spec removed")]
    reasons += [kept_on_service(name, others[name]) for name in held if name in others]
    reasons += [
        Reason("dataset_name", facts.stays[name]) for name in held if name in facts.stays and name not in others
    ]
    for twin in fresh:
        if is_same_dataset(twin, entry, facts):
            text = f"'{twin.name}' has the same definition: `renamed_from: {entry.dataset_name}` there keeps these rows"
            reasons.append(Reason("renamed_from", text))
    return Step(
        entry.dataset_name,
        action,
        reasons=tuple(reasons),
        remote_name=entry.remote_name,
        protected=entry.protect,
        refused=PROTECTED if entry.protect else None,
        command=UNPROTECT_REMOVED if entry.protect else None,
        deletes=deletes,
        stays=tuple(name for name in held if name not in deletes),
        evidence=lambda: [entry_facts(entry), choices.delete_remote, *([deletes] if deletes else [])],
    )
