"""Rows that are missing after the checks, requested again: the spec's `top_up`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.finish_job import see_through
from pioneer_build.apply.stopped import StepStopped
from pioneer_build.apply.submit import submit
from pioneer_build.escaping import shell_word
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work


async def request_missing(work: Work) -> None:
    """With `top_up`: requests missing rows again, as often as the spec allows.

    Rows that were never requested are not missing: they are for the next plan, which says so.

    Raises:
        StepStopped: too few rows were accepted nevertheless, or the run was stopped.
    """
    item = work.item
    if item.spec.top_up is None or item.spec.num_examples is None:
        return
    attempts_allowed = item.spec.top_up.max_attempts
    while True:
        entry = work.entry
        if entry is None or entry.fingerprint != item.fingerprint:
            return  # the entry still has an earlier definition; the next plan says what the new one needs
        current = entry.current()
        ready = [job for job in current if job.state == "ready"]
        got = sum(job.got or 0 for job in ready)
        wanted = min(item.spec.num_examples, sum(job.asked for job in ready if not job.top_up))
        attempts = sum(1 for job in current if job.top_up)
        if not current or got >= wanted or any(job.got is None for job in ready):
            return
        if attempts >= attempts_allowed:
            break
        attempt = f"attempt {attempts + 1} of {attempts_allowed}"
        work.emit("note", f"{count(wanted - got, 'row')} missing: requesting more ({attempt})")
        await see_through(work, await submit(work, wanted - got, top_up=True))
    bound = work.checks.min_accepted
    if bound is not None and got < bound * wanted:
        last = ready[-1]
        reason = (
            f"{got:,} of {count(wanted, 'row')} were accepted after {count(attempts, 'additional attempt')};"
            f" at least {bound:.0%} are required"
        )
        rejected = replace(last, state="rejected", reason=reason)
        work.run.journal.settle(rejected)
        work.keep(rejected)
        raise StepStopped("rejected", reason, f"pioneer-build show {shell_word(work.name)} --rejected")
