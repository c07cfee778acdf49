"""Watches one open job until it is over, at the moments that the run's schedule of polls gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.apply.poll_schedule import kind_of
from pioneer_build.apply.stopped import Stopped, one_line, stops_all
from pioneer_build.errors import NotThere, ServiceError
from pioneer_build.ports import JobReport

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job

#: Polls in a row that say the service doesn't know the job, before the run believes it.
_GONE_AFTER = 3
#: Polls in a row that fail for another reason, before the run leaves the job open.
_FAILING_AFTER = 5
#: Seconds too few to wait for: a clock may not tell them apart.
_SOON = 0.001


async def watch(work: Work, job: Job) -> JobReport:
    """Polls until the job is over: a report that says ready or failed.

    Raises:
        Stopped: the run was stopped, the deadline passed, or the service can't be asked.
    """
    try:
        return await _Watch(work, job).to_the_end()
    finally:
        work.run.poll_schedule.leaves(job)


class _Watch:
    """One job that is watched. Ages are seconds since the watch began; `_polled` is that of the last poll in vain."""

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
        """The report that says that the job is over."""
        while True:
            await self._until_due()
            self._check_going()
            first, self._polled = self._polled is None, self._age()
            report = await self._poll()
            if report is not None:
                self._polled = self._age()
                if report.status in ("ready", "failed"):
                    self._schedule.done(self._kind, self._job, self._polled)
                    return report
                self._schedule.still_running(self._kind, self._job, self._polled, first=first)
                self._tell(report)
            self._schedule.leaves(self._job)

    def _age(self) -> float:
        return self._run.ports.now() - self._began

    async def _until_due(self) -> None:
        """Waits until the job is to be polled, the deadline comes, or the run is stopped."""
        options = self._run.options
        while not self._run.stopping.is_set():
            age = self._age()
            # the last poll comes when the deadline does
            left = max(options.deadline - age, 0.0) + 0.01
            wait = self._schedule.wait(self._kind, self._job, age, self._polled, options.first_poll)
            if wait <= _SOON or age > options.deadline:
                return
            await self._run.pause(min(wait, left), self._schedule.changed)

    def _check_going(self) -> None:
        if self._run.stopping.is_set():
            message = f"{self._job.named} is open; it goes on remotely"
            raise Stopped("stopped", message, "pioneer-build apply")
        age, deadline = self._age(), self._run.options.deadline
        if age > deadline and (self._polled is not None or deadline == 0):
            message = f"{self._job.named} is still open after {age:,.0f} s"
            raise Stopped("deadline", message, "pioneer-build apply")

    async def _poll(self) -> JobReport | None:
        """What the service says of the job; `None` where it can't say now."""
        try:
            report = await _ask(self._work, self._job)
        except NotThere:
            self._gone, self._failing = self._gone + 1, 0
            if self._gone >= _GONE_AFTER:
                raise Stopped(
                    "failed",
                    f"the service does not know job {self._job.job_id}, which stays open: another key or URL made it,"
                    " or it is gone",
                    f"pioneer-build apply --retry {self._work.name}  (gives it up and buys it again)",
                ) from None
            return None
        except ServiceError as error:
            self._gone, self._failing = 0, self._failing + 1
            if stops_all(error):
                self._run.stop(error)
            elif self._failing >= _FAILING_AFTER:
                message = f"{self._job.named} stays open, and can't be polled: {one_line(error)}"
                raise Stopped("stopped", message, "pioneer-build apply") from None
            return None
        self._gone = self._failing = 0
        return report

    def _tell(self, report: JobReport) -> None:
        self._work.emit("polled", report.said, job_id=self._job.job_id, said=report.said, done=report.done)
        if report.status == "unrecognised" and report.said != self._odd_word:
            self._odd_word = report.said
            text = f"{self._job.named} has the status '{report.said}', which is unheard of: it is polled on"
            self._work.emit("note", text)


async def _ask(work: Work, job: Job) -> JobReport:
    """How a job stands; where only its version is known, how that stands."""
    service = work.run.service
    if job.job_id is not None:
        try:
            return await service.poll(job.job_id)
        except NotThere:
            if job.version is None or job.inferred:
                raise
    listed = await service.versions(job.remote_name) or ()
    found = next((version for version in listed if version.version == job.version), None)
    if found is None:
        raise NotThere(f"'{job.remote_name}' has no version {job.version}")
    said = (found.status or "ready").lower()
    return JobReport(
        f"version {found.version}", found.job_status, said, job.remote_name, found.size, version=found.version
    )
