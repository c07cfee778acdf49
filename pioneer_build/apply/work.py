"""One step of a plan being done: the dataset that it is about, as the spec says it and as the lock has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pioneer_build.checks.bounds import effective_checks
from pioneer_build.checks.judge import JobTerms
from pioneer_build.lock.merge import merge_jobs
from pioneer_build.lock.model import Entry
from pioneer_build.plan import entry_for

if TYPE_CHECKING:
    from pioneer_build.apply.events import EventKind
    from pioneer_build.apply.run import Run
    from pioneer_build.inputs import InputsSurvey
    from pioneer_build.lock.model import Job
    from pioneer_build.plan import Step
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.model import Checks


@dataclass(frozen=True, slots=True)
class Work:
    """A step of a dataset that has a spec. `item` is that spec, `run` the apply that does the step.

    What is read and written of the dataset goes by two rules, so that a rename can end anywhere: `entry` is what the
    planner looked at, and the first `put` carries out the rename.
    """

    run: Run
    step: Step
    item: Declared

    @property
    def name(self) -> str:
        """The dataset's name, as the spec says it now."""
        return self.item.name

    @property
    def entry(self) -> Entry | None:
        """What the lock now has of the dataset, under its name; `None` where it has nothing.

        The one order that a dataset is looked up in, and the planner's own: the entry under the spec's name, joined
        with the one under `renamed_from` where that is there too. So

        - before a rename is carried out, it is the old entry under the new name;
        - afterwards, and without a rename, it is the entry under the name;
        - where both are there (a rename that ended half way, or a merge of branches that brought the old one back), no
          job of either is missing from it.
        """
        return entry_for(self.item, self.run.lock.lock(), self.run.options.backend)[0]

    def entry_as_declared(self) -> Entry:
        """The entry as the spec now says: its definition in force, its size and what is remembered of its settings."""
        item, spec, backend = self.item, self.item.spec, self.run.options.backend
        known = self.entry
        if known is None:
            known = Entry(item.name, backend, spec.task_type, item.definition, item.name, spec.num_examples)
        return replace(
            known,
            task_type=spec.task_type,
            definition=item.definition,
            fingerprint=item.fingerprint,
            num_examples=spec.num_examples,
            protect=spec.protect,
            on_change=spec.on_change,
            checks=dict(item.checks),
            forgotten=False,
        )

    def put(self, entry: Entry) -> None:
        """Takes the dataset's entry into the lock, in place of what is there under its name and under its old one.

        Raises:
            LockError: the lock was due to be written, and the disk didn't take it.
        """
        self.run.lock.put(entry, instead_of=self.item.spec.renamed_from)

    def keep(self, job: Job) -> None:
        """Takes what is now known of `job` into the lock.

        With a job of the spec's definition, that definition is in force; with one of an earlier definition, the one
        in force stays.

        Raises:
            LockError: see `put`.
        """
        entry = self.entry
        if entry is None or job.fingerprint == self.item.fingerprint:
            entry = self.entry_as_declared()
        others = [known for known in entry.jobs if known.key != job.key and not _same_submission(known, job)]
        self.put(replace(entry, jobs=merge_jobs([*others, job])))

    # -- what holds for it --

    @property
    def survey(self) -> InputsSurvey:
        """The texts of a label spec, as they were when the plan was made."""
        return self.run.basis.surveys[self.name]

    @property
    def checks(self) -> Checks:
        """The bounds in force: the spec's, over the project's."""
        return effective_checks(self.run.basis.checks, self.item.spec.checks)

    @property
    def resubmits(self) -> bool:
        """Whether the user gives up submissions of unknown fate (`--resubmit`)."""
        return self.name in self.run.basis.choices.resubmit

    @property
    def retries(self) -> bool:
        """Whether the user has what failed, or is open, tried again (`--retry`)."""
        return self.name in self.run.basis.choices.retry

    def terms(self, job: Job) -> JobTerms:
        """What `job` was asked for: task type and labels may be those of an earlier definition."""
        entry, known = self.entry, self.run.journal.of(job)
        for fingerprint, definition in (
            (self.item.fingerprint, self.item.definition),
            *([(entry.fingerprint, entry.definition)] if entry is not None else []),
            *([(known.fingerprint, known.definition)] if known is not None else []),
        ):
            if fingerprint == job.fingerprint:
                return JobTerms(definition["task_type"], tuple(definition.get("labels", ())), job.asked)
        return JobTerms(self.item.spec.task_type, self.item.spec.labels, job.asked)

    def emit(self, kind: EventKind, text: str, **fields: Any) -> None:
        """Tells what happened to the dataset.

        Args:
            kind: what happened.
            text: a sentence for people.
            fields: what docs/events.md says of the kind, as JSON values.
        """
        self.run.emit(kind, self.name, text, **fields)


def _same_submission(a: Job, b: Job) -> bool:
    return bool(set(a.submissions) & set(b.submissions))
