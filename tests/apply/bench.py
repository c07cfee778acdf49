"""One dataset with one fault at a time: how its step ended, and the states of its jobs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.lock.file_text import lock_text
from pioneer_build.plan import Choices
from pioneer_build.ports import JobRequest
from pioneer_build.project.lock_file import LOCK_NAME
from pioneer_build.spec.model import Spec
from tests.apply.world import BACKEND, Checkout, ModelJob, ModelService, Trouble, World

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.apply import Report
    from pioneer_build.lock.model import Entry

_OPTIONS = ("deadline", "max_open_jobs", "max_requests", "max_examples", "money", "in_process")
SPEC = Spec("a", "ner", ("x", "y"), 4, path="specs/a.yaml", line=1)


class Bench:
    def __init__(self, folder: Path, **service: Any) -> None:
        self.world = World(folder, ModelService(**service))
        (folder / "one").mkdir(parents=True)
        self.checkout = Checkout(folder / "one", {"a": SPEC})
        self.service = self.world.service

    def edit(self, **changes: Any) -> None:
        self.checkout.specs["a"] = replace(self.checkout.specs["a"], **changes)

    def apply(self, *faults: str, resubmit: bool = False, retry: bool = False, wait: bool = True, **more: Any) -> str:
        """How the step of the only dataset ended; "" if there was none."""
        names = frozenset(self.checkout.specs)
        choices = Choices(names if resubmit else frozenset(), names if retry else frozenset())
        options = {name: more.pop(name) for name in _OPTIONS if name in more}
        seen = self.world.look(self.checkout, choices)
        self.plan = seen.plan
        report = self.world.apply(seen, Trouble(faults, **more), wait=wait, **options)
        assert report is not None
        self.report: Report = report
        self.message = report.outcomes[0].message if report.outcomes else ""
        self.command = report.outcomes[0].command if report.outcomes else None
        return report.outcomes[0].result if report.outcomes else ""

    @property
    def entry(self) -> Entry:
        return self.checkout.lock().entries["a", BACKEND]

    def states(self) -> list[str]:
        return [job.state for job in self.entry.jobs]

    def foreign(self, size: int = 4, labels: tuple[str, ...] = ("x", "y"), name: str = "a") -> ModelJob:
        number = str(1 + sum(job.request.dataset_name == name for job in self.service.jobs.values()))
        request = JobRequest(name, "ner", size, labels)
        job = ModelJob(f"foreign-{number}", request, number, "", 0)
        self.service.jobs[job.job_id] = job
        return job


def as_of_two_branches(bench: Bench) -> None:
    """Gives the last two jobs one `order`, and the former an id by which it comes last."""
    entry = bench.entry
    *first, here, there = entry.jobs
    bench.service.jobs["z"] = bench.service.jobs.pop(here.job_id or "")
    jobs = (*first, replace(there, order=here.order), replace(here, job_id="z"))
    lock = bench.checkout.lock().with_entries([replace(entry, jobs=jobs)])
    (bench.checkout.root / LOCK_NAME).write_text(lock_text(lock))
    shutil.rmtree(bench.world.folder / "journal")


def owing(folder: Path, fault: str) -> Bench:
    """A dataset whose only download had this fault."""
    bench = Bench(folder, gives_rows=False)
    assert bench.apply(wait=False) == "open"
    bench.service.polls_needed = 0
    bench.service.jobs["job-1"].polls = 0
    assert bench.apply("", "", fault) == "stopped", bench.message
    assert "its rows could not be downloaded" in bench.message
    assert bench.entry.jobs[0].owed
    return bench
