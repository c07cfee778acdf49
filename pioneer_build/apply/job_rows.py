"""From a job the service calls ready to one that was looked at: get the rows, judge them, keep them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pioneer_build.apply.run import Stopped, says
from pioneer_build.checks.judge import JobTerms, TakenTexts, judge
from pioneer_build.checks.quarantine import parse_quarantined, quarantine_line
from pioneer_build.errors import NoAccess, Refused, ServiceError, StoreError
from pioneer_build.rows import parse_line, row_line, split_version, text_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pioneer_build.apply.run import Run
    from pioneer_build.checks.judge import Judgement
    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.ports import JobReport, RemoteVersion, Store
    from pioneer_build.spec.declared import Declared


@dataclass(frozen=True, slots=True)
class Brought:
    """What a job brought: its rows as the service gave them (`None` where they can't be had), and its version.

    `appended` says that the version also holds rows of an earlier definition, where it was to stand alone.
    """

    rows: tuple[Any, ...] | None
    version: str | None
    inferred: bool = False
    appended: bool = False


async def bring(run: Run, item: Declared, job: Job, report: JobReport, known: Sequence[str] | None) -> Brought:
    """The rows of a ready job: its `data`, else the download of its version, told from those of earlier jobs.

    `known` are the versions that were listed before the job was submitted.

    Raises:
        Stopped: they can't be had now. The job stays open, so that they are asked for again.
    """
    version, inferred = report.version or (None if job.inferred else job.version), False
    if version is None:
        version = _version_of(run, job, await _listed(run, job, report), known)
    if version is None:
        entry = run.entry(item.name)
        jobs = entry.jobs if entry is not None else (job,)
        version, inferred = str(_counted(job, jobs)), True
    appended = not inferred and await _is_appended(run, item, job, version, report)
    if report.rows is not None:
        return Brought(rows_of_report(run, item, job, report.rows), version, inferred, appended)
    # rows of a version that was only counted might be those of another job
    rows = None if inferred else await download(run, item, job, version)
    return Brought(rows, version, inferred, appended)


async def _is_appended(run: Run, item: Declared, job: Job, version: str, report: JobReport) -> bool:
    """Whether a version that was to stand alone (`on_change: new_version`) is too large for the job that made it."""
    entry = run.entry(item.name)
    if item.spec.on_change != "new_version" or entry is None:
        return False
    before = [
        other
        for other in entry.jobs
        if other.remote_name == job.remote_name and other.accepted and other.fingerprint != job.fingerprint
    ]
    if not before:
        return False
    sizes = (one.size for one in await _listed(run, job, report) or () if one.version == version)
    mine = sum(other.asked for other in entry.current() if other.remote_name == job.remote_name)
    return any(size is not None and size > max(mine, job.asked) for size in sizes)


async def _listed(run: Run, job: Job, report: JobReport) -> tuple[RemoteVersion, ...] | None:
    try:
        return await run.ports.service.versions(job.remote_name)
    except (NoAccess, Refused):
        return None
    except ServiceError as error:
        if report.rows is not None:
            return None
        raise _not_now(job, error) from None


def rows_of_report(run: Run, item: Declared, job: Job, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """The job's own rows among those that the answer to a poll holds."""
    return _new_rows(run, item, job, rows) if len(rows) > job.asked else rows


def _not_now(job: Job, error: ServiceError) -> Stopped:
    name = f"job {job.job_id}" if job.job_id is not None else f"version {job.version}"
    message = f"{name} is ready, and its rows can't be read now: {says(error)}"
    return Stopped("stopped", message, "pioneer-build apply")


def _version_of(run: Run, job: Job, listed: Sequence[RemoteVersion] | None, known: Sequence[str] | None) -> str | None:
    """Which of the listed versions the job made: by its id, else the only one that is new and nobody else's."""
    for version in listed or ():
        if version.id is not None and version.id == job.job_id:
            return version.version
    if not listed or known is None:
        return None
    others = {
        other.version
        for entry in run.entries_with(job.remote_name)
        for other in entry.jobs
        if other.remote_name == job.remote_name and other.key != job.key and not other.inferred
    }
    new = [version.version for version in listed if version.version not in known and version.version not in others]
    return new[0] if len(new) == 1 else None


def _counted(job: Job, jobs: Sequence[Job]) -> int:
    """Which version of its remote name a job made, by counting the jobs that came before it and didn't fail."""
    return 1 + sum(
        1
        for other in jobs
        if other.remote_name == job.remote_name
        and other.accepted
        and other.state != "failed"
        and other.order < job.order
        and other.key != job.key
    )


async def download(run: Run, item: Declared, job: Job, version: str) -> tuple[Any, ...] | None:
    """The job's rows from the download of its version; `None` where there is none.

    Raises:
        Stopped: the download broke.
    """
    try:
        stream = await run.ports.service.download(job.remote_name, version)
        if stream is None:
            return None
        rows = tuple([row async for row in stream])
    except (NoAccess, Refused) as error:
        run.emit("note", item.name, f"version {version} can't be downloaded: {error.message}")
        return None
    except ServiceError as error:
        raise _not_now(job, error) from None
    return _new_rows(run, item, job, rows)


def _new_rows(run: Run, item: Declared, job: Job, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """`rows` without those that earlier jobs of the same remote name brought, where it holds them all."""
    entry = run.entry(item.name)
    jobs = entry.jobs if entry is not None else ()
    before = [
        other
        for other in jobs
        if other.remote_name == job.remote_name and other.order < job.order and other.rows is not None
    ]
    if not before or not all(run.ports.store.has(other.rows or "") for other in before):
        return rows
    earlier = [raw for other in before for raw in raw_rows(run.ports.store, other)]
    split = split_version(rows, earlier, *run.terms(item, job))
    return split.new if split.complete else rows


def raw_rows(store: Store, job: Job) -> list[Any]:
    """All rows that a job brought, accepted and quarantined, in the order they came."""
    accepted = iter([parse_line(line) for line in store.lines(job.rows)] if job.rows is not None else [])
    aside = [parse_quarantined(line) for line in store.lines(job.quarantined)] if job.quarantined is not None else []
    rows: list[Any] = []
    for bad in sorted(aside, key=lambda bad: bad.number):
        while len(rows) + 1 < bad.number and (row := next(accepted, None)) is not None:
            rows.append(row)
        rows.append(bad.raw)
    return [*rows, *accepted]


def looked_at(run: Run, item: Declared, job: Job, brought: Brought, revision: str | None = None) -> Job:
    """The job with its rows judged and kept: ready, or rejected; ready and not verified where it brought none."""
    job = replace(job, version=brought.version, inferred=brought.inferred, revision=revision or job.revision)
    if brought.appended:
        reason = (
            f"version {brought.version} also holds examples of an earlier definition: this service appends to a"
            " dataset; `on_change: new_name` keeps definitions apart"
        )
        return replace(job, state="rejected", got=0, verified=True, reason=reason)
    if brought.rows is None:
        return replace(job, state="ready", got=job.asked, verified=False, reason=None)
    return judged(run, item, job, brought.rows)


def judged(run: Run, item: Declared, job: Job, rows: Iterable[Any]) -> Job:
    """The job after its rows were held against the checks, and kept in the store."""
    verdict = verdict_on(run, item, job, rows)
    store = run.ports.store
    accepted = store.put(row_line(row) for row in verdict.accepted)
    aside = store.put(quarantine_line(bad) for bad in verdict.quarantined) if verdict.quarantined else None
    if verdict.quarantined:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in verdict.measures.causes)
        run.emit("quarantined", item.name, f"{len(verdict.quarantined):,} rows set aside: {causes}",
                 count=len(verdict.quarantined), causes=dict(verdict.measures.causes))  # fmt: skip
    failures = [failure for failure in verdict.failures if not _is_topped_up(item, failure.check, verdict)]
    return replace(
        job,
        state="rejected" if failures else "ready",
        got=len(verdict.accepted),
        rows=accepted,
        quarantined=aside,
        verified=True,
        reason="; ".join(failure.message for failure in failures) or None,
    )


def _is_topped_up(item: Declared, check: str, verdict: Judgement) -> bool:
    """Whether a shortage is no reason to reject, because the missing rows will be asked for again."""
    return check == "min_accepted" and item.spec.top_up is not None and bool(verdict.accepted)


def verdict_on(run: Run, item: Declared, job: Job, rows: Iterable[Any]) -> Judgement:
    """What the checks say of a job's rows."""
    entry = run.entry(item.name)
    earlier = [other for other in (entry.jobs if entry is not None else ()) if _stands_before(other, job)]
    checks = run.checks(item)
    taken = TakenTexts(
        frozenset(digests_of_texts(run.ports.store, earlier)),
        {name: frozenset(texts_of(run, name)) for name in checks.no_overlap_with},
    )
    return judge(rows, JobTerms(*run.terms(item, job), job.asked), checks, taken)


def _stands_before(other: Job, job: Job) -> bool:
    return other.fingerprint == job.fingerprint and other.state == "ready" and other.order < job.order


def digests_of_texts(store: Store, jobs: Iterable[Job]) -> Iterator[bytes]:
    """The digests of the texts of the jobs' accepted rows, as far as they are here."""
    for job in jobs:
        if job.rows is not None and store.has(job.rows):
            for line in store.lines(job.rows):
                yield text_digest(parse_line(line))


def texts_of(run: Run, name: str) -> Iterator[bytes]:
    """The digests of the texts that the dataset `name` has, as far as its rows are here."""
    entry = run.entry(name)
    if entry is None:
        return
    if entry.labelling is not None:
        if run.ports.store.has(entry.labelling.content):
            yield from (text_digest(parse_line(line)) for line in run.ports.store.lines(entry.labelling.content))
        return
    yield from digests_of_texts(run.ports.store, entry.readable())


def rejudged(run: Run, item: Declared, entry: Entry) -> Entry:
    """The entry after its current jobs were held against changed checks, where their rows are here."""
    jobs = []
    for job in entry.jobs:
        mine = job.fingerprint == item.fingerprint and job.state in ("ready", "rejected") and job.rows is not None
        if mine and all(digest is None or run.ports.store.has(digest) for digest in (job.rows, job.quarantined)):
            try:
                judgement = judged(run, item, replace(job, reason=None), raw_rows(run.ports.store, job))
                run.settle(judgement)
                jobs.append(judgement)
                continue
            except StoreError as error:
                run.emit("note", item.name, error.message)
        jobs.append(job)
    return replace(entry, jobs=tuple(jobs))
