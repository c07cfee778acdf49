"""What comes before a dataset's rows are bought, or judged: the rows that it has are fetched, which costs nothing.

New rows are compared with those that the dataset has, and rows of a rejected job may take the place of new ones. So
nothing is bought while rows are missing or damaged that may be had. What was bought already is not held back by them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.fetch import fetch
from pioneer_build.apply.job_rows import Missing
from pioneer_build.apply.judge_rows import refuse_without_others
from pioneer_build.apply.rows_again import rows_of
from pioneer_build.apply.stopped import StepStopped
from pioneer_build.apply.stored_rows import rows_are_whole
from pioneer_build.checks.changed_checks import awaits_judging, awaits_rejected, kept_jobs
from pioneer_build.errors import StoreError
from pioneer_build.escaping import shell_word
from pioneer_build.rows import parse_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job


async def have_rows(work: Work) -> None:
    """Has all rows that new ones will be compared with, before any are bought; but not those that they replace.

    Raises:
        StepStopped: some are missing or damaged, and can't be had. If the service does not provide them, the next plan
            with `--retry` says what others cost.
    """
    await fetch(work)
    await _have_others(work)
    await have_rejected(work)


async def try_to_have_rows(work: Work) -> None:
    """Fetches what can be had, and says what can't be.

    Raises:
        StepStopped: the run was stopped.
    """
    try:
        await fetch(work)
    except StepStopped as stopped:
        if work.run.stopping.is_set():
            raise
        work.emit("note", stopped.message)


async def have_rejected(work: Work) -> None:
    """Has the rows of rejected jobs, which may be within the checks now, if they can take the place of new ones.

    Raises:
        StepStopped: they may still be had in a later run.
    """
    for job in _rejected_elsewhere(work):
        try:
            # as if they were owed: one answer that they are not there is not believed
            rows, _ = await rows_of(work, replace(job, owed=True))
        except StepStopped:
            if not work.retries or work.run.stopping.is_set():
                raise
            rows = None
        if rows is not None and not isinstance(rows, Missing):
            work.run.fetched[job.key] = rows
            continue
        why = f": {rows.why}" if isinstance(rows, Missing) else ""
        if isinstance(rows, Missing) and not rows.gone and not work.retries:
            raise StepStopped(
                "stopped",
                f"the rows of {job.named}, which was rejected and may pass the checks now, could not be fetched{why}",
                "pioneer-build apply  (asks again; to ignore them and pay for new rows: pioneer-build apply --retry"
                f" {shell_word(work.name)})",
            )
        text = f"the rows of {job.named}, which was rejected, can't be checked again: the service does not provide them"
        work.emit("note", f"{text}{why}")


def _rejected_elsewhere(work: Work) -> Sequence[Job]:
    """The rejected jobs that may have rows which are missing, and whose rows are not on this machine."""
    entry, item, store = work.entry, work.item, work.run.ports.store
    if entry is None or not (awaits_judging(entry, item) or work.retries or awaits_rejected(entry, item)):
        return ()
    return [job for job in kept_jobs(entry, item) if job.state == "rejected" and not rows_are_whole(store, job)]


async def _have_others(work: Work) -> None:
    """Raises `StepStopped` if rows of a dataset in `no_overlap_with` are missing or damaged. Its own step brings them.

    That step is waited for, if it comes before this one.
    """
    store = work.run.ports.store
    if work.run.others.elsewhere(work.checks, but_lost=work.retries):
        await work.run.order.wait_for_named(work.name)
    # of datasets that name each other, one has to buy first: the old rows of the others need not be here for that
    replaced = work.run.order.to_replace(work.name)
    refuse_without_others(work, "no rows were requested", replaced)
    for name in work.checks.no_overlap_with:
        entry = work.run.lock.entry(name)
        for digest in entry.content_digests if entry is not None and name not in replaced else ():
            try:
                if store.has(digest):
                    store.check(digest, parse_line)
            except StoreError as error:
                message = f"not submitted: new rows are compared with those of '{name}', and {error.message}"
                raise StepStopped("refused", message, "pioneer-build apply") from None
