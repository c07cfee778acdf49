"""Whether what an apply bought was wanted: by what the service was asked for, and not by what the lock counts.

A purchase is judged when it is made, because only then is it known who wanted it. With `--retry`, the user asks again
for rows that the checks don't accept, and so pays for more rows than the spec wants. If the checks are loosened after
that, the first rows count again, but nothing was bought by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from pioneer_build.checks.bounds import effective_checks
from pioneer_build.lock.merge import merge_jobs
from pioneer_build.spec.model import Checks
from pioneer_build.wording import GIVEN_UP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job
    from pioneer_build.spec.declared import Declared
    from tests.apply.world import ModelJob, World

_UNSETTLED = frozenset({"open", "submitting", "unknown"})


@dataclass(frozen=True)
class Paid:
    """A job that the service accepted; what the machine knows of it now, and did before the apply if it is older."""

    job: ModelJob
    known: Submission
    before: Submission | None


def bought_elsewhere(world: World, records: Iterable[Job], others: Iterable[Submission]) -> dict[str, Submission]:
    """What a machine can see of jobs that others bought, by token.

    Args:
        world: the machine.
        records: jobs of a lock that it has, and of the history that its git has.
        others: the submissions in the journals of the other machines.
    """
    by_token = {item.token: item for item in others}
    jobs = world.service.jobs
    versions = {(job.request.dataset_name, job.version): job.token for job in jobs.values()}
    seen = {}
    for record in merge_jobs(records):
        tokens = [jobs[record.job_id].token] if record.job_id in jobs else []
        if record.job_id is None:
            counted = versions.get((record.remote_name, record.version or ""))
            tokens = list(record.submissions) or ([counted] if counted is not None else [])
        for token in tokens:
            if (item := by_token.get(token)) is not None:
                seen[token] = replace(item, state=record.state, reason=record.reason, rows=record.rows)
    return seen


def as_it_ended(world: World, known: Submission) -> Submission:
    """A job that was open in a lock, as a run may have seen it that was ended before it wrote the lock."""
    for job in world.service.jobs.values():
        if job.token == known.token and known.state == "open" and job.polls == 0:
            return replace(known, state="failed" if job.outcome == "failed" else "ready", rows="those of the service")
    return known


def check_spending(
    world: World,
    before: Mapping[str, Submission],
    item: Declared,
    *,
    retry: bool,
    elsewhere: Mapping[str, Submission] = MappingProxyType({}),
) -> None:
    """Asserts that an apply bought no rows for a spec that were there, or were on their way.

    Args:
        world: the world after the apply.
        before: the journal's submissions and the jobs of others that could be seen before it, by token.
        item: the spec.
        retry: whether the user asked for the dataset to be tried again.
        elsewhere: the jobs of others that can be seen now.
    """
    after = {**elsewhere, **{known.token: known for known in world.submissions()}}
    names = {item.name, item.spec.renamed_from}
    paid = [
        Paid(job, known, before.get(job.token))
        for job in world.service.jobs.values()
        if (known := after.get(job.token)) and known.dataset_name in names and known.fingerprint == item.fingerprint
    ]
    for number, bought in enumerate(paid):
        if bought.before is not None:
            continue
        wanted = item.spec.num_examples or 0
        earlier = paid[:number]
        if bought.known.top_up:  # what was never requested can't be missing
            wanted = min(wanted, sum(one.known.asked for one in earlier if not one.known.top_up))
        held = sum(_held(one, bought, item, earlier, world, retry=retry) for one in earlier)
        asked = bought.known.asked
        assert held + asked <= wanted, f"{item.name}: {asked} were bought, {held} of {wanted} were there: {paid}"


def _held(one: Paid, bought: Paid, item: Declared, paid: list[Paid], world: World, *, retry: bool) -> int:
    """How many of the wanted rows need not be bought because of one earlier job.

    Args:
        one: the job.
        bought: the purchase: of rows that nobody asked for yet, or of rows that were asked for and didn't come.
        item: the spec.
        paid: all jobs before the purchase.
        world: the world after the apply.
        retry: whether the user asked for the dataset to be tried again.
    """
    known, top_up = one.known, bought.known.top_up
    if known.reason == GIVEN_UP or (known.top_up and not top_up):
        return 0
    states = {known.state}
    if one.before is not None and not top_up:  # only what has ended is topped up, and the same run may see the end
        states.add(one.before.state)
    rows = _rows_that_pass(one, item, paid, world) if states & {"ready", "rejected"} else 0
    if not retry and (states & _UNSETTLED or (known.state == "ready" and not top_up)):
        return known.asked  # it may still bring them, or readers have them
    return rows if top_up or not rows else known.asked


def _rows_that_pass(one: Paid, item: Declared, paid: list[Paid], world: World) -> int:
    """How many rows of a job are within the checks of the spec; 0 if the job as a whole isn't.

    That some are missing doesn't count if they are requested again, or were.
    """
    if one.known.rows is None:
        return one.known.asked if one.known.state == "ready" else 0
    checks = effective_checks(Checks(), item.spec.checks, item.name)
    passing = sum(1 for row in world.service._rows(one.job) if len(row["text"]) >= (checks.min_chars or 0))
    top_up, again = item.spec.top_up, [other for other in paid if other.known.top_up]
    if one.known.state == "ready":
        made_up_for = top_up is not None or any(other.known.state == "ready" for other in again)
    else:
        made_up_for = top_up is not None and len(again) < top_up.max_attempts
    enough = made_up_for or passing >= (checks.min_accepted or 0) * one.known.asked
    return passing if enough else 0
