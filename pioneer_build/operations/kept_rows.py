"""What changed checks make of the rows that datasets have, for a plan. Rows are read only where checks changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.plan import KeptRows, entry_for
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from pioneer_build.lock.model import Entry, Job, Lock
    from pioneer_build.plan import InputFacts
    from pioneer_build.project.config import Config
    from pioneer_build.rows import Cause
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.model import Checks
    from pioneer_build.store import Store


def read_kept_rows(
    config: Config,
    declared: Iterable[Declared],
    lock: Lock,
    inputs: Mapping[str, InputFacts],
    again: Collection[str] = (),
) -> dict[str, KeptRows]:
    """Judges the rows of all datasets whose checks changed, by dataset.

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
    # only where checks changed
    from pioneer_build.checks.bounds import effective_checks
    from pioneer_build.store import Store

    store = Store(config.store)
    found: dict[str, KeptRows | None] = {}
    for item, entry in waiting:
        checks = effective_checks(config.checks, item.spec.checks)
        if item.spec.is_label:
            found[item.name] = _annotations(item, inputs[item.name], config.backend, checks, store)
        else:
            found[item.name] = judged_rows(item, entry, lock, checks, store)
    return {name: kept for name, kept in found.items() if kept is not None}


def _waiting(item: Declared, lock: Lock, backend: str, *, again: bool) -> Entry | None:
    """The spec's entry, if it has rows or annotations that other checks may have accepted."""
    entry, _ = entry_for(item, lock, backend)
    changed = entry is not None and (entry.checks != item.checks or entry.fingerprint != item.fingerprint)
    if entry is None or not (changed or again):
        return None  # without reading anything, for nearly all datasets
    if item.spec.is_label:
        return entry if changed and (entry.labelling is not None or entry.rejection is not None) else None
    from pioneer_build.checks.kept_rows import kept_jobs  # only where checks or definition changed

    return entry if kept_jobs(entry, item) else None


def judged_rows(item: Declared, entry: Entry, lock: Lock, checks: Checks, store: Store) -> KeptRows | None:
    """What becomes of the rows of a dataset; `None` if nothing does.

    Args:
        item: the spec.
        entry: its entry in the lock, which has rows of this definition.
        lock: has the datasets named in `no_overlap_with`.
        checks: the bounds in force.
        store: the rows.
    """
    from pioneer_build.apply.job_rows import raw_rows  # these are slow to import, and only needed where checks changed
    from pioneer_build.apply.kept_rows import rows_are_here
    from pioneer_build.checks.kept_rows import KeptBounds, judge_kept, kept_jobs
    from pioneer_build.errors import StoreError

    changed = entry.checks != item.checks
    jobs = kept_jobs(entry, item)
    try:
        if missing := [job for job in jobs if job.state == "ready" and not rows_are_here(store, job)]:
            return _elsewhere(missing) if changed else None
        here = [job for job in jobs if rows_are_here(store, job)]
        if not here:
            return None
        others = {name: frozenset(_texts(lock.get(name, entry.backend), store)) for name in checks.no_overlap_with}
        outcome = judge_kept(entry, item, here, KeptBounds(checks, others), lambda job: raw_rows(store, job))
    except StoreError as error:
        return KeptRows(f"the rows can't be checked: {error.message}", here=False)
    if not (changed or outcome.broken) and _results(outcome.jobs) == _results(entry.jobs):
        return None
    return KeptRows(outcome.text, outcome.jobs, outcome.broken)


def _elsewhere(missing: list[Job]) -> KeptRows:
    rows = count(sum(job.got or 0 for job in missing), "row")
    return KeptRows(f"{rows} to check are not on this machine; `apply` fetches and checks them first", here=False)


def _results(jobs: Iterable[Job]) -> list[tuple[str, int | None]]:
    return [(job.state, job.got) for job in jobs]


def _texts(entry: Entry | None, store: Store) -> Iterator[bytes]:
    """The digests of the texts that readers of a dataset get, as far as they are on this machine."""
    from pioneer_build.rows import parse_line, text_digest  # only for `no_overlap_with`

    for digest in entry.content_digests if entry is not None else ():
        if store.has(digest):
            yield from (text_digest(parse_line(line)) for line in store.lines(digest))


def _annotations(
    item: Declared, inputs: InputFacts, backend: str, checks: Checks, store: Store
) -> KeptRows | None:  # fmt: skip
    """Whether too few texts of a label spec have an annotation, if none is left to be labelled."""
    if inputs.new or not inputs.quarantined:
        return None
    from collections import Counter  # these are only for label specs whose checks changed

    from pioneer_build.checks.label_bounds import judge_annotations  # as above
    from pioneer_build.rows import CAUSES  # as above

    with store.annotations(backend, item.fingerprint) as annotations:
        words = [found.reason.partition(":")[0] for found in annotations.quarantined().values()]
    causes: Counter[Cause] = Counter(
        next((cause for cause in CAUSES if cause == word), "no-annotation") for word in words
    )
    if causes.total() != inputs.quarantined:  # of other projects too, or not on this machine
        causes = Counter({"no-annotation": inputs.quarantined})
    failure = judge_annotations(inputs.distinct - inputs.quarantined, causes, checks)
    return KeptRows(f"{failure.message}; the dataset keeps the rows it has", broken=True) if failure else None
