"""How things stand: specs, lock, journal, store and inputs brought together into what the planner takes.

Reading only. For a project with nothing to do this is a few `stat` calls a dataset.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pioneer_build.disk import is_settled
from pioneer_build.errors import PioneerError, Problem, Problems
from pioneer_build.journal.log import Journal
from pioneer_build.journal.takeover import take_over
from pioneer_build.paths import cache_folder, local_folder, state_folder
from pioneer_build.plan import Choices, Facts, InputFacts, Plan, entry_for, make_plan, state_of
from pioneer_build.project.open import SETTINGS_NAME, Project
from pioneer_build.project.specs import load_specs
from pioneer_build.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pioneer_build.inputs import InputsSurvey
    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Entry, Lock
    from pioneer_build.spec.declared import Declared


@dataclass(slots=True)
class Situation:
    """Everything a plan was made of, and the plan.

    `lock` has what the journal knows taken over; `submissions` are the tokens of all submissions that were taken into
    account. `surveys` are of the label specs whose inputs had to be looked at.
    """

    project: Project
    declared: dict[str, Declared]
    lock: Lock
    journal: Journal
    store: Store
    facts: Facts
    plan: Plan
    surveys: dict[str, InputsSurvey] = field(default_factory=dict)
    submissions: frozenset[str] = frozenset()

    @property
    def backend(self) -> str:
        """The backend that the plan is for."""
        return self.project.config.backend


def look(project: Project, choices: Choices | None = None) -> Situation:
    """Reads how things stand and makes the plan.

    Args:
        project: an opened project; what was seen is saved.
        choices: the flags that change steps.

    Raises:
        Problems: specs or inputs have mistakes.
        LockError: the lock can't be read.
    """
    chosen = choices or Choices()
    config = project.config
    declared = load_specs(project)
    lock = read_lock(project)
    as_read = project.lockfile.as_read  # of a conflicted file less than was made of it
    if not declared and any(not entry.forgotten for entry in lock.entries.values()):
        raise PioneerError(
            f"no spec was found in {config.specs.rstrip('/')}/, and pioneer.lock has datasets",
            hint="is this the right folder? to forget every dataset, remove them one by one",
        )
    if not declared and not lock.entries and not (project.root / SETTINGS_NAME).is_file():
        raise PioneerError(
            f"there is no project in {project.root}: neither pioneer.yaml nor a spec in {config.specs.rstrip('/')}/",
            hint="pioneer-build init writes a small one; -C DIR looks elsewhere",
        )
    _check_names(declared, chosen, lock, config.backend)
    journal = Journal(journal_folder(project))
    submissions = journal.submissions(config.backend)
    lock = take_over(lock, declared, submissions, config.backend)
    store = Store(config.store)
    surveys: dict[str, InputsSurvey] = {}
    inputs = _inputs(project, declared, lock, store, chosen, surveys)
    facts = Facts(
        backend=config.backend,
        free=config.local,
        present=_Present(store),
        inputs=inputs,
        taken=_taken(submissions),
        unwritten=_unwritten(lock, as_read, config.backend),
        requests_per_minute=config.requests_per_minute,
    )
    plan = make_plan(declared, lock, facts, chosen)
    project.seen.save(project.files)
    by_name = {item.name: item for item in declared}
    aware = frozenset(item.token for item in submissions)
    found = Situation(project, by_name, lock, journal, store, facts, plan, surveys, aware)
    if chosen == Choices():
        from pioneer_build.operations.remember_plan import remember

        remember(found, submissions, took_over=lock is not as_read)
    return found


def journal_folder(project: Project) -> Path:
    """Where the journal is: the user's, for a service; the project's own, for the local engine."""
    if project.config.local:
        return local_folder(project.root) / "journal"
    return state_folder() / "journal"


def read_lock(project: Project) -> Lock:
    """The lock; an unchanged one isn't verified a second time."""
    seen = project.seen
    signature = project.lockfile.stamp()
    known = seen.noted("lock")
    trusted = signature is not None and known == list(signature)
    lock = project.lockfile.read(trusted=trusted)
    if signature is not None and not trusted and is_settled(signature, seen.began):
        seen.note("lock", list(signature))
    return lock


def _unwritten(lock: Lock, as_read: Lock, backend: str) -> frozenset[str]:
    """The datasets of which more is known than the file says."""
    if lock is as_read:
        return frozenset()
    return frozenset(
        name for (name, where), entry in lock.entries.items()
        if where == backend and as_read.entries.get((name, where)) != entry
    )  # fmt: skip


def _taken(submissions: Sequence[Submission]) -> dict[str, str]:
    return {item.remote_name: item.fingerprint for item in submissions if item.state != "refused"}


@dataclass(frozen=True, slots=True)
class _Present:
    """The digests that the store has, asked one by one."""

    store: Store

    def __contains__(self, digest: object) -> bool:
        return isinstance(digest, str) and self.store.has(digest)


