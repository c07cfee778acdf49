"""Merges two locks that have a common ancestor, as git does with two branches.

An entry that only one side changed is taken from that side as it is; if that side removed it, it is removed. Of an
entry that both sides changed, each field is taken from the side that changed it. Only if both sides changed the same
field to different values is there a choice. It doesn't depend on which side is ours, and it is reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pioneer_build.lock.branches import are_compared, merge_branches_of_entry
from pioneer_build.lock.deletions import with_deleted
from pioneer_build.lock.lineages import Renames, lineages, renames_of
from pioneer_build.lock.merge import RANK, head_order, join_records, merge_entries, merge_jobs, text_of
from pioneer_build.lock.model import MIXED_CHECKS, Entry, Job, Lock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pioneer_build.lock.gold import GoldMeasure
    from pioneer_build.lock.lineages import EntryKey
    from pioneer_build.lock.model import Corrections

MergeSide: TypeAlias = Literal["ours", "theirs"]

#: The fields that follow the spec. A change of one of them is a decision of a person, and not the progress of a job.
_FROM_THE_SPEC: Final = ("definition", "num_examples", "protect", "on_change", "checks")
#: What was made of a definition and its inputs, or why it wasn't.
_RESULTS: Final = ("labelling", "rejection", "parts", "sampled")
#: How often names that clash are given up one after the other, before all renames are. Only a chain of names, each of
#: which is another dataset's next one, takes more rounds than two or three.
_MOST_ROUNDS: Final = 16


@dataclass(frozen=True, slots=True)
class MergeChoice:
    """Both sides changed the same field of an entry to different values, and one value was taken.

    `field` is a key of the entry in the lock; `dataset` means that one side removed the dataset and the other one
    changed it. `kept` is the side whose value was taken.
    """

    dataset_name: str
    backend: str
    field: str
    kept: MergeSide


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged lock, and the choices that were made, in the order of its entries."""

    lock: Lock
    choices: tuple[MergeChoice, ...] = ()


def merge3(base: Lock, ours: Lock, theirs: Lock) -> Merged:
    """Merges two locks with their common ancestor.

    If only one side changed anything, the result is that side. Job ids are kept, but for those of entries that one side
    removed and the other one didn't change.

    Args:
        base: the common ancestor; an empty lock if there is none.
        ours: one side.
        theirs: the other side. Exchanging the sides doesn't change the lock.
    """
    renames = renames_of(base, ours, theirs)
    for tried in count():
        entries: dict[EntryKey, Entry] = {}
        choices: list[MergeChoice] = []
        clashing: set[EntryKey] = set()
        for one in lineages(base, ours, theirs, renames):
            merging = _Merging(one.key, one.base, one.ours, one.theirs)
            if (entry := merging.merged()) is not None:
                if one.key in entries:
                    clashing.add(one.key)
                entries[one.key] = entry
            choices += merging.choices
        if not clashing:
            return Merged(Lock(entries), tuple(choices))
        # each round may free one name of a chain only; without renames, nothing can clash
        renames = renames.without(_in_the_way(renames, clashing)) if tried < _MOST_ROUNDS else Renames({}, {})
    raise AssertionError("it ends without renames at the latest")


def _in_the_way(renames: Renames, clashing: Collection[EntryKey]) -> set[EntryKey]:
    """The datasets that can't have their new name, by their key in the common ancestor.

    Either another dataset gets that name as well, or it was to leave its old one to a dataset that can't have it.
    """
    moved = [*renames.ours.items(), *renames.theirs.items()]
    return {old for old, new in moved if new in clashing or old in clashing}


