"""Submits one generate job, so that it is never lost and never sent twice.

List the versions; record durably what is about to be sent; send it; record the job id durably before using it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pioneer_build.apply.busy_wait import BusyWait
from pioneer_build.apply.gone_names import check_name_is_there, missing_jobs
from pioneer_build.apply.stopped import StepStopped, one_line, stops_all, stops_submissions
from pioneer_build.apply.unrecorded_versions import fetch_first, unrecorded_versions
from pioneer_build.errors import Busy, FateUnknown, PioneerError, Refused, ServiceError
from pioneer_build.escaping import shell_word
from pioneer_build.journal.model import Contended, Submission
from pioneer_build.lock.model import Job, digest_of
from pioneer_build.ports import Guidance, JobPlace, JobRequest
from pioneer_build.spec.guidance import reads_guidance
from pioneer_build.spec.label_descriptions import described_domain
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply.run import Run
    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Entry
    from pioneer_build.ports import RemoteVersion
    from pioneer_build.spec.declared import Declared

#: The spec's keys that a refusal may be about, as the service's reasons name them; the first one found is used.
_KEYS = (
    "num_examples",
    "labels",
    "domain_description",
    "classified_examples",
    "ner_examples",
    "prompt",
    "dataset_name",
    "task_type",
)


def request_for(item: Declared, remote_name: str, examples: int, backend: str) -> JobRequest:
    """The request body for a spec, in the author's own order and words.

    A service that has no field for descriptions of labels gets them in `domain_description`.

    Args:
        item: the spec.
        remote_name: the dataset's name on the service.
        examples: how many rows to request.
        backend: the backend's name in the lock.
    """
    spec, guidance = item.spec, Guidance.of(item.spec, backend)
    domain = spec.domain_description
    return JobRequest(
        dataset_name=remote_name,
        task_type=spec.task_type,
        num_examples=examples,
        labels=spec.labels,
        domain_description=domain if reads_guidance(backend) else described_domain(domain, spec.label_descriptions),
        label_descriptions=guidance.label_descriptions,
        classified_examples=guidance.classified_examples,
        ner_examples=guidance.ner_examples,
        prompt=spec.prompt,
    )


async def submit(work: Work, examples: int, *, top_up: bool = False) -> Job:
    """Submits one job, and returns it in the state `open`.

    Args:
        work: the step.
        examples: how many rows to request.
        top_up: whether the job only replaces rows that earlier jobs left missing.

    Raises:
        StepStopped: it was not accepted, or the outcome is unknown; journal and lock record that.
    """
    run = work.run
    run.check_going()
    run.budget.afford(examples)
    run.spending.afford(work.name, examples)
    _check_room(run)
    with run.budget.on_the_way():
        listed = await _list_versions(work)
        run.check_going()
        run.spending.afford(work.name, examples)
        run.budget.spend(examples)
        sending = _begin(work, examples, listed, top_up=top_up)
        run.submitted.add(work.name)
        run.spending.start_job(work.name, sending.job)
        return await _send(sending)


def _check_room(run: Run) -> None:
    """Raises `StepStopped` if jobs are not waited for, and as many are open as `max_open_jobs` allows."""
    if run.options.wait:
        return  # each open job occupies a worker, and there are only `max_open_jobs` of them
    most = run.options.max_open_jobs
    open_jobs = sum(1 for entry in run.lock.entries() for job in entry.jobs if job.state == "open")
    if open_jobs + run.budget.under_way >= most:
        message = f"not submitted yet: at most {count(most, 'job')} may be open at a time (`max_open_jobs`)"
        raise StepStopped("pending", message, "pioneer-build apply")


async def _list_versions(work: Work) -> Sequence[RemoteVersion] | None:
    """The versions that the service lists under the remote name; all of them are in lock or journal.

    Raises:
        StepStopped: one of them is in neither, or one of the lock's is not among them.
    """
    run, remote_name = work.run, work.step.remote_name
    listed = await _listed(work)
    if listed is not None and missing_jobs(work, remote_name, listed):
        listed = await _listed(work)  # one wrong answer must not make a name a deleted one
    if listed is None:
        return None
    await check_name_is_there(work, remote_name, listed)
    strange = unrecorded_versions(run, remote_name, listed)
    if strange and not work.resubmits:
        version = strange[0].version
        raise StepStopped(
            "refused",
            f"'{remote_name}' already exists on the service, and its version {version} is in neither pioneer.lock nor"
            " the journal",
            fetch_first(
                run,
                f"pioneer-build adopt {shell_word(work.name)} --version {shell_word(version)}"
                f"  (or: pioneer-build apply --resubmit {shell_word(work.name)})",
            ),
        )
    return listed


async def _listed(work: Work) -> Sequence[RemoteVersion] | None:
    run = work.run
    try:
        versions = run.service.versions(work.step.remote_name)
        return await run.unpaid(versions, "not submitted: versions are listed first")
    except ServiceError as error:
        if stops_submissions(error):
            run.stop(error)
        raise StepStopped("stopped", f"not submitted: {one_line(error)}") from None


# -- before it is sent ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sending:
    """A submission that is in the journal: what is sent, and its token in the journal.

    `known` are the versions that the service listed before, each with its id; `None` if it lists none.
    """

    work: Work
    request: JobRequest
    job: Job
    token: str
    known: frozenset[tuple[str, str | None]] | None


def _begin(work: Work, examples: int, listed: Sequence[RemoteVersion] | None, *, top_up: bool) -> _Sending:
    """Records durably what is about to be sent. The budget has it already; if this fails, that is undone.

    Raises:
        StepStopped: another run has submitted the same in the meantime.
        JournalError: it could not be written.
    """
    item, entry = work.item, work.entry_as_declared()
    request = request_for(item, work.step.remote_name, examples, work.run.options.backend)
    job = Job(
        fingerprint=item.fingerprint,
        remote_name=request.dataset_name,
        asked=examples,
        state="open",
        order=1 + max((known.order for known in entry.jobs), default=-1),
        top_up=top_up,
    )
    intent = replace(
        submission_of(work, job, entry.base_name),
        request=digest_of(request.body()),
        known=None if listed is None else tuple(version.version for version in listed),
        top_up=top_up,
    )
    known = None if listed is None else frozenset((version.version, version.id) for version in listed)
    if work.run.options.free:
        request = replace(request, place=_place(entry, request.dataset_name, listed or ()))
    try:
        token = work.run.journal.begin(intent, item.spec.renamed_from)
    except Contended as error:
        work.run.budget.refund(examples)
        raise StepStopped("refused", error.message, "pioneer-build apply") from None
    except PioneerError:
        work.run.budget.refund(examples)
        raise
    return _Sending(work, request, job, token, known)


def _place(entry: Entry, remote_name: str, listed: Sequence[RemoteVersion]) -> JobPlace:
    """Puts a new job after the recorded ones: the local engine may also have those of branches that aren't merged.

    Args:
        entry: the dataset's entry in the lock.
        remote_name: its name on the service.
        listed: the versions that are there.
    """
    there = {version.id for version in listed}
    jobs = entry.accepted_as(remote_name)
    return JobPlace((tuple(job.job_id for job in jobs if job.job_id is not None and job.job_id in there),))


def submission_of(work: Work, job: Job, base_name: str) -> Submission:
    """What the journal records of a job before it is sent.

    Args:
        work: the step.
        job: the job to submit.
        base_name: the remote name of the dataset's first definition.
    """
    item = work.item
    return Submission(
        token="",
        backend=work.run.options.backend,
        dataset_name=item.name,
        base_name=base_name,
        remote_name=job.remote_name,
        task_type=item.spec.task_type,
        definition=item.definition,
        fingerprint=item.fingerprint,
        num_examples=item.spec.num_examples or 0,
        asked=job.asked,
        order=job.order,
        request="",
        on_change=item.spec.on_change,
    )


# -- sending it ----------------------------------------------------------------------------------------------------


async def _send(sending: _Sending) -> Job:
    """Sends the request, and records the job id durably."""
    work, run = sending.work, sending.work.run
    examples, remote_name = sending.job.asked, sending.job.remote_name
    text = f"requesting {count(examples, 'example')}"
    work.emit("submitting", text, examples=examples, remote_name=remote_name)
    waits, sent_again = BusyWait(work), False
    try:
        while True:
            try:
                job_id = await run.service.submit(sending.request)
                break
            except ServiceError as error:
                problem = error
            if not await _may_be_sent_again(sending, problem, waits):
                await _check_refusal(sending, problem)
                raise _not_submitted(sending, problem)
            run.budget.spend(examples)
            sent_again = True
    except asyncio.CancelledError:
        _unknown(sending, "interrupted while waiting for the response")
        raise
    job = replace(sending.job, job_id=job_id)
    if sent_again:
        run.sent_again.add(job.key)
    try:
        run.journal.record(sending.token, state="open", job_id=job_id)
    except PioneerError as error:
        raise _not_recorded(sending, job, error) from None
    work.emit("submitted", f"job {job_id}", job_id=job_id, remote_name=remote_name)
    work.keep(job)
    return job


async def _may_be_sent_again(sending: _Sending, error: ServiceError, waits: BusyWait) -> bool:
    """Whether the service is only busy, the pause is over, and another request is within the budget.

    A gateway may be what is busy, with the job made behind it. So where versions are listed they are read first, and
    only there is a 503 that doesn't say more believed.

    Raises:
        StepStopped: there is a new version, or none can be listed now, so the outcome is unknown.
    """
    uncertain = isinstance(error, FateUnknown) and error.status == 503 and sending.known is not None
    if not (uncertain or isinstance(error, Busy)) or (isinstance(error, Busy) and not error.sent):
        return False
    assert isinstance(error, Busy | FateUnknown)
    affordable = sending.work.run.budget.affords(sending.job.asked)
    again = affordable and await waits.is_over(error)
    if sending.known is not None:
        await _check_nothing_was_made(sending, error)
    return again


async def _check_refusal(sending: _Sending, error: ServiceError) -> None:
    """Looks whether a refusal can be believed that is not about what the spec requests.

    Something in front of the service may send it, with the job made behind it: a redirect says nothing about what was
    done before it (302 often means that the result is elsewhere), and others refuse keys and addresses, too.

    Raises:
        StepStopped: there is a new version; or it is a redirect, and none are listed. So the outcome is unknown.
    """
    if isinstance(error, FateUnknown) or error.status is None or not stops_all(error):
        return
    if sending.known is None and error.status >= 400:
        return
    sending.work.run.stop(error)
    if sending.known is None:
        raise _unknown(sending, error.message)
    await _check_nothing_was_made(sending, error)


async def _check_nothing_was_made(sending: _Sending, error: ServiceError) -> None:
    run, remote_name = sending.work.run, sending.request.dataset_name
    try:
        listed = await run.service.versions(remote_name)
    except ServiceError as problem:
        why = f"{error.message}; whether a version was made can't be seen: {problem.message}"
        raise _unknown(sending, why) from None
    known = sending.known or frozenset()  # by number and id: a name that was deleted may be counted from 1 again
    new = [version.version for version in listed or () if (version.version, version.id) not in known]
    if listed is None or new:
        what = f"version {new[0]} of '{remote_name}' is new" if new else "the service no longer lists versions"
        raise _unknown(sending, f"{error.message}, but {what}")


def _not_recorded(sending: _Sending, job: Job, error: PioneerError) -> StepStopped:
    """The service has accepted the job, but the journal can't be written: tell the user, and try to write the lock."""
    work, run = sending.work, sending.work.run
    work.emit("submitted", f"job {job.job_id}", job_id=job.job_id, remote_name=job.remote_name)
    run.stop(error)
    with suppress(PioneerError):
        work.keep(replace(job, submissions=(sending.token,)))
        run.lock.write()
    message = f"the service accepted job {job.job_id}, but it could not be written to the journal: {one_line(error)}"
    return StepStopped(
        "stopped", message, f"pioneer-build adopt {shell_word(work.name)} {shell_word(job.job_id or 'JOB_ID')}"
    )


