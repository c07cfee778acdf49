"""The steps of a generate spec: submit, watch until the job is over, look at its rows, top up what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pioneer_build.apply.job_rows import bring, looked_at, rejudged
from pioneer_build.apply.polling import kind_of
from pioneer_build.apply.run import Stopped, says, stops_all
from pioneer_build.apply.submit import GIVEN_UP, entry_with, keep, submit
from pioneer_build.errors import NotThere, PioneerError, ServiceError
from pioneer_build.ports import JobReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.apply.polling import Kind
    from pioneer_build.apply.run import Run
    from pioneer_build.lock.model import Job
    from pioneer_build.plan import Step
    from pioneer_build.ports import JobStatus
    from pioneer_build.spec.declared import Declared

T = TypeVar("T")

#: Polls in a row that say the service doesn't know the job, before the run believes it.
_GONE_AFTER = 3
#: Polls in a row that fail for another reason, before the run leaves the job open.
_FAILING_AFTER = 5
#: Seconds too few to wait for: a clock may not tell them apart.
_SOON = 0.001
#: What services say of a version whose rows are all there, or never will be.
READY_WORDS = frozenset({"ready", "complete", "completed", "succeeded"})
_FAILED_WORDS = frozenset({"failed", "error", "cancelled"})


async def build(run: Run, step: Step, item: Declared) -> None:
    """Does a step of a generate spec, whatever its action, and records how it ended."""
    if step.requests:
        run.check_going()
        run.afford(step.examples)
        give_up(run, step, item)
        job = await submit(run, step, item, step.examples, top_up=_is_top_up(step))
        await see_through(run, step, item, job)
    else:
        give_up(run, step, item)
        entry = entry_with(run, item)
        judged_again = any(reason.field == "checks" for reason in step.reasons)
        if judged_again:
            entry = rejudged(run, item, entry)
        run.put(entry, instead_of=step.renamed_from)
        bad = next((job for job in entry.current() if job.state == "rejected"), None)
        if judged_again and bad is not None:
            command = f"pioneer-build show {item.name} --rejected  (then apply --retry {item.name})"
            raise Stopped("rejected", f"{_named(bad)}: {bad.reason}", command)
    if run.options.wait and step.requests:
        await top_up(run, step, item)


def _is_top_up(step: Step) -> bool:
    return any(reason.field == "top_up" for reason in step.reasons)


def give_up(run: Run, step: Step, item: Declared) -> None:
    """With `--resubmit` or `--retry`: records that submissions of unknown fate, or open jobs, are given up."""
    entry = run.entry(item.name) or run.entry(step.renamed_from or item.name)
    if entry is None:
        return
    chosen = {"unknown": item.name in run.resubmit, "open": item.name in run.retry}
    jobs = []
    for job in entry.jobs:
        if chosen.get(job.state, False):
            if run.under_way(job):
                message = f"another run is submitting {job.asked:,} examples to '{job.remote_name}' just now"
                raise Stopped("refused", message, "pioneer-build apply  (when that run has ended)")
            job = replace(job, state="failed", reason=GIVEN_UP)
            run.settle(job)
        jobs.append(job)
    if tuple(jobs) != entry.jobs:
        run.put(replace(entry, jobs=tuple(jobs)))


async def resume(run: Run, step: Step, item: Declared) -> None:
    """Polls the dataset's open jobs until they are over."""
    entry = run.entry(step.renamed_from or item.name) or run.entry(item.name)
    jobs = [job for job in (entry.jobs if entry is not None else ()) if job.state == "open"]
    first: Stopped | None = None
    for job in jobs:  # one that ends badly doesn't keep the others from being looked at
        try:
            await see_through(run, step, item, job)
        except Stopped as stopped:
            first = first or stopped
            if run.stopping.is_set():
                break
    if first is not None:
        raise first
    if run.options.wait:
        await top_up(run, step, item)


async def see_through(run: Run, step: Step, item: Declared, job: Job) -> Job:
    """Watches an open job to its end and looks at what it brought.

    Raises:
        Stopped: it failed, was rejected, or is still open.
    """
    if not run.options.wait:
        raise Stopped("open", f"{_named(job)} is open", "pioneer-build apply")
    report = await watch(run, item, job)
    if report.status == "failed":
        reason = report.error or f"the service says '{report.said}'"
        ended = replace(
            job, state="failed", reason=reason, version=report.version or job.version, revision=report.revision
        )
    else:
        known = run.submission(job)
        brought = await bring(run, item, job, report, known.known if known is not None else None)
        ended = _kept(run, lambda: looked_at(run, item, job, brought, report.revision), job)
    _kept(run, lambda: run.settle(ended), job)
    current = ended.fingerprint == item.fingerprint
    if current:
        keep(run, step, item, ended)
    else:
        _keep_old(run, item, ended, step)
    if ended.state == "failed" and current:
        raise Stopped("failed", f"{_named(job)} failed: {ended.reason}", f"pioneer-build apply --retry {item.name}")
    if ended.state == "rejected" and current:
        raise Stopped(
            "rejected",
            f"{_named(job)}: {ended.reason}",
            f"pioneer-build show {item.name} --rejected  (then apply --retry {item.name})",
        )
    return ended


def _kept(run: Run, act: Callable[[], T], job: Job) -> T:
    """What `act` gives; where the disk doesn't take it the run stops, and the job stays open."""
    try:
        return act()
    except PioneerError as error:
        run.stop(error)
        message = f"{_named(job)} is ready, and its rows could not be kept: {says(error)}"
        raise Stopped("stopped", message, "pioneer-build apply") from None


