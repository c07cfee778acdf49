"""One submission of one generate job, so that it is never lost and never made twice.

Look before paying; make the intent durable; send; make the job id durable before anything else happens with it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.run import Stopped, says, stops_all
from pioneer_build.errors import Busy, FateUnknown, NotReached, PioneerError, Refused, ServiceError
from pioneer_build.journal.model import Contended, Submission
from pioneer_build.lock.merge import merge_jobs
from pioneer_build.lock.model import Entry, Job, digest_of
from pioneer_build.plan import entry_for
from pioneer_build.ports import GenerateRequest

if TYPE_CHECKING:
    from pioneer_build.apply.run import Run
    from pioneer_build.plan import Step
    from pioneer_build.ports import RemoteVersion
    from pioneer_build.spec.declared import Declared


def entry_with(run: Run, item: Declared, **changes: object) -> Entry:
    """The entry of `item` as the spec now says, with what is remembered of its settings."""
    spec, backend = item.spec, run.options.backend
    known = entry_for(item, run.lock(), backend)[0]
    settings = {"protect": spec.protect, "on_change": spec.on_change, "checks": dict(item.checks), "forgotten": False}
    if known is None:
        known = Entry(item.name, backend, spec.task_type, item.definition, item.name, spec.num_examples)
    definition = {
        "task_type": spec.task_type,
        "definition": item.definition,
        "fingerprint": item.fingerprint,
        "num_examples": spec.num_examples,
    }
    return replace(known, **{**definition, **settings, **changes})  # type: ignore[arg-type]


def keep(run: Run, step: Step, item: Declared, job: Job) -> None:
    """Takes what is now known of `job` into the lock."""
    entry = entry_with(run, item)
    others = [known for known in entry.jobs if known.key != job.key and not _same_submission(known, job)]
    run.put(replace(entry, jobs=merge_jobs([*others, job])), instead_of=step.renamed_from)


def _same_submission(a: Job, b: Job) -> bool:
    return bool(set(a.submissions) & set(b.submissions))


def request_for(item: Declared, remote_name: str, examples: int) -> GenerateRequest:
    """The request body for a spec, in the author's own order and words."""
    spec = item.spec
    return GenerateRequest(
        dataset_name=remote_name,
        task_type=spec.task_type,
        num_examples=examples,
        labels=spec.labels,
        domain_description=spec.domain_description,
        classified_examples=tuple((shot.text, shot.label) for shot in spec.classified_examples),
        prompt=spec.prompt,
    )


#: Why a job counts as failed that the user didn't want to wait for.
GIVEN_UP = "given up by the user"


async def submit(run: Run, step: Step, item: Declared, examples: int, *, top_up: bool = False) -> Job:
    """Submits one job; the open job.

    Raises:
        Stopped: it was not accepted, or its fate is unknown; journal and lock say so.
    """
    run.check_going()
    run.afford(examples)
    _check_room(run)
    run.on_the_way += 1
    try:
        return await _submit(run, step, item, examples, top_up=top_up)
    finally:
        run.on_the_way -= 1


async def _submit(run: Run, step: Step, item: Declared, examples: int, *, top_up: bool) -> Job:
    name, remote_name = item.name, step.remote_name
    journal, service = run.ports.journal, run.ports.service
    backend = run.options.backend
    listed = await _look(run, step, item)
    run.check_going()
    run.spend(examples)
    request = request_for(item, remote_name, examples)
    entry = entry_with(run, item)
    job = Job(
        fingerprint=item.fingerprint,
        remote_name=remote_name,
        asked=examples,
        state="open",
        order=1 + max((known.order for known in entry.jobs), default=-1),
        top_up=top_up,
    )
    intent = Submission(
        token="",
        backend=backend,
        dataset_name=name,
        base_name=entry.base_name,
        remote_name=remote_name,
        task_type=item.spec.task_type,
        definition=item.definition,
        fingerprint=item.fingerprint,
        num_examples=item.spec.num_examples or 0,
        asked=examples,
        order=job.order,
        request=digest_of(request.body()),
        known=None if listed is None else tuple(version.version for version in listed),
        top_up=top_up,
        on_change=item.spec.on_change,
    )
    try:
        token = run.begin(intent)
    except Contended as error:
        run.refund(examples)
        raise Stopped("refused", error.message, "pioneer-build apply") from None
    except PioneerError:
        run.refund(examples)
        raise
    run.emit("submitting", name, f"asking for {examples:,} examples", examples=examples, remote_name=remote_name)
    try:
        job_id = await service.submit(request)
    except ServiceError as error:
        raise _not_submitted(run, step, item, job, token, error) from None
    except asyncio.CancelledError:
        _unknown(run, step, item, job, token, "interrupted while the request was out")
        raise
    job = replace(job, job_id=job_id)
    try:
        journal.record(token, state="open", job_id=job_id)
    except PioneerError as error:
        # the lock may still take it; and whoever reads this can
        run.emit("submitted", name, f"job {job_id}", job_id=job_id, remote_name=remote_name)
        run.stop(error)
        adopt = f"pioneer-build adopt {name} {job_id}"
        with suppress(PioneerError):
            keep(run, step, item, replace(job, submissions=(token,)))
            run.write_lock(finally_=True)
        message = f"the service accepted job {job_id}, and the journal did not take it down: {says(error)}"
        raise Stopped("stopped", message, adopt) from None
    run.emit("submitted", name, f"job {job_id}", job_id=job_id, remote_name=remote_name)
    keep(run, step, item, job)
    return job


