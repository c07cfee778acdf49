"""One step of a plan in progress, with its dataset: the spec, and the entry in the lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pioneer_build.checks.bounds import effective_checks
from pioneer_build.checks.changed_checks import awaits_judging
from pioneer_build.checks.judge import JobTerms
from pioneer_build.lock.merge import merge_jobs
from pioneer_build.lock.model import MIXED_CHECKS, Entry
from pioneer_build.lock.pending_renames import entry_for

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

    Two rules make sure that a rename may be interrupted anywhere: `entry` is read as the planner reads it, and the
    first `put` carries out the rename.
    """

    run: Run
    step: Step
    item: Declared

    @property
    def name(self) -> str:
        """The dataset's name in the spec."""
        return self.item.name

    @property
    def entry(self) -> Entry | None:
        """The dataset's entry in the lock, under its name in the spec; `None` if it has none.

        This is the only way to look up a dataset, and the planner's own: the entry under the spec's name, merged with
        the one under `renamed_from` if that exists too. So

        - before a rename is carried out, it is the old entry under the new name;
        - afterwards, and without a rename, it is the entry under the spec's name;
        - if both exist (the rename was interrupted, or a merge of branches restored the old one), it has the jobs of
          both.
        """
        return entry_for(self.item, self.run.lock.lock(), self.run.options.backend)[0]

    def entry_as_declared(self) -> Entry:
        """The entry with the spec's current definition, size and settings."""
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
            checks=dict(known.checks if self._has_other_checks(known) else item.checks),
            forgotten=False,
        )

    def _has_other_checks(self, known: Entry) -> bool:
        """Whether rows are still to be judged by the spec's checks: until then the lock has those of before."""
        return known.fingerprint == self.item.fingerprint and awaits_judging(known, self.item)

    def put(self, entry: Entry) -> None:
        """Puts the dataset's entry into the lock; it replaces those under the dataset's name and its former name.

        Raises:
            LockError: the lock was due to be written, and that failed.
        """
        self.run.lock.put(entry, instead_of=self.item.spec.renamed_from)

    def keep(self, job: Job) -> None:
        """Puts `job`, as it is known now, into the lock.

        A job of the spec's definition makes that the entry's current definition; a job of an earlier definition leaves
        the entry's definition as it is.

        Raises:
            LockError: see `put`.
        """
        entry = self.entry
        if entry is None or job.fingerprint == self.item.fingerprint:
            entry = self.entry_as_declared()
            if job.state == "ready" and job.rows is not None and entry.checks != self.item.checks:
                entry = replace(entry, checks=dict(MIXED_CHECKS))  # this job was judged by the spec's, the others not
        others = [known for known in entry.jobs if known.key != job.key and not _same_submission(known, job)]
        self.put(replace(entry, jobs=merge_jobs([*others, job])))

    def mark(self, job: Job) -> None:
        """Puts what is known of a job into the lock, which has it; everything else in the entry stays as it is.

        Raises:
            LockError: see `put`.
        """
        entry = self.entry
        assert entry is not None
        self.put(replace(entry, jobs=tuple(job if known.key == job.key else known for known in entry.jobs)))

    # -- what applies to it --

    @property
    def survey(self) -> InputsSurvey:
        """The texts of a label spec, as they were when the plan was made."""
        return self.run.basis.surveys[self.name]

    @property
    def checks(self) -> Checks:
        """The bounds that apply: those of the spec, otherwise those of the project."""
        return effective_checks(self.run.basis.checks, self.item.spec.checks, self.name)

    @property
    def resubmits(self) -> bool:
        """Whether submissions with unknown outcome are to be given up (`--resubmit`)."""
        return self.name in self.run.basis.choices.resubmit

    @property
    def retries(self) -> bool:
        """Whether failed or open jobs are to be submitted again (`--retry`)."""
        return self.name in self.run.basis.choices.retry

    def terms(self, job: Job) -> JobTerms:
        """What `job` was requested with: task type and labels may be those of an earlier definition."""
        entry, known = self.entry, self.run.journal.of(job)
        for fingerprint, definition in (
            (self.item.fingerprint, self.item.definition),
            *([(entry.fingerprint, entry.definition)] if entry is not None else []),
            *([(known.fingerprint, known.definition)] if known is not None else []),
        ):
            if fingerprint == job.fingerprint:
                return JobTerms.of(definition, job.asked)
        return JobTerms(self.item.spec.task_type, self.item.spec.labels, job.asked)

    def emit(self, kind: EventKind, text: str, **fields: Any) -> None:
        """Emits an event about the dataset.

        Args:
            kind: what happened.
            text: a sentence for people.
            fields: the fields that docs/events.md lists for the kind, as JSON values.
        """
        self.run.emit(kind, self.name, text, **fields)


def _same_submission(a: Job, b: Job) -> bool:
    return bool(set(a.submissions) & set(b.submissions))