# -- one entry -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Merging:
    """One entry of the three locks; `None` where a lock doesn't have it. `choices` are those made so far."""

    key: EntryKey
    base: Entry | None
    ours: Entry | None
    theirs: Entry | None
    choices: list[MergeChoice] = field(default_factory=list)

    def merged(self) -> Entry | None:
        """The merged entry; `None` if it is removed."""
        base, ours, theirs = self.base, self.ours, self.theirs
        if (side := _changed_by(base, ours, theirs)) is not None:
            return ours if side == "ours" else theirs
        if ours is None or theirs is None:
            self._note("dataset", "theirs" if ours is None else "ours")
            return ours or theirs
        if base is None:
            return self._both_added(ours, theirs)
        return self._both_changed(base, ours, theirs)

    def _both_added(self, ours: Entry, theirs: Entry) -> Entry:
        """Everything that can't be joined is taken from one side, as without an ancestor."""
        if head_order(ours) != head_order(theirs):
            kept: MergeSide = "ours" if head_order(ours) > head_order(theirs) else "theirs"
            for name in ("definition", "num_examples", "on_change", "checks", *_RESULTS):
                if _value(ours, name) != _value(theirs, name):
                    self._note(name, kept)
        return merge_branches_of_entry(ours, theirs)

    def _both_changed(self, base: Entry, ours: Entry, theirs: Entry) -> Entry:
        sides: Mapping[MergeSide, Entry] = {"ours": ours, "theirs": theirs}
        first: MergeSide = "ours" if head_order(ours) >= head_order(theirs) else "theirs"
        defined = sides[self._taken(base, ours, theirs, "definition", first)]
        sized = sides[self._taken(base, ours, theirs, "num_examples", first)]
        other_kind = (sized.num_examples is None) != (defined.num_examples is None)
        if other_kind and _value(ours, "definition") != _value(theirs, "definition"):
            sized = defined  # whether it is generated, labelled or mixed belongs to the definition
        results = {
            name: _value(sides[self._taken(base, ours, theirs, name, _fitting(name, defined, sides, first))], name)
            for name in _RESULTS
        }
        made, rejection = results["labelling"] or results["parts"], results["rejection"]
        if made is not None and rejection is not None and _about(made) == _about(rejection):
            results["rejection"] = None  # one side has what the other one couldn't get
        merged = replace(
            merge_entries(ours, theirs),  # what is joined without regard to the ancestor
            definition=defined.definition,
            fingerprint=defined.fingerprint,
            task_type=defined.task_type,
            num_examples=sized.num_examples,
            base_name=_base_name(base, ours, theirs),
            protect=sides[self._taken(base, ours, theirs, "protect", first)].protect,
            on_change=sides[self._taken(base, ours, theirs, "on_change", first)].on_change,
            checks=sides[self._taken(base, ours, theirs, "checks", first)].checks,
            forgotten=self._forgotten(base, ours, theirs),
            jobs=_merge_jobs(base.jobs, ours.jobs, theirs.jobs),
            **results,
        )
        merged = replace(merged, checks=_checks_of_rows(merged, ours, theirs))
        corrections = self._measured(base, ours, theirs, "corrections", {merged.content})
        contents = {merged.content, corrections.content if corrections is not None else None}
        return replace(merged, corrections=corrections, gold=self._measured(base, ours, theirs, "gold", contents))

    def _taken(self, base: Entry, ours: Entry, theirs: Entry, name: str, prefer: MergeSide) -> MergeSide:
        """The side whose value of a field is taken: the one that changed it; if both did, the preferred one."""
        side = _changed_by(_value(base, name), _value(ours, name), _value(theirs, name))
        if side is None:
            self._note(name, prefer)
            return prefer
        return side

    def _measured(self, base: Entry, ours: Entry, theirs: Entry, name: str, contents: set[str | None]) -> Any:
        """A measure or corrections: if both sides have others, those that are about the merged rows."""

        def order(record: GoldMeasure | Corrections | None) -> tuple[bool, bool, str]:
            rows = None if record is None else getattr(record, "applied_to", None) or record.content
            return record is not None, rows in contents, text_of(record)

        here, there = _value(ours, name), _value(theirs, name)
        prefer: MergeSide = "ours" if order(here) >= order(there) else "theirs"
        return here if self._taken(base, ours, theirs, name, prefer) == "ours" else there

    def _forgotten(self, base: Entry, ours: Entry, theirs: Entry) -> bool:
        """Whether the spec is removed: not if one side removed it and the other one changed it."""
        if ours.forgotten == theirs.forgotten:
            return ours.forgotten
        kept: MergeSide = "theirs" if ours.forgotten else "ours"
        entry = theirs if ours.forgotten else ours
        if base.forgotten:
            return False  # one side brought it back
        if all(_value(base, name) == _value(entry, name) for name in _FROM_THE_SPEC):
            return True
        self._note("dataset", kept)
        return False

    def _note(self, name: str, kept: MergeSide) -> None:
        self.choices.append(MergeChoice(*self.key, name, kept))


