"""What changed checks make of the rows that datasets have, for a plan.

Rows are read only where checks changed, or where rows are missing and a job of the definition was rejected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.plan import entry_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

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
    found = ((item, entry_for(item, lock, config.backend)[0]) for item in declared)
    waiting = [
        (item, entry) for item, entry in found if entry is not None and _waits(item, entry, again=item.name in again)
    ]
    return _judge(config, waiting, lock, inputs, again)


def judge_entry(config: Config, item: Declared, entry: Entry, lock: Lock, again: Collection[str]) -> KeptRows | None:
    """What becomes of the rows of a generate spec whose dataset has this entry; `None` if nothing does.

    Args:
        config: the settings of the project: backend, store and checks.
        item: the spec.
        entry: the entry, maybe with more jobs than that of the lock.
        lock: has the datasets named in `no_overlap_with`.
        again: datasets whose rows are judged even if their checks did not change.
    """
    waiting = [(item, entry)] if _waits(item, entry, again=item.name in again) else []
    return _judge(config, waiting, lock, {}, again).get(item.name)


def _judge(
    config: Config,
    waiting: Sequence[tuple[Declared, Entry]],
    lock: Lock,
    inputs: Mapping[str, InputFacts],
    again: Collection[str],
) -> dict[str, KeptRows]:
    if not waiting:
        return {}
    from pioneer_build.operations.judged_rows import judge_all  # store, rows and checks: only where they are needed

    return judge_all(config, waiting, lock, inputs, again)


def _waits(item: Declared, entry: Entry, *, again: bool) -> bool:
    """Whether an entry has rows or annotations that other checks may have accepted, or rejected."""
    changed = entry.checks != item.checks or entry.fingerprint != item.fingerprint
    if not (changed or again or entry.rejection or any(job.state == "rejected" for job in entry.jobs)):
        return False  # without reading anything, for nearly all datasets
    if item.spec.is_label:
        return entry.rejection is not None or (changed and entry.labelling is not None)
    return any(job.fingerprint == item.fingerprint and job.rows is not None for job in entry.jobs)
