"""What changed checks make of the rows that datasets have, for a plan.

Rows are read only where checks changed, or where rows are missing and a job of the definition was rejected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import StoreError
from pioneer_build.lock.pending_renames import entry_for, old_names_of, with_new_names
from pioneer_build.operations.label_texts import NO_TEXTS, LabelTexts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pioneer_build.apply.other_rows import OtherRows
    from pioneer_build.lock.model import Entry, Lock
    from pioneer_build.operations.judged_rows import RowsJudge
    from pioneer_build.plan import InputFacts, KeptRows
    from pioneer_build.project.config import Config
    from pioneer_build.spec.declared import Declared


class RowsElsewhere:
    """The datasets that have rows with which others can't be compared here; only membership can be tested.

    Args:
        config: the settings of the project: backend and store.
        declared: all specs of the project.
        lock: what was built.
        texts: what label specs have as inputs.
        but_lost: only those with rows that are neither owed nor deleted on the service.
    """

    def __init__(
        self, config: Config, declared: Sequence[Declared], lock: Lock, texts: LabelTexts, *, but_lost: bool = False
    ) -> None:
        self._config, self._declared, self._lock, self._texts = config, declared, lock, texts
        self._rows: OtherRows | None = None
        self._but_lost = but_lost

    def but_lost(self) -> RowsElsewhere:
        """Those of them with rows that are neither owed nor deleted on the service."""
        return RowsElsewhere(self._config, self._declared, self._lock, self._texts, but_lost=True)

    def __contains__(self, name: object) -> bool:
        if self._rows is None:  # most plans ask for none
            renames = old_names_of(self._declared)
            named = with_new_names(self._lock, renames, self._config.backend)
            self._rows = late_rows_judge(self._config, (named, self._texts)).others
        try:
            return isinstance(name, str) and self._rows.are_elsewhere(name, but_lost=self._but_lost)
        except StoreError:  # who needs the store says so
            return False


def read_kept_rows(
    config: Config,
    declared: Sequence[Declared],
    lock: Lock,
    inputs: Mapping[str, InputFacts],
    again: Collection[str] = (),
    texts: LabelTexts = NO_TEXTS,
) -> dict[str, KeptRows]:
    """Judges the rows of all datasets whose checks changed, and those of rejected jobs where rows are missing.

    Args:
        config: the settings of the project: backend, store and checks.
        declared: the specs to plan.
        lock: their entries; those of datasets named in `no_overlap_with`, too.
        inputs: facts about the texts of label specs.
        again: datasets whose rows are judged even if their checks did not change.
        texts: what label specs have as inputs.
    """
    found = ((item, entry_for(item, lock, config.backend)[0]) for item in declared)
    waiting = [
        (item, entry) for item, entry in found if entry is not None and _waits(item, entry, again=item.name in again)
    ]
    if not waiting:
        return {}
    named = with_new_names(lock, old_names_of(declared), config.backend)
    return _judge(config, waiting, (named, texts), inputs, again)


def judge_entry(
    config: Config,
    item: Declared,
    entry: Entry,
    lock: Lock,
    again: Collection[str],
    texts: LabelTexts = NO_TEXTS,
) -> KeptRows | None:
    """What becomes of the rows of a generate spec whose dataset has this entry; `None` if nothing does.

    Args:
        config: the settings of the project: backend, store and checks.
        item: the spec.
        entry: the entry, maybe with more jobs than that of the lock.
        lock: has the datasets named in `no_overlap_with`, under the names of the specs.
        again: datasets whose rows are judged even if their checks did not change.
        texts: what label specs have as inputs.
    """
    waiting = [(item, entry)] if _waits(item, entry, again=item.name in again) else []
    return _judge(config, waiting, (lock, texts), {}, again).get(item.name)


def _judge(
    config: Config,
    waiting: Sequence[tuple[Declared, Entry]],
    others: tuple[Lock, LabelTexts],
    inputs: Mapping[str, InputFacts],
    again: Collection[str],
) -> dict[str, KeptRows]:
    return late_rows_judge(config, others).judge_all(waiting, inputs, again) if waiting else {}


def late_rows_judge(config: Config, others: tuple[Lock, LabelTexts]) -> RowsJudge:
    """What `judged_rows.rows_judge` returns, which is imported only now; `others` are its lock and its texts."""
    from pioneer_build.operations.judged_rows import rows_judge  # store, rows and checks: only where they are needed

    return rows_judge(config, *others)


def _waits(item: Declared, entry: Entry, *, again: bool) -> bool:
    """Whether an entry has rows or annotations that other checks may have accepted, or rejected."""
    changed = entry.checks != item.checks or entry.fingerprint != item.fingerprint
    if not (changed or again or entry.rejection or any(job.state == "rejected" for job in entry.jobs)):
        return False  # without reading anything, for nearly all datasets
    if item.spec.is_label:
        return entry.rejection is not None or (changed and entry.labelling is not None)
    return any(job.fingerprint == item.fingerprint and job.rows is not None for job in entry.jobs)
