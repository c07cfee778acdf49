"""Judges the rows of a dataset, and the annotations of a label spec, as a plan shows it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.apply.judge_kept_rows import jobs_here, judge_rejected_here, rows_to_judge_rejected
from pioneer_build.apply.other_rows import InputTexts, OtherRows
from pioneer_build.apply.stored_rows import raw_rows, rows_are_here
from pioneer_build.checks.bounds import effective_checks
from pioneer_build.checks.changed_checks import KeptBounds, awaits_judging, awaits_rejected, judge_kept, kept_jobs
from pioneer_build.checks.label_bounds import judge_annotations
from pioneer_build.errors import StoreError
from pioneer_build.plan import KeptRows
from pioneer_build.rows import cause_of
from pioneer_build.store import Store
from pioneer_build.wording import count, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pioneer_build.lock.model import Entry, Job, Lock
    from pioneer_build.operations.label_texts import LabelTexts
    from pioneer_build.plan import InputFacts
    from pioneer_build.project.config import Config
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.model import Checks


@dataclass(frozen=True, slots=True)
class RowsJudge:
    """Judges rows by the settings of a project; `others` are the rows of datasets named in `no_overlap_with`."""

    config: Config
    others: OtherRows

    def judge_all(
        self,
        waiting: Iterable[tuple[Declared, Entry]],
        inputs: Mapping[str, InputFacts],
        again: Collection[str] = (),
    ) -> dict[str, KeptRows]:
        """Judges the rows, or annotations, of datasets; those for which nothing changes are left out.

        Args:
            waiting: the specs, with their entries in the lock.
            inputs: facts about the texts of label specs.
            again: datasets whose ready rows are judged even if their checks did not change.
        """
        store, backend = Store(self.config.store), self.config.backend
        found: dict[str, KeptRows | None] = {}
        for item, entry in waiting:
            if item.spec.is_label:
                kept = _annotations(item, inputs[item.name], backend, self._checks(item), store)
                is_news = kept is not None and (kept.broken or _were_rejected(item, entry, inputs[item.name]))
                found[item.name] = kept if is_news else None
            else:
                found[item.name] = judged_rows(item, entry, self.others, self._checks(item), again=item.name in again)
        return {name: kept for name, kept in found.items() if kept is not None}

    def rejected_rows(self, item: Declared, entry: Entry) -> str | None:
        """What the checks reject of the rows that readers of a dataset get; `None` if nothing, or if they are not here.

        Args:
            item: the spec.
            entry: its entry in the lock.
        """
        if item.spec.is_label or not kept_jobs(entry, item):
            return None
        kept = judged_rows(item, entry, self.others, self._checks(item), again=True)
        if kept is None or not kept.here:
            return None
        after = {job.key: job for job in kept.jobs}
        ready = [job for job in entry.readable() if job.rows is not None]
        worse = [job for job in ready if after[job.key].state != "ready" or (after[job.key].got or 0) < (job.got or 0)]
        return kept.text if worse else None

    def _checks(self, item: Declared) -> Checks:
        return effective_checks(self.config.checks, item.spec.checks, item.name)


def rows_judge(config: Config, lock: Lock, texts: LabelTexts) -> RowsJudge:
    """What judges rows, with the store of a project.

    Args:
        config: the settings of the project: backend, store and checks.
        lock: has the datasets named in `no_overlap_with`, under the names of the specs.
        texts: what label specs have as inputs.
    """
    inputs = InputTexts(texts.root, texts.surveyed)
    return RowsJudge(config, OtherRows(Store(config.store), lambda name: lock.get(name, config.backend), inputs))


def judged_rows(
    item: Declared, entry: Entry, others: OtherRows, checks: Checks, *, again: bool = False
) -> KeptRows | None:
    """What becomes of the rows of a dataset; `None` if nothing does.

    If checks did not change, only rejected jobs are judged, and only if rows are missing.

    Args:
        item: the spec.
        entry: its entry in the lock, which has rows of this definition.
        others: the store, with the rows of datasets named in `no_overlap_with`.
        checks: the bounds in force.
        again: whether the ready rows are judged even if checks did not change.
    """
    if not (awaits_judging(entry, item) or again):
        return _rejected_that_pass(item, entry, others, checks)
    changed, store = entry.checks != item.checks, others.store
    jobs = kept_jobs(entry, item)
    try:
        if missing := [job for job in jobs if job.state == "ready" and not rows_are_here(store, job)]:
            names = others.elsewhere(checks, but_lost=again) if awaits_judging(entry, item) else ()
            return _elsewhere(missing, names) if changed or names else None
        if names := others.elsewhere(checks, but_lost=again):
            return _not_compared(names) if awaits_judging(entry, item) else None
        here = jobs_here(jobs, store)
        if not here:
            return None
        bounds = KeptBounds(checks, others.texts(checks), free=entry.backend == "local")
        outcome = judge_kept(entry, item, here, bounds, lambda job: raw_rows(store, job))
    except StoreError as error:
        return _unreadable(error)
    if not (changed or outcome.broken) and _results(outcome.jobs) == _results(entry.jobs):
        return None
    return KeptRows(outcome.text, outcome.jobs, outcome.broken)


def _rejected_that_pass(item: Declared, entry: Entry, others: OtherRows, checks: Checks) -> KeptRows | None:
    """The rows of rejected jobs that can take the place of ones to be bought; `None` if there are none.

    Args:
        item: the spec.
        entry: its entry in the lock.
        others: the store, with the rows of datasets named in `no_overlap_with`.
        checks: the bounds in force.
    """
    if not awaits_rejected(entry, item):
        return None
    try:
        if (missing := rows_to_judge_rejected(entry, item, others.store)) is None:
            return None
        if missing:
            return _elsewhere(missing, others.elsewhere(checks))
        if names := others.elsewhere(checks):
            return _not_compared(names)
        outcome = judge_rejected_here(entry, item, KeptBounds(checks, others.texts(checks)), others.store)
    except StoreError as error:
        return _unreadable(error)
    return None if outcome is None else KeptRows(outcome.text, outcome.jobs)


def _not_compared(names: Sequence[str]) -> KeptRows:
    return KeptRows(
        f"the rows of {quoted(names)}, to compare with, are not on this machine; `apply` fetches them first",
        here=False,
        awaits=tuple(names),
    )


def _unreadable(error: StoreError) -> KeptRows:
    return KeptRows(f"the rows can't be checked: {error.message}; `apply` fetches them again", here=False)


def _elsewhere(missing: Sequence[Job], names: Sequence[str] = ()) -> KeptRows:
    rows = count(sum(job.got or 0 for job in missing), "row")
    both = f", and neither are those of {quoted(names)}, to compare with" if names else ""
    text = f"{rows} to check are not on this machine{both}; `apply` fetches and checks them first"
    return KeptRows(text, here=False, awaits=tuple(names))


def _results(jobs: Iterable[Job]) -> list[tuple[str, int | None, bool]]:
    return [(job.state, job.got, job.superseded) for job in jobs]


def _were_rejected(item: Declared, entry: Entry, inputs: InputFacts) -> bool:
    refusal = entry.rejection
    return refusal is not None and (refusal.fingerprint, refusal.inputs) == (item.fingerprint, inputs.digest)


def _annotations(
    item: Declared, inputs: InputFacts, backend: str, checks: Checks, store: Store
) -> KeptRows | None:  # fmt: skip
    """How many texts of a label spec have an annotation; `None` if some are still to be labelled."""
    if inputs.new:
        return None
    with store.annotations(backend, item.fingerprint) as annotations:
        causes = Counter(cause_of(found.reason) for found in annotations.quarantined().values())
    if causes.total() != inputs.quarantined:  # of other projects too, or not on this machine
        causes = Counter({"no-annotation": inputs.quarantined})
    failure = judge_annotations(inputs.distinct - inputs.quarantined, causes, checks)
    if failure is not None:
        return KeptRows(f"{failure.message}; the dataset keeps the rows it has", broken=True)
    return KeptRows(f"{inputs.distinct - inputs.quarantined} of {count(inputs.distinct, 'text')} are annotated")