def _value(entry: Entry, name: str) -> Any:
    """A field; the definition together with what belongs to it."""
    if name == "definition":
        return entry.fingerprint, entry.definition, entry.task_type
    return getattr(entry, name)


def _checks_of_rows(merged: Entry, ours: Entry, theirs: Entry) -> Mapping[str, Any]:
    """The checks that all rows of the merged entry were judged by, so that a plan judges those that were not.

    If each side has rows that the other one doesn't have, they were judged by different ones; and if these are of ready
    jobs, they were not compared with each other. The checks of a side are those of its own definition: of its rows of
    another one they say nothing.
    """
    rows = _judged_rows(merged, merged.fingerprint)
    sides = [side for side in (ours, theirs) if side.fingerprint == merged.fingerprint]
    for checks in (merged.checks, *(side.checks for side in sides)):
        with_these = [side for side in sides if side.checks == checks]
        judged = [_judged_rows(side, merged.fingerprint) for side in with_these]
        if rows <= set[object]().union(*judged) and are_compared(merged, with_these):
            return checks
    return MIXED_CHECKS


def _judged_rows(entry: Entry, fingerprint: str) -> set[object]:
    """The jobs of a definition with their rows; for a label spec, the rows that were made of its annotations."""
    rows: set[object] = {
        (job.key, job.rows, job.state) for job in entry.jobs if job.fingerprint == fingerprint and job.rows is not None
    }
    return rows if entry.labelling is None else {*rows, entry.labelling.content}


def _changed_by(before: object, here: object, there: object) -> MergeSide | None:
    """The side whose value is taken, because the other one is as before, or the same; `None` if both changed it.

    Args:
        before: the value of the common ancestor.
        here: that of our side.
        there: that of their side.
    """
    if here == there or there == before:
        return "ours"
    return "theirs" if here == before else None


def _base_name(base: Entry, ours: Entry, theirs: Entry) -> str:
    """The side that changed it, as ever; of two new names the smaller one, which needs no mention."""
    side = _changed_by(base.base_name, ours.base_name, theirs.base_name)
    names = {"ours": ours.base_name, "theirs": theirs.base_name}
    return min(names.values()) if side is None else names[side]


def _about(result: Any) -> tuple[str, str]:
    return result.fingerprint, result.inputs


def _fitting(name: str, defined: Entry, sides: Mapping[MergeSide, Entry], first: MergeSide) -> MergeSide:
    """Of two results, the side of that of the merged definition; otherwise the first one."""
    fits = {
        side: (result := _value(entry, name)) is not None and result.fingerprint == defined.fingerprint
        for side, entry in sides.items()
    }
    if fits["ours"] == fits["theirs"]:
        return first
    return "ours" if fits["ours"] else "theirs"


def _merge_jobs(base: tuple[Job, ...], ours: tuple[Job, ...], theirs: tuple[Job, ...]) -> tuple[Job, ...]:
    """The union of the jobs; a record that only one side changed is taken from that side.

    If one side deleted a name on the service, what the other one had made under it is gone as well.
    """
    before, here, there = ({job.key: job for job in jobs} for jobs in (base, ours, theirs))
    merged = merge_jobs(
        _merge_records(before.get(key), [side[key] for side in (here, there) if key in side])
        for key in {**here, **there}
    )
    return with_deleted(merged)


def _merge_records(before: Job | None, records: list[Job]) -> Job:
    """One job: the changed record, unless it knows less than before."""
    changed = [record for record in records if record != before] or records
    if len(changed) == 1 and (before is None or RANK[changed[0].state] >= RANK[before.state]):
        return changed[0]
    return join_records(records)