def _keep_old(run: Run, item: Declared, job: Job, step: Step) -> None:
    """Takes the end of a job of an earlier definition into the lock; the definition in force stays."""
    entry = run.entry(item.name) or run.entry(step.renamed_from or item.name)
    if entry is not None:
        jobs = tuple(job if known.key == job.key else known for known in entry.jobs)
        run.put(replace(entry, jobs=jobs))


async def watch(run: Run, item: Declared, job: Job) -> JobReport:
    """Polls until the job is over: a report that says ready or failed.

    Raises:
        Stopped: the run was stopped, the deadline passed, or the service can't be asked.
    """
    try:
        return await _watch(run, item, job)
    finally:
        run.paces.leaves(job)


async def _watch(run: Run, item: Declared, job: Job) -> JobReport:
    ports, options = run.ports, run.options
    kind = kind_of(item.spec.task_type, job.asked)
    began = ports.now()
    gone = failing = 0
    strange = ""
    polled: float | None = None
    while True:
        await _until_due(run, kind, job, began, polled)
        if run.stopping.is_set():
            raise Stopped("stopped", f"{_named(job)} is open; it goes on remotely", "pioneer-build apply")
        age = ports.now() - began
        if age > options.deadline and (polled is not None or options.deadline == 0):
            message = f"{_named(job)} is still open after {age:,.0f} s"
            raise Stopped("deadline", message, "pioneer-build apply")
        first, polled = polled is None, age
        try:
            report = await _ask(run, job)
        except NotThere:
            gone, failing = gone + 1, 0
            if gone >= _GONE_AFTER:
                raise Stopped(
                    "failed",
                    f"the service does not know job {job.job_id}, which stays open: another key or URL made it,"
                    " or it is gone",
                    f"pioneer-build apply --retry {item.name}  (gives it up and buys it again)",
                ) from None
        except ServiceError as error:
            gone, failing = 0, failing + 1
            if stops_all(error):
                run.stop(error)
            elif failing >= _FAILING_AFTER:
                message = f"{_named(job)} stays open, and can't be polled: {says(error)}"
                raise Stopped("stopped", message, "pioneer-build apply") from None
        else:
            gone = failing = 0
            polled = ports.now() - began
            if report.status in ("ready", "failed"):
                run.paces.done(kind, job, polled)
                return report
            run.paces.still_running(kind, job, polled, first=first)
            run.emit("polled", item.name, report.said, job_id=job.job_id, said=report.said, done=report.done)
            if report.status == "unrecognised" and report.said != strange:
                strange = report.said
                text = f"{_named(job)} has the status '{strange}', which is unheard of: it is polled on"
                run.emit("note", item.name, text)
        run.paces.leaves(job)


async def _until_due(run: Run, kind: Kind, job: Job, began: float, polled: float | None) -> None:
    """Waits until the job is to be polled, the deadline comes, or the run is stopped."""
    while not run.stopping.is_set():
        age = run.ports.now() - began
        # the last poll comes when the deadline does
        left = max(run.options.deadline - age, 0.0) + 0.01
        wait = run.paces.wait(kind, job, age, polled, run.options.first_poll)
        if wait <= _SOON or age > run.options.deadline:
            return
        await run.pause(min(wait, left), run.paces.news)


def _named(job: Job) -> str:
    return f"job {job.job_id}" if job.job_id is not None else f"version {job.version}"


async def _ask(run: Run, job: Job) -> JobReport:
    """How a job stands; where only its version is known, how that stands."""
    if job.job_id is not None:
        try:
            return await run.ports.service.poll(job.job_id)
        except NotThere:
            if job.version is None or job.inferred:
                raise
    listed = await run.ports.service.versions(job.remote_name) or ()
    found = next((version for version in listed if version.version == job.version), None)
    if found is None:
        raise NotThere(f"'{job.remote_name}' has no version {job.version}")
    said = (found.status or "ready").lower()
    status: JobStatus = "ready" if said in READY_WORDS else "failed" if said in _FAILED_WORDS else "running"
    return JobReport(f"version {found.version}", status, said, job.remote_name, found.size, version=found.version)


async def top_up(run: Run, step: Step, item: Declared) -> None:
    """Asks again for accepted rows that are missing, as often as the spec allows.

    Raises:
        Stopped: too few were accepted even so, or the run was stopped.
    """
    if item.spec.top_up is None or item.spec.num_examples is None:
        return
    wanted = item.spec.num_examples
    while True:
        entry = run.entry(item.name)
        if entry is None or entry.fingerprint != item.fingerprint:
            return  # the definition in force is an earlier one: what the new one needs is for the next plan to say
        current = entry.current()
        got = sum(job.got or 0 for job in current if job.state == "ready")
        attempts = sum(1 for job in current if job.top_up)
        if not current or got >= wanted or any(job.got is None for job in current if job.state == "ready"):
            return
        if attempts >= item.spec.top_up.max_attempts:
            break
        text = f"{wanted - got:,} rows are missing: asking again ({attempts + 1} of {item.spec.top_up.max_attempts})"
        run.emit("note", item.name, text)
        job = await submit(run, step, item, wanted - got, top_up=True)
        await see_through(run, step, item, job)
    bound = run.checks(item).min_accepted
    if bound is not None and got < bound * wanted:
        last = next(job for job in reversed(current) if job.state == "ready")
        reason = (
            f"{got:,} of {wanted:,} rows were accepted after {attempts} more attempts, at least {bound:.0%} must be"
        )
        rejected = replace(last, state="rejected", reason=reason)
        run.settle(rejected)
        keep(run, step, item, rejected)
        raise Stopped("rejected", reason, f"pioneer-build show {item.name} --rejected")
