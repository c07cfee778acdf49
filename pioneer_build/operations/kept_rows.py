"""What changed checks make of the rows that datasets have, for a plan.

Rows are read only where checks changed, or where rows are missing and a job of the definition was rejected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.plan import entry_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pioneer_build.lock.model import Entry, Lock
    from pioneer_build.plan import InputFacts, KeptRows
    from pioneer_build.project.config import Config
    from pioneer_build.spec.declared import Declared


def read_kept_rows(
    config: Config,
    declared: Iterable[Declared],
    lock: Lock,
    inputs: Mapping[str, InputFacts],
    again: Collection[str] = (),
) -> dict[str, KeptRows]:
    """Judges the rows of all datasets whose checks changed, and those of rejected jobs where rows are missing.

    Args:
        config: the settings of the project: backend, store and checks.
        declared: the specs to plan.
        lock: their entries; those of datasets named in `no_overlap_with`, too.
        inputs: facts about the texts of label specs.
        again: datasets whose rows are judged even if their checks did not change.
    """
    waiting = [
        (item, entry)
        for item in declared
        if (entry := _waiting(item, lock, config.backend, again=item.name in again)) is not None
    ]
    if not waiting:
        return {}
    from pioneer_build.operations.judged_rows import judge_all  # store, rows and checks: only where they are needed

    return judge_all(config, waiting, lock, inputs, again)


def _waiting(item: Declared, lock: Lock, backend: str, *, again: bool) -> Entry | None:
    """The spec's entry, if it has rows or annotations that other checks may have accepted, or rejected."""
    entry, _ = entry_for(item, lock, backend)
    changed = entry is not None and (entry.checks != item.checks or entry.fingerprint != item.fingerprint)
    if entry is None or not (changed or again or any(job.state == "rejected" for job in entry.jobs)):
        return None  # without reading anything, for nearly all datasets
    if item.spec.is_label:
        return entry if changed and (entry.labelling is not None or entry.rejection is not None) else None
    mine = (job for job in entry.jobs if job.fingerprint == item.fingerprint and job.rows is not None)
    return entry if any(mine) else None
