"""Polls one open job until it has ended, at the times that the run's poll schedule sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.apply.job_rows import rows_expected
from pioneer_build.apply.poll_schedule import kind_of
from pioneer_build.apply.stopped import StepStopped, asks_for_long_pause, one_line, stops_all
from pioneer_build.errors import NotThere, PioneerError, ServiceError
from pioneer_build.escaping import shell_word
from pioneer_build.ports import JobReport
from pioneer_build.spec.guidance import is_model
from pioneer_build.wording import duration

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job

#: After this many polls in a row with the answer that the service doesn't know the job, the run believes it.
_GONE_AFTER = 3
_OTHER_KEY = "it was submitted with another key or base URL, or it was deleted"
_OTHER_STORE = (
    "another checkout with this store has ended this job and has its rows in its pioneer.lock (merge that one), or this"
    " job was submitted with another store"
)
#: After this many polls in a row that fail for another reason, the run leaves the job open.
_FAILING_AFTER = 5
#: Waits shorter than this many seconds are skipped: the clock may not be that precise.
_SOON = 0.001


async def watch(work: Work, job: Job) -> JobReport:
    """Polls until the job has ended; returns the report that says ready or failed.

    Raises:
        StepStopped: the run was stopped, the deadline passed, or polling failed.
    """
    try:
        return await _Watch(work, job).to_the_end()
    finally:
        work.run.poll_schedule.leaves(job)


class _Watch:
    """One job being polled. Ages are in seconds since this began; `_polled` is the age at the latest poll."""

    def __init__(self, work: Work, job: Job) -> None:
        self._work = work
        self._job = job
        self._run = work.run
        self._schedule = work.run.poll_schedule
        self._kind = kind_of(work.item.spec.task_type, job.asked)
        self._began = work.run.ports.now()
        self._polled: float | None = None
        self._gone = 0
        self._failing = 0
        self._odd_word = ""

    async def to_the_end(self) -> JobReport:
        """The report that says that the job has ended."""
        while True:
            self._run.lock.write_if_due()  # whoever has the lock resumes this job if the process is killed
            await self._until_due()
            self._check_going()
            first, self._polled = self._polled is None, self._age()
            report = await self._poll()
            if report is not None:
                self._polled = self._age()
                self._count(report)
                if report.status in ("ready", "failed"):
                    self._schedule.done(self._kind, self._job, self._polled)
                    return report
                self._schedule.still_running(self._kind, self._job, self._polled, first=first)
                self._tell(report)
            self._schedule.leaves(self._job)

    def _age(self) -> float:
        return self._run.ports.now() - self._began

    async def _until_due(self) -> None:
        """Waits until the next poll is due, the deadline has passed, or the run is stopped."""
        options = self._run.options
        while not self._run.stopping.is_set():
            age = self._age()
            # the last poll is made at the deadline
            left = max(options.deadline - age, 0.0) + 0.01
            wait = self._schedule.wait(self._kind, self._job, age, self._polled, options.first_poll)
            if wait <= _SOON or age > options.deadline:
                return
            await self._run.pause(min(wait, left), self._schedule.changed)

    def _check_going(self) -> None:
        if self._run.stopping.is_set():
            message = f"{self._job.named} is open; the next apply resumes it"
            raise StepStopped("stopped", message, "pioneer-build apply")
        age, deadline = self._age(), self._run.options.deadline
        if age > deadline and (self._polled is not None or deadline == 0):
            message = f"{self._job.named} is still open after {duration(age)}"
            raise StepStopped("deadline", message, "pioneer-build apply")

    async def _poll(self) -> JobReport | None:
        """The service's report on the job; `None` if this poll failed."""
        try:
            left = self._run.options.deadline - self._age()
            so_far = f"{self._job.named} stays open"
            report = await self._run.unpaid(_ask(self._work, self._job), so_far, left)
        except NotThere:
            self._gone, self._failing = self._gone + 1, 0
            if self._gone >= _GONE_AFTER:
                unknown = _OTHER_STORE if is_model(self._run.options.backend) else _OTHER_KEY
                why = f"'{self._job.remote_name}' was deleted there" if self._job.deleted else unknown
                raise StepStopped(
                    "failed",
                    f"the service does not know {self._job.named}: {why}; it stays open in pioneer.lock",
                    f"pioneer-build apply --retry {shell_word(self._work.name)}"
                    "  (gives up the job and pays for a new one)",
                ) from None
            return None
        except ServiceError as error:
            self._gone, self._failing = 0, self._failing + 1
            if stops_all(error):
                self._run.stop(error)
            elif asks_for_long_pause(error):
                message = f"{self._job.named} stays open; {one_line(error)}"
                raise StepStopped("stopped", message, "pioneer-build apply") from None
            elif self._failing >= _FAILING_AFTER:
                message = f"{self._job.named} stays open; polling failed: {one_line(error)}"
                raise StepStopped("stopped", message, "pioneer-build apply") from None
            return None
        self._gone = self._failing = 0
        return report

    def _count(self, report: JobReport) -> None:
        """Counts what the job has cost; stops the run if that is more than it may spend."""
        spending, ended = self._run.spending, report.status in ("ready", "failed")
        spending.seen(self._job, report.tokens, ended=ended)
        if spending.is_exceeded and not ended:
            hint = "raise --max-cost: the next apply resumes the open jobs where they stopped"
            self._run.stop(PioneerError(f"stopped: {spending.used_up}", hint=hint))

    def _tell(self, report: JobReport) -> None:
        self._work.emit("polled", report.said, job_id=self._job.job_id, said=report.said, done=report.done)
        if report.status == "unrecognised" and report.said != self._odd_word:
            self._odd_word = report.said
            text = f"{self._job.named} has the unknown status '{report.said}'; polling continues"
            self._work.emit("note", text)


async def _ask(work: Work, job: Job) -> JobReport:
    """The status of a job; if only its version is known, the status of that."""
    service = work.run.service
    if job.job_id is not None:
        try:
            return await service.poll(job.job_id, rows_expected(work, job))
        except NotThere:
            if job.version is None or job.inferred:
                raise
    listed = await service.versions(job.remote_name) or ()
    found = next((version for version in listed if version.is_of(job)), None)
    if found is None:
        raise NotThere(f"'{job.remote_name}' has no version {job.version}")
    said = (found.status or "ready").lower()
    return JobReport(
        f"version {found.version}", found.job_status, said, job.remote_name, found.size, version=found.version
    )