def _check_names(declared: Sequence[Declared], choices: Choices, lock: Lock, backend: str) -> None:
    """The names that flags give must be of datasets there are."""
    names = {item.name for item in declared} | {entry.dataset_name for entry in lock.on(backend)}
    for flag, chosen in (("resubmit", choices.resubmit), ("retry", choices.retry), ("relabel", choices.relabel)):
        for name in sorted(chosen - names):
            from pioneer_build.wording import nearest

            near = nearest(name, sorted(names))
            hint = f"did you mean '{near}'?" if near else "`pioneer-build status` lists the datasets"
            raise PioneerError(f"--{flag}: there is no dataset '{name}'", hint=hint)


# -- inputs --------------------------------------------------------------------------------------------------------


def _inputs(
    project: Project,
    declared: Sequence[Declared],
    lock: Lock,
    store: Store,
    choices: Choices,
    surveys: dict[str, InputsSurvey],
) -> dict[str, InputFacts]:
    """What is known of every label spec's texts; all mistakes of all inputs at once."""
    facts: dict[str, InputFacts] = {}
    problems: list[Problem] = []
    backend = project.config.backend
    for item in declared:
        if not item.spec.is_label:
            continue
        entry, _ = entry_for(item, lock, backend)
        try:
            known = None if item.name in choices.retry | choices.relabel else _unchanged(project, item, entry, store)
            if known is None:
                known = _surveyed(project, item, store, surveys)
            facts[item.name] = known
        except Problems as error:
            problems += error.problems
    if problems:
        raise Problems(problems)
    return facts


def _unchanged(project: Project, item: Declared, entry: Entry | None, store: Store) -> InputFacts | None:
    """The facts without reading a file: the inputs are those of the lock, and so are definition and content."""
    noted = project.seen.noted("inputs") or {}
    known = noted.get(item.name)
    labelling = entry.labelling if entry is not None else None
    if known is None or labelling is None or not _same_files(project.root, item, known):
        return None
    if (labelling.inputs, labelling.fingerprint) != (known["digest"], item.fingerprint):
        return None
    if entry is None or entry.num_examples is not None or entry.forgotten or entry.rejection is not None:
        return None
    if not store.has(labelling.content):
        return None
    return InputFacts(
        digest=labelling.inputs,
        texts=labelling.texts,
        distinct=labelling.distinct,
        new=0,
        quarantined=labelling.quarantined,
        held=labelling.annotated,
    )


def _same_files(root: Path, item: Declared, known: dict[str, Any]) -> bool:
    from pioneer_build.inputs import unchanged
    from pioneer_build.spec.model import InputFiles

    if known["spec"] != _spec_key(item):
        return False
    if not isinstance(item.spec.inputs, InputFiles):
        return True
    stamps = [(name, tuple(stamp) if stamp else None) for name, stamp in known["files"]]
    return unchanged(item.spec.inputs, stamps, project_root=root, spec_path=item.spec.path)


def _spec_key(item: Declared) -> Any:
    from hashlib import sha256

    return sha256(repr((item.spec.path, item.spec.inputs)).encode()).hexdigest()


def _surveyed(project: Project, item: Declared, store: Store, surveys: dict[str, InputsSurvey]) -> InputFacts:
    from pioneer_build.inputs import SurveyCache, survey

    assert item.spec.inputs is not None
    with SurveyCache(cache_folder() / "inputs") as cache:
        found = survey(
            item.spec.inputs,
            project_root=project.root,
            spec_path=item.spec.path,
            at=item.spec.place("inputs"),
            cache=cache,
        )
    surveys[item.name] = found
    noted = dict(project.seen.noted("inputs") or {})
    noted[item.name] = {
        "digest": found.digest,
        "spec": _spec_key(item),
        "files": [[name, list(stamp) if stamp else None] for name, stamp in found.files],
    }
    project.seen.note("inputs", noted)
    annotations = store.annotations(project.config.backend, item.fingerprint)
    missing = len(annotations.missing(found.digests)) // 16
    quarantined = 0
    aside = annotations.quarantined()
    if aside:
        from pioneer_build.inputs import split

        quarantined = len(aside.keys() & set(split(found.digests)))
    return InputFacts(
        digest=found.digest,
        texts=found.rows,
        distinct=found.distinct,
        new=missing,
        quarantined=quarantined,
        held=annotations.count() + len(aside),
    )


# -- selection -----------------------------------------------------------------------------------------------------


def selected(found: Situation, chosen: Sequence[str], left_out: Sequence[str]) -> Plan:
    """The part of the plan that `--select` and `--exclude` leave.

    Raises:
        PioneerError: a selector matches nothing.
    """
    if not chosen and not left_out:
        return found.plan
    from pioneer_build.plan.select import Selectable, select

    steps = {step.dataset_name: step for step in found.plan.steps}
    renamed = {step.renamed_from for step in found.plan.steps}
    names = sorted(steps.keys() | {entry.dataset_name for entry in found.lock.on(found.backend)} - renamed)
    datasets = []
    for name in names:
        item = found.declared.get(name)
        entry = found.lock.get(name, found.backend)
        tags = item.spec.tags if item is not None else ()
        datasets.append(Selectable(name, tags, state_of(entry, steps.get(name))))
    return found.plan.only(select(datasets, chosen, left_out))
