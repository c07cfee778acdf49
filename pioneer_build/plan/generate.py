"""What one generate spec needs: its definition and size held against the jobs that this backend has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.plan.candidates import Finding
from pioneer_build.plan.model import Reason
from pioneer_build.plan.reasons import definition_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.plan.model import Action, Choices, Facts
    from pioneer_build.spec.declared import Declared


def find_generate(item: Declared, entry: Entry | None, facts: Facts, choices: Choices) -> Finding:
    """All that fits a generate spec. An unchanged dataset leaves at the first test."""
    spec, name = item.spec, item.name
    wanted = spec.num_examples or 0
    found = Finding(wanted)
    if entry is None:
        found.add("create", Reason("dataset_name", "new"))
        found.submit("create", 1, wanted)
        return found
    find_unsettled(entry, name, choices, found)
    mine = [job for job in entry.jobs if job.fingerprint == item.fingerprint]
    ready = [job for job in mine if job.state == "ready"]
    asked = sum([job.asked for job in ready if not job.top_up])
    more = max(0, wanted - asked)
    missing = _missing(ready, wanted)
    last = mine[-1] if mine else None
    changes = definition_changes(entry, item)
    was_label = entry.num_examples is None
    if was_label:
        text = "the spec had inputs, and now asks for rows"
        changes = (*changes, Reason("inputs", text, "inputs", f"num_examples: {wanted}"))
    if changes:
        found.reasons += [("replace", change) for change in changes]
    found.fetch = any(job.rows is not None and job.rows not in facts.present for job in ready)
    if last is not None and last.state in ("failed", "rejected") and name not in choices.retry:
        if last.state == "rejected" and entry.checks != item.checks and last.rows in facts.present:
            found.fits.add("update")  # the rows are here, and are held against the new checks first
            return found
        need = more or (missing if last.top_up and (spec.top_up is not None or last.state == "rejected") else 0)
        if need == last.asked and last.top_up == (not more):  # the very request that came to nothing
            why = last.reason or "no reason given"
            found.add(
                "blocked",
                Reason("dataset_name", f"the last job of this definition {_ended(last)}: {why}"),
                command=f"pioneer-build apply --retry {name}",
            )
    if not ready:
        _first(entry, mine, wanted, found, replaces=_has_others(entry, item))
    elif changes or entry.forgotten:
        if entry.forgotten:
            found.add("restore", Reason("dataset_name", "it was forgotten, and its spec is back"))
        if not more:
            found.add("restore", Reason("dataset_name", f"{asked:,} rows of this definition are there already"))
        found.add("restore", *_sizes(entry, asked, wanted))
        found.submit("restore", 1 if more else 0, more)
    else:
        _sized(item, entry, mine, asked, missing, found, retry=name in choices.retry)
    return found


def find_unsettled(entry: Entry, name: str, choices: Choices, found: Finding) -> None:
    """Submissions of unknown fate, and open jobs, of whatever definition."""
    unknown = [job for job in entry.jobs if job.state == "unknown"]
    if unknown and name not in choices.resubmit:
        for job in unknown:
            text = f"a submission of {job.asked:,} examples to '{job.remote_name}' was sent and not answered"
            # what may cost twice comes last
            command = f"pioneer-build apply  (looks for it; else adopt {name} JOB_ID, or apply --resubmit {name})"
            found.add("reconcile", Reason("dataset_name", text), command=command)
    open_jobs = [job for job in entry.jobs if job.state == "open"]
    if open_jobs and name not in choices.retry:
        found.add("resume", *(Reason("dataset_name", f"{job.named} is open") for job in open_jobs))


def _first(entry: Entry, mine: Sequence[Job], wanted: int, found: Finding, *, replaces: bool) -> None:
    """No ready job of this definition: everything is to be asked for."""
    action: Action = "replace" if replaces else "create"
    told = not found.fits.isdisjoint(("reconcile", "resume", "blocked"))
    found.add(action)
    found.submit(action, 1, wanted)
    if told:
        return
    if mine:
        last = mine[-1]
        found.add(action, Reason("dataset_name", f"the last job of this definition {_ended(last)}"))
    elif not found.reasons:
        found.add(
            action, Reason("dataset_name", "it was forgotten, and its spec is back" if entry.forgotten else "new")
        )


def _has_others(entry: Entry, item: Declared) -> bool:
    """Whether there was another dataset: a job of another definition that was accepted, or labelled texts."""
    return entry.labelling is not None or any(job.accepted for job in entry.jobs if job.fingerprint != item.fingerprint)


def _sized(
    item: Declared, entry: Entry, mine: Iterable[Job], asked: int, missing: int, found: Finding, *, retry: bool
) -> None:
    """The definition in force, with ready jobs: more rows are wanted, or fewer, or some are missing."""
    wanted, had = found.total, entry.num_examples or 0
    if wanted > min(asked, had):
        more = max(0, wanted - asked)
        found.add("extend", *_sizes(entry, asked, wanted))
        found.submit("extend", 1 if more else 0, more)
        return
    if wanted < had:
        found.add("shrink", Reason("num_examples", f"{had:,} → {wanted:,}; the store keeps all", had, wanted))
    top_up = item.spec.top_up
    if missing and (top_up is not None or retry):
        attempts = sum(1 for job in mine if job.top_up)
        again = retry and any(job.top_up and job.state in ("failed", "rejected") for job in mine)
        if again or (top_up is not None and attempts < top_up.max_attempts):
            text = f"{missing:,} rows are missing: the service gave fewer that passed"
            found.add("extend", Reason("top_up", text))
            found.submit("extend", 1, missing)


def _missing(ready: Sequence[Job], wanted: int) -> int:
    """How many accepted rows are missing, where every job says how many it brought."""
    got = 0
    for job in ready:
        if job.got is None:
            return 0
        got += job.got
    return max(0, wanted - got) if ready else 0


def _sizes(entry: Entry, asked: int, wanted: int) -> tuple[Reason, ...]:
    had = entry.num_examples
    if wanted > asked:
        return (Reason("num_examples", f"{asked:,} → {wanted:,}", asked, wanted),)
    if had is None or had == wanted:
        return ()
    return (Reason("num_examples", f"{had:,} → {wanted:,}, of {asked:,} made already", had, wanted),)


def _ended(job: Job) -> str:
    return {"failed": "failed", "rejected": "was rejected", "unknown": "was not answered", "open": "is given up"}.get(
        job.state, job.state
    )