def _check_room(run: Run) -> None:
    """Raises `Stopped` where nobody waits for jobs and as many are open as may be."""
    if run.options.wait:
        return  # each job holds one of so many workers
    jobs = (job for entry in run.entries.values() if entry.backend == run.options.backend for job in entry.jobs)
    count = sum(1 for job in jobs if job.state == "open")
    if count + run.on_the_way >= run.options.max_open_jobs:
        message = f"not submitted yet: {count:,} jobs are open, as many as `max_open_jobs` lets"
        raise Stopped("pending", message, "pioneer-build apply")


async def _look(run: Run, step: Step, item: Declared) -> tuple[RemoteVersion, ...] | None:
    """The versions that the service lists under the remote name, all of them accounted for.

    Raises:
        Stopped: one of them is in neither lock nor journal.
    """
    remote_name, backend = step.remote_name, run.options.backend
    try:
        listed = await run.ports.service.versions(remote_name)
    except ServiceError as error:
        if stops_all(error) or isinstance(error, NotReached):
            run.stop(error)
        raise Stopped("stopped", f"not submitted: {says(error)}") from None
    if not listed:
        return listed
    strange = strangers(run, remote_name, backend, listed)
    if strange and item.name not in run.resubmit:
        version = strange[0].version
        raise Stopped(
            "refused",
            f"'{remote_name}' exists on the service, and its version {version} is in neither the lock nor the journal",
            f"pioneer-build adopt {item.name} --version {version}  (or apply --resubmit {item.name})",
        )
    return listed


def strangers(
    run: Run, remote_name: str, backend: str, listed: tuple[RemoteVersion, ...], *, but: str | None = None
) -> list[RemoteVersion]:
    """The listed versions that no job of lock or journal made; `but` is a token not to count."""
    ids: set[str] = set()
    versions: set[str] = set()
    unnamed: set[str] = set()
    jobs: list[Job | Submission] = [
        job for entry in run.entries_with(remote_name) if entry.backend == backend for job in entry.jobs
    ]
    about = run.ports.journal.about(backend, remote_name=remote_name)
    jobs += [known for known in about if known.token != but]
    for known in jobs:
        if known.remote_name != remote_name:
            continue
        if known.job_id is not None:
            ids.add(known.job_id)
        if known.version is not None and not known.inferred:
            versions.add(known.version)
        elif known.job_id is not None and (known.state != "failed" or known.reason == GIVEN_UP):
            unnamed.add(known.job_id)  # a job that failed made no version; one that was given up may have
    left = [item for item in listed if item.version not in versions and item.id not in ids]
    unnamed -= {item.id for item in listed if item.id is not None}
    unnamed -= {known.job_id for known in jobs if known.job_id and known.version and not known.inferred}
    # jobs whose version nobody named account for as many versions
    return left[: max(0, len(left) - len(unnamed))]


def _not_submitted(run: Run, step: Step, item: Declared, job: Job, token: str, error: ServiceError) -> Stopped:
    name = item.name
    if isinstance(error, FateUnknown):
        return _unknown(run, step, item, job, token, error.message)
    run.refund(job.asked)
    if isinstance(error, Refused) and not stops_all(error):
        line, column = item.spec.place(_field_of(error) or "dataset_name")
        reason = error.message
        run.ports.journal.record(token, state="refused", reason=reason)
        keep(run, step, item, replace(job, state="failed", reason=reason, submissions=(token,)))
        place = f"{item.spec.path}:{line}:{column}: " if item.spec.path else ""
        return Stopped(
            "failed", f"{place}refused by the service: {reason}", f"pioneer-build apply --retry {name}", error.details
        )
    run.ports.journal.record(token, state="refused", reason=error.message)
    if stops_all(error) or isinstance(error, NotReached):
        run.stop(error)
    if isinstance(error, Busy):
        return Stopped("stopped", f"not submitted: {says(error)}", "pioneer-build apply")
    return Stopped("stopped", f"not submitted: {says(error)}")


def _unknown(run: Run, step: Step, item: Declared, job: Job, token: str, why: str) -> Stopped:
    def write_down() -> None:
        run.ports.journal.record(token, state="unknown", reason=why)

    def keep_it() -> None:
        keep(run, step, item, replace(job, state="unknown", reason=why, submissions=(token,)))

    name, trouble = item.name, ""
    for act in (write_down, keep_it):
        try:
            act()
        except PioneerError as error:  # the journal has the intent, which is taken for unknown as well
            run.stop(error)
            trouble = f"; {says(error)}"
    return Stopped(
        "unknown",
        f"{why}: it is not sent again by itself{trouble}",
        f"pioneer-build apply  (looks for what it made; or adopt {name} JOB_ID, or apply --resubmit {name})",
    )


def _field_of(error: ServiceError) -> str | None:
    """The spec's key that the service's reasons name, if one does."""
    text = " ".join((error.message, *error.details))
    keys = (
        "num_examples",
        "labels",
        "domain_description",
        "classified_examples",
        "prompt",
        "dataset_name",
        "task_type",
    )
    return next((key for key in keys if key in text), None)
