"""The actions for a generate spec: compares its definition and size with the jobs that this backend has for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pioneer_build.escaping import shell_word
from pioneer_build.plan.lost_rows import find_lost, is_lost
from pioneer_build.plan.model import Reason
from pioneer_build.plan.precedence import Candidates
from pioneer_build.plan.reasons import definition_changes
from pioneer_build.wording import ROWS_GONE, count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.plan.model import Action, Choices, Facts
    from pioneer_build.spec.declared import Declared


_BACK: Final = "the spec of this forgotten dataset is back"


@dataclass(frozen=True, slots=True)
class _Made:
    """The jobs that exist for the definition that a spec declares.

    `jobs` are all jobs of that definition, in order; `ready` are those of them with this state. `asked` counts the rows
    that they requested, without top-ups; `missing` counts the rows that the spec wants and that they didn't return.
    `replaces` says that `ready` lacks jobs whose rows are out of reach, because new rows are to replace them.
    """

    entry: Entry
    jobs: tuple[Job, ...]
    ready: tuple[Job, ...]
    asked: int
    missing: int
    replaces: bool = False


def find_generate(item: Declared, entry: Entry | None, facts: Facts, choices: Choices) -> Candidates:
    """The actions that apply to a generate spec.

    Args:
        item: the spec.
        entry: the lock's entry for its dataset; `None` if there is none.
        facts: the store and the backend.
        choices: the flags that change steps.
    """
    wanted = item.spec.num_examples or 0
    found = Candidates(wanted)
    if entry is None:
        found.add("create", Reason("dataset_name", "new dataset"))
        found.submit("create", 1, wanted)
        return found
    find_unsettled(entry, item.name, choices, found)
    retry = item.name in choices.retry
    made = _made(item, _judged(item, entry, facts, found, retry=retry), facts, found, retry=retry)
    found.missing = made.missing if made.asked >= wanted else 0
    changes = definition_changes(entry, item)
    if entry.num_examples is None:
        text = "the spec had `inputs`, and now has `num_examples`"
        changes = (*changes, Reason("inputs", text, "inputs", f"num_examples: {wanted}"))
    if changes:
        found.reasons += [("replace", change) for change in changes]
    found.fetch = found.fetch or any(job.rows is not None and not facts.has_whole(job.rows) for job in made.ready)
    found.rejected_elsewhere = tuple([job.named for job in made.jobs if _is_rejected_elsewhere(job, facts)])
    if not retry and "blocked" not in found.fits:
        _find_failure(item, made, found)
        found.fetch = found.fetch or ("blocked" in found.fits and bool(found.rejected_elsewhere))
    if not made.ready:
        _first(made, found, replaces=_has_others(entry, item))
    elif changes or entry.forgotten:
        _back(made, found)
    else:
        _sized(item, made, found, retry=retry)
    return found


def _made(item: Declared, entry: Entry, facts: Facts, found: Candidates, *, retry: bool) -> _Made:
    mine = tuple([job for job in entry.jobs if job.fingerprint == item.fingerprint and not job.superseded])
    every = tuple([job for job in mine if job.state == "ready"])
    ready = every
    if any(job.owed or job.deleted for job in every):
        ready = find_lost(item, every, facts, found, retry=retry)
    asked = sum([job.asked for job in ready if not job.top_up])
    missing = _missing(ready, item.spec.num_examples or 0)
    return _Made(entry, mine, ready, asked, missing, replaces=len(ready) < len(every))


def _judged(item: Declared, entry: Entry, facts: Facts, found: Candidates, *, retry: bool) -> Entry:
    """The entry with its jobs as they are once changed checks have judged their rows.

    If rows that readers have would be lost, the step is blocked, and the entry stays as it is. With `--retry` the rows
    are requested again; the old ones stay until the new ones are there.
    """
    kept = facts.kept.get(item.name)
    if kept is None:
        return entry
    if not kept.here:
        # rows that are to be replaced need not be judged
        lost = [job for job in entry.jobs if retry and job.fingerprint == item.fingerprint and is_lost(job, facts)]
        found.fetch = not lost
    elif not kept.broken:
        return replace(entry, jobs=kept.jobs)
    elif retry:
        found.reasons.append(("create", Reason("checks", kept.text)))
        return replace(entry, jobs=kept.jobs)
    else:
        found.add("blocked", Reason("checks", kept.text), command=ways_out(item.name, "requests the rows again"))
    return entry


def _is_rejected_elsewhere(job: Job, facts: Facts) -> bool:
    """Whether the job was rejected, and its rows, which may be within the checks now, are not on this machine."""
    if job.state != "rejected" or job.rows is None or job.superseded:
        return False
    if job.quarantined is not None and job.quarantined not in facts.present:
        return True
    return not facts.has_whole(job.rows)  # only of rows it is known whether they are damaged


def ways_out(name: str, costs: str) -> str:
    """What helps if rows don't meet the checks. The command that may cost something comes last.

    Args:
        name: the name of the dataset.
        costs: what `--retry` does.
    """
    return f"loosen `checks` in the spec, or: pioneer-build apply --retry {shell_word(name)}  ({costs})"


def _find_failure(item: Declared, made: _Made, found: Candidates) -> None:
    """Blocks the step if the same request has already failed."""
    if not made.jobs:
        return
    last = made.jobs[-1]
    more = max(0, found.total - made.asked)
    tops_up = last.top_up and (item.spec.top_up is not None or last.state == "rejected")
    need = more or (made.missing if tops_up else 0)
    command = f"pioneer-build apply --retry {shell_word(item.name)}"
    gone = [job for job in made.jobs if job.state == "failed" and (job.reason or "").startswith(ROWS_GONE)]
    if last.state in ("failed", "rejected") and need == last.asked and last.top_up == (not more):
        why = last.reason or "no reason given"
        found.add(
            "blocked",
            Reason("dataset_name", f"the last job of this definition {_ended(last)}: {why}"),
            command=command,
        )
    elif gone and more and (last in gone or more == sum(job.asked for job in gone)):
        # whoever pays for them again must have said so
        reasons = (Reason("dataset_name", f"{job.named} failed: {job.reason}") for job in gone)
        found.add("blocked", *reasons, command=f"{command}  (pays for new rows)")


def find_unsettled(entry: Entry, name: str, choices: Choices, found: Candidates) -> None:
    """Finds submissions with unknown outcome, and open jobs, of any definition.

    Args:
        entry: the lock's entry for the dataset.
        name: the present name of the dataset.
        choices: the flags that change steps.
        found: gets the actions that are found.
    """
    unknown = [job for job in entry.jobs if job.state == "unknown"]
    if unknown and name not in choices.resubmit:
        for job in unknown:
            text = (
                f"a submission of {count(job.asked, 'example')} to '{job.remote_name}' was sent,"
                " but no response was received"
            )
            # a command that may cost twice comes last
            command = (
                f"pioneer-build apply  (looks for the job; otherwise: pioneer-build adopt {shell_word(name)} JOB_ID,"
                f" or pioneer-build apply --resubmit {shell_word(name)})"
            )
            found.add("reconcile", Reason("dataset_name", text), command=command)
    open_jobs = [job for job in entry.jobs if job.state == "open"]
    if open_jobs and name not in choices.retry:
        found.add("resume", *(Reason("dataset_name", f"{job.named} is open") for job in open_jobs))


def _first(made: _Made, found: Candidates, *, replaces: bool) -> None:
    """No job of this definition is ready: all rows have to be requested."""
    action: Action = "replace" if replaces else "create"
    told = not found.fits.isdisjoint(("reconcile", "resume", "blocked"))
    told = told or made.replaces or any(reason.field == "checks" for _, reason in found.reasons)
    found.add(action)
    found.submit(action, 1, found.total)
    if told:
        return
    if made.jobs:
        found.add(action, Reason("dataset_name", f"the last job of this definition {_ended(made.jobs[-1])}"))
    elif not found.reasons:
        text = _BACK if made.entry.forgotten else "new dataset"
        found.add(action, Reason("dataset_name", text))


def _back(made: _Made, found: Candidates) -> None:
    """A definition that was used before, or a spec that was removed, is back, and it has ready jobs."""
    more = max(0, found.total - made.asked)
    if made.entry.forgotten:
        found.add("restore", Reason("dataset_name", _BACK))
    if not more:
        exist = "exists" if made.asked == 1 else "exist"
        text = f"{count(made.asked, 'row')} of this definition already {exist}"
        found.add("restore", Reason("dataset_name", text))
    found.add("restore", *_sizes(made.entry, made.asked, found.total))
    found.submit("restore", 1 if more else 0, more)


def _has_others(entry: Entry, item: Declared) -> bool:
    """Whether the dataset had other content: an accepted job of another definition, or labelled texts."""
    return entry.labelling is not None or any(job.accepted for job in entry.jobs if job.fingerprint != item.fingerprint)


def _sized(item: Declared, made: _Made, found: Candidates, *, retry: bool) -> None:
    """The current definition, with ready jobs: the spec wants more rows, or fewer, or some are missing."""
    wanted, had, asked = found.total, made.entry.num_examples or 0, made.asked
    if wanted > min(asked, had):
        more = max(0, wanted - asked)
        found.add("extend", *_sizes(made.entry, asked, wanted))
        found.submit("extend", 1 if more else 0, more)
        return
    if wanted < had:
        found.add("shrink", Reason("num_examples", f"{had:,} → {wanted:,}; the store keeps all rows", had, wanted))
    top_up = item.spec.top_up
    if made.missing and (top_up is not None or retry):
        attempts = sum(1 for job in made.jobs if job.top_up)
        again = retry and any(job.top_up and job.state in ("failed", "rejected") for job in made.jobs)
        if again or (top_up is not None and attempts < top_up.max_attempts):
            text = f"{count(made.missing, 'row')} missing: fewer were accepted than requested"
            found.add("extend", Reason("top_up", text))
            found.submit("extend", 1, made.missing)


def _missing(ready: Sequence[Job], wanted: int) -> int:
    """How many accepted rows are missing; 0 if a job doesn't say how many it returned."""
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
    exist = "exists" if asked == 1 else "exist"
    return (Reason("num_examples", f"{had:,} → {wanted:,}; {count(asked, 'row')} already {exist}", had, wanted),)


def _ended(job: Job) -> str:
    return {"failed": "failed", "rejected": "was rejected", "unknown": "got no response", "open": "was abandoned"}.get(
        job.state, job.state
    )