def _not_submitted(sending: _Sending, error: ServiceError) -> StepStopped:
    run = sending.work.run
    if isinstance(error, FateUnknown):
        if stops_all(error):
            run.stop(error)
        return _unknown(sending, error.message)
    why = ""
    if isinstance(error, Busy) and error.sent:  # counted: whoever says so may be wrong
        why = "" if run.budget.affords(sending.job.asked) else "; the budget is used up"
    elif isinstance(error, Busy) or error.status is None:
        run.budget.refund(sending.job.asked)
    else:
        run.budget.refuse(sending.job.asked)
    run.journal.record(sending.token, state="refused", reason=error.message)
    if isinstance(error, Refused) and not stops_all(error):
        return _refused(sending, error)
    if stops_submissions(error):
        run.stop(error)
    command = "pioneer-build apply" if isinstance(error, Busy) else None
    return StepStopped(
        "stopped", f"not submitted: {error.message}{why}{f'; {error.hint}' if error.hint else ''}", command
    )


def _refused(sending: _Sending, error: Refused) -> StepStopped:
    """The service refuses what the spec requests: recorded, so that not every apply sends it again."""
    work, spec = sending.work, sending.work.item.spec
    work.keep(replace(sending.job, state="failed", reason=error.message, submissions=(sending.token,)))
    line, column = spec.place(_key_of(error) or "dataset_name")
    place = f"{spec.path}:{line}:{column}: " if spec.path else ""
    message = f"{place}refused by the service: {error.message}"
    return StepStopped("failed", message, f"pioneer-build apply --retry {shell_word(work.name)}", error.details)


def _unknown(sending: _Sending, why: str) -> StepStopped:
    """The request was sent and may have been accepted, so it is never resent automatically."""
    work, run = sending.work, sending.work.run

    def to_journal() -> None:
        run.journal.record(sending.token, state="unknown", reason=why)

    def to_lock() -> None:
        work.keep(replace(sending.job, state="unknown", reason=why, submissions=(sending.token,)))

    name, trouble = work.name, ""
    for act in (to_journal, to_lock):
        try:
            act()
        except PioneerError as error:  # the journal has the line from before the request, which counts as unknown too
            run.stop(error)
            trouble = f"; {one_line(error)}"
    return StepStopped(
        "unknown",
        f"{why}; the submission may have been accepted, so it is not resent automatically{trouble}",
        f"pioneer-build apply  (looks for the job; otherwise: pioneer-build adopt {shell_word(name)} JOB_ID,"
        f" or pioneer-build apply --resubmit {shell_word(name)})",
    )


def _key_of(error: ServiceError) -> str | None:
    """The spec's key that the service's reasons name, if any."""
    text = " ".join((error.message, *error.details))
    return next((key for key in _KEYS if key in text), None)
