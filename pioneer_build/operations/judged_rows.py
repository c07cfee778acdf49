"""Judges the rows of a dataset, and the annotations of a label spec, as a plan shows it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pioneer_build.apply.judge_rows import others_elsewhere, texts_of_others
from pioneer_build.apply.kept_rows import jobs_here, judge_rejected_here, rows_to_judge_rejected
from pioneer_build.apply.stored_rows import raw_rows, rows_are_here
from pioneer_build.checks.bounds import effective_checks
from pioneer_build.checks.kept_rows import KeptBounds, awaits_judging, awaits_rejected, judge_kept, kept_jobs
from pioneer_build.checks.label_bounds import judge_annotations
from pioneer_build.errors import StoreError
from pioneer_build.plan import KeptRows
from pioneer_build.rows import cause_of
from pioneer_build.store import Store
from pioneer_build.wording import count, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pioneer_build.lock.model import Entry, Job, Lock
    from pioneer_build.plan import InputFacts
    from pioneer_build.project.config import Config
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.model import Checks


def judge_all(
    config: Config,
    waiting: Iterable[tuple[Declared, Entry]],
    lock: Lock,
    inputs: Mapping[str, InputFacts],
    again: Collection[str] = (),
) -> dict[str, KeptRows]:
    """Judges the rows, or annotations, of datasets; those for which nothing changes are left out.

    Args:
        config: the settings of the project: backend, store and checks.
        waiting: the specs, with their entries in the lock.
        lock: has the datasets named in `no_overlap_with`.
        inputs: facts about the texts of label specs.
        again: datasets whose ready rows are judged even if their checks did not change.
    """
    store = Store(config.store)
    found: dict[str, KeptRows | None] = {}
    for item, entry in waiting:
        checks = effective_checks(config.checks, item.spec.checks, item.name)
        if item.spec.is_label:
            kept = _annotations(item, inputs[item.name], config.backend, checks, store)
            is_news = kept is not None and (kept.broken or _were_rejected(item, entry, inputs[item.name]))
            found[item.name] = kept if is_news else None
        else:
            found[item.name] = judged_rows(item, entry, lock, checks, store, again=item.name in again)
    return {name: kept for name, kept in found.items() if kept is not None}


def judged_rows(
    item: Declared, entry: Entry, lock: Lock, checks: Checks, store: Store, *, again: bool = False
) -> KeptRows | None:
    """What becomes of the rows of a dataset; `None` if nothing does.

    If checks did not change, only rejected jobs are judged, and only if rows are missing.

    Args:
        item: the spec.
        entry: its entry in the lock, which has rows of this definition.
        lock: has the datasets named in `no_overlap_with`.
        checks: the bounds in force.
        store: the rows.
        again: whether the ready rows are judged even if checks did not change.
    """
    if not (awaits_judging(entry, item) or again):
        return _rejected_that_pass(item, entry, lock, checks, store)
    changed = entry.checks != item.checks
    jobs = kept_jobs(entry, item)
    try:
        if missing := [job for job in jobs if job.state == "ready" and not rows_are_here(store, job)]:
            return _elsewhere(missing) if changed else None
        if names := _others_elsewhere(entry, lock, checks, store):
            return _not_compared(names) if changed else None
        here = jobs_here(jobs, store)
        if not here:
            return None
        outcome = judge_kept(entry, item, here, _bounds(entry, lock, checks, store), lambda job: raw_rows(store, job))
    except StoreError as error:
        return _unreadable(error)
    if not (changed or outcome.broken) and _results(outcome.jobs) == _results(entry.jobs):
        return None
    return KeptRows(outcome.text, outcome.jobs, outcome.broken)


def _rejected_that_pass(item: Declared, entry: Entry, lock: Lock, checks: Checks, store: Store) -> KeptRows | None:
    """The rows of rejected jobs that can take the place of ones to be bought; `None` if there are none.

    Args:
        item: the spec.
        entry: its entry in the lock.
        lock: has the datasets named in `no_overlap_with`.
        checks: the bounds in force.
        store: the rows.
    """
    if not awaits_rejected(entry, item):
        return None
    try:
        if (missing := rows_to_judge_rejected(entry, item, store)) is None:
            return None
        if missing:
            return _elsewhere(missing)
        if names := _others_elsewhere(entry, lock, checks, store):
            return _not_compared(names)
        outcome = judge_rejected_here(entry, item, _bounds(entry, lock, checks, store), store)
    except StoreError as error:
        return _unreadable(error)
    return None if outcome is None else KeptRows(outcome.text, outcome.jobs)


def rejected_rows(config: Config, item: Declared, entry: Entry, lock: Lock) -> str | None:
    """What the checks reject of the rows that readers of a dataset get; `None` if nothing, or if they are not here.

    Args:
        config: the settings of the project: store and checks.
        item: the spec.
        entry: its entry in the lock.
        lock: has the datasets named in `no_overlap_with`.
    """
    if item.spec.is_label or not kept_jobs(entry, item):
        return None
    checks = effective_checks(config.checks, item.spec.checks, item.name)
    kept = judged_rows(item, entry, lock, checks, Store(config.store), again=True)
    if kept is None or not kept.here:
        return None
    after = {job.key: job for job in kept.jobs}
    ready = [job for job in entry.readable() if job.rows is not None]
    worse = [job for job in ready if after[job.key].state != "ready" or (after[job.key].got or 0) < (job.got or 0)]
    return kept.text if worse else None


def _bounds(entry: Entry, lock: Lock, checks: Checks, store: Store) -> KeptBounds:
    return KeptBounds(checks, texts_of_others(store, checks, lambda name: lock.get(name, entry.backend)))


def _others_elsewhere(entry: Entry, lock: Lock, checks: Checks, store: Store) -> tuple[str, ...]:
    return others_elsewhere(store, checks, lambda name: lock.get(name, entry.backend))


def _not_compared(names: Sequence[str]) -> KeptRows:
    return KeptRows(
        f"the rows of {quoted(names)}, to compare with, are not on this machine; `apply` fetches them first", here=False
    )


def _unreadable(error: StoreError) -> KeptRows:
    return KeptRows(f"the rows can't be checked: {error.message}; `apply` fetches them again", here=False)


def _elsewhere(missing: Sequence[Job]) -> KeptRows:
    rows = count(sum(job.got or 0 for job in missing), "row")
    return KeptRows(f"{rows} to check are not on this machine; `apply` fetches and checks them first", here=False)


def _results(jobs: Iterable[Job]) -> list[tuple[str, int | None]]:
    return [(job.state, job.got) for job in jobs]


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
