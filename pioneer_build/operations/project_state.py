"""The state of a whole project: its specs, lock, journal, store and inputs, and the plan that is made from them.

It only reads. For a project with nothing to do this takes a few `stat` calls for each dataset.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError, Problems
from pioneer_build.journal.log import Journal
from pioneer_build.lock.model import Lock
from pioneer_build.lock.pending_renames import (
    old_names_of,
    refuse_old_name,
    with_new_names,
    with_new_names_in_checks,
)
from pioneer_build.lock.split import check_names
from pioneer_build.operations.buying import Buying
from pioneer_build.operations.changed_specs import rest_of_project
from pioneer_build.operations.input_facts import read_input_facts
from pioneer_build.operations.known_jobs import with_journal
from pioneer_build.operations.label_texts import label_texts
from pioneer_build.operations.make_plan import saved
from pioneer_build.operations.other_state_folders import OtherJournals, with_damage
from pioneer_build.operations.plan_key_check import refuse_keys
from pioneer_build.operations.plan_scope import PlanScope, PresentContents
from pioneer_build.operations.rows_to_judge import RowsElsewhere, judge_entry, read_kept_rows
from pioneer_build.operations.stored_contents import DamagedContents, StoredContents
from pioneer_build.paths import SETTINGS_NAME, spare_folders
from pioneer_build.plan import SETTLED, Choices, Facts, Plan, state_of
from pioneer_build.plan.removed_specs import UNPROTECT_REMOVED
from pioneer_build.plan.select import Selectable, select
from pioneer_build.project.specs import load_specs
from pioneer_build.sparse.signs import any_may_be_sparse
from pioneer_build.store import Store
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from pioneer_build.inputs import InputsSurvey
    from pioneer_build.lock.model import Entry
    from pioneer_build.operations.elsewhere import Elsewhere
    from pioneer_build.operations.known_jobs import Known
    from pioneer_build.project.config import Config
    from pioneer_build.project.left_out_specs import LeftOutSpecs
    from pioneer_build.project.open import Project
    from pioneer_build.project.specs import ProjectSpecs
    from pioneer_build.spec.declared import Declared


@dataclass(frozen=True)
class ProjectState:
    """Everything that the plan of a whole project was made from, and the plan.

    `declared` are its specs, by name. `submissions` are the tokens of all submissions that were taken into account.
    `surveys` are those of the label specs whose inputs had to be read. `locked` is pioneer.lock itself, with both sides
    of a merge in progress.
    """

    project: Project
    scope: PlanScope
    plan: Plan
    declared: dict[str, Declared]
    journal: Journal
    store: Store
    surveys: dict[str, InputsSurvey] = field(default_factory=dict)
    submissions: frozenset[str] = frozenset()
    locked: Lock = field(default_factory=Lock)

    @property
    def backend(self) -> str:
        """The backend that the plan is for."""
        return self.project.config.backend

    @property
    def lock(self) -> Lock:
        """The lock, including jobs that only the journal or an earlier lock has."""
        return self.scope.lock

    @cached_property
    def named_lock(self) -> Lock:
        """The same, with each dataset under the name in its spec, also while its rename isn't applied yet."""
        return with_new_names(self.lock, old_names_of(self.declared.values()), self.backend)

    @property
    def entries(self) -> Iterator[Entry]:
        """The entries of this backend, by name, each under the name in its spec."""
        return self.named_lock.on(self.backend)

    def entry(self, name: str) -> Entry | None:
        """The entry of a dataset, by its name in the spec; `None` if nothing was built."""
        return self.named_lock.get(name, self.backend)


def read_project_state(project: Project, choices: Choices | None = None, *, verify: bool = False) -> ProjectState:
    """Reads the whole project and makes its plan.

    Args:
        project: an opened project; what was read is cached.
        choices: the flags that change steps.
        verify: whether stored rows are compared with their digests, so that damaged ones are fetched again.

    Raises:
        Problems: specs or inputs have errors.
        LockError: the lock can't be read.
        PioneerError: there is no project, or a flag has the name of a dataset that doesn't exist.
    """
    chosen = choices or Choices()
    config = project.config
    specs, locked, left_out = _read_specs_and_lock(project, chosen)
    as_read = project.lockfile.as_read  # for a file with conflict markers, less than the merged lock
    journal = Journal(project.journal_folder, project.journal_copy)
    others = OtherJournals(project, locked, journal.submissions(config.backend))
    contents = StoredContents(project)
    stored = replace(_facts_to_begin_with(config, specs, left_out), damaged=DamagedContents(contents) if verify else ())
    buying = Buying(stored, chosen, partial(judge_entry, config, again=chosen.retry))
    known = with_journal(locked, specs.declared, others.all, buying)
    store, declared = Store(config.store, spare_folders(project.root)), known.declared
    inputs, surveys = read_input_facts(project, declared, known.lock, store, chosen, stored.damaged)
    stored = with_damage(replace(stored, inputs=inputs), project, journal, locked)
    by_name = {item.name: item for item in declared}
    texts = label_texts(project.root, by_name, surveys)

    def scope_of(known: Known) -> PlanScope:
        rest = rest_of_project(declared, known.lock, config.backend, others.all)
        renames = old_names_of(declared)
        lock, read = (with_new_names_in_checks(one, renames, config.backend) for one in (known.lock, as_read))
        elsewhere = RowsElsewhere(config, declared, lock, texts)
        facts = replace(
            stored,
            kept=read_kept_rows(config, declared, lock, inputs, chosen.retry, texts),
            elsewhere=elsewhere,
            elsewhere_but_lost=elsewhere.but_lost(),
            taken={**known.taken, **rest.taken},
            unwritten=_unwritten(lock, lock if known.lock is as_read else read, config.backend),
            notes=_notes(known, project, others),
            deleted=known.deleted,
            remarks=(*stored.remarks, *others.remarks(known.lock)),
        )
        return PlanScope(specs.files, declared, lock, facts, rest if known.lock is as_read else None)

    plan = (scope := scope_of(known)).plan(chosen)
    if _may_buy(plan, declared, stored.unsure):
        judge = partial(judge_entry, config, again=chosen.retry, texts=texts)
        buying = Buying(stored, chosen, judge, _settled(plan, known.lock, config.backend))
        found = _elsewhere(project, others).found(known, buying)
        plan = (scope := scope_of(found)).plan(chosen) if found != known else plan
    if plan.deletes and not config.free:
        scope, plan = _elsewhere(project, others).sparing(scope, plan)
    _check_plan(project, specs, plan)
    contents.save()
    tokens = frozenset(item.token for item in others.all)
    plan = saved(project, scope, plan)
    return ProjectState(project, scope, plan, by_name, journal, store, surveys, tokens, locked)


def _may_buy(plan: Plan, declared: Sequence[Declared], unsure: tuple[str, str] | None) -> bool:
    """Whether `apply` would pay for something, or may: for rows again that unfinished jobs don't return."""
    unfinished = {step.dataset_name for step in plan.steps if step.action in ("reconcile", "resume")}
    tops_up = unfinished and any(item.name in unfinished and item.spec.top_up is not None for item in declared)
    return bool(tops_up) or any(step.requests and step.refused in (None, unsure and unsure[0]) for step in plan.steps)


def _settled(plan: Plan, lock: Lock, backend: str) -> dict[str, Entry]:
    """The entries of the datasets that have nothing to do, by name."""
    names = [step.dataset_name for step in plan.steps if step.action == "none" and step.refused is None]
    return {name: entry for name in names if (entry := lock.get(name, backend)) is not None}


def _elsewhere(project: Project, journals: OtherJournals) -> Elsewhere:
    from pioneer_build.operations.elsewhere import Elsewhere  # git: only if something would be bought or deleted

    return Elsewhere(project, journals)


def _notes(known: Known, project: Project, journals: OtherJournals) -> Mapping[str, Sequence[str]]:
    """Sentences about datasets for their steps: where their jobs are from, if not from the lock."""
    if known.lock is known.locked or not any(item.project for item in journals.all):
        return known.notes
    return _elsewhere(project, journals).notes(known)


def _facts_to_begin_with(config: Config, specs: ProjectSpecs, left_out: Mapping[str, str]) -> Facts:
    return Facts(
        config.backend,
        free=config.free,
        present=PresentContents(config.store),
        left_out=left_out,
        ignored=tuple(one.text for one in specs.passed_over),
        requests_per_minute=config.requests_per_minute,
    )


def _read_specs_and_lock(project: Project, choices: Choices) -> tuple[ProjectSpecs, Lock, Mapping[str, str]]:
    """The specs, the lock, and the datasets whose specs are not removed, but can't be read here, with the reason."""
    backend = project.config.backend
    specs = load_specs(project)
    locked = project.read_lock()
    left_out = _left_out(project, specs, locked, choices)
    _check_there_is_one(project, specs.declared, locked, left_out)
    _check_names(specs.declared, choices, locked, backend)
    if project.lockfile.is_split:
        _check_split_names(specs.declared, locked, backend)
    return specs, locked, left_out


def _left_out(project: Project, specs: ProjectSpecs, lock: Lock, choices: Choices) -> Mapping[str, str]:
    """The datasets whose specs are not removed, but can't be read here, with the reason."""
    declared = {item.name for item in specs.declared} | {item.spec.renamed_from for item in specs.declared}
    gone = {
        entry.dataset_name
        for entry in lock.entries.values()
        if entry.dataset_name not in declared and (not entry.forgotten or choices.delete_remote)
    }
    if not gone:
        return {}
    return _left_out_specs(project, specs).datasets(gone)


def _check_plan(project: Project, specs: ProjectSpecs, plan: Plan) -> None:
    """No text of what a plan would do may contain a key, no name may be that of a spec outside of a sparse checkout."""
    refuse_keys(project, plan, specs.declared)
    if not plan.changes or not any_may_be_sparse(project.root / project.config.specs):
        return
    changed = [step for step in plan.steps if step.action not in SETTLED]
    names = {name for step in changed for name in (step.dataset_name, step.renamed_from) if name is not None}
    if problems := _left_out_specs(project, specs).clashes([item.spec for item in specs.declared], names):
        raise Problems(problems)


def _left_out_specs(project: Project, specs: ProjectSpecs) -> LeftOutSpecs:
    from pioneer_build.project.left_out_specs import LeftOutSpecs  # runs git, and parses YAML

    return LeftOutSpecs(project.root, project.config.specs, specs.passed_over)


def _check_there_is_one(project: Project, declared: Sequence[Declared], lock: Lock, left_out: Container[str]) -> None:
    """A project without a spec is most likely the wrong folder."""
    folder = project.config.specs.rstrip("/")
    live = [entry for entry in lock.entries.values() if not entry.forgotten]
    if not declared and any(entry.dataset_name not in left_out for entry in live):
        message = f"no spec found in {folder}/, but pioneer.lock has datasets"
        hint = "is this the right folder? to forget datasets, remove their specs, but keep at least one spec"
        if protected := sorted({entry.dataset_name for entry in live if entry.protect}):
            message += f"; protected: {', '.join(protected)}"
            hint = f"is this the right folder? if so, {UNPROTECT_REMOVED}; keep at least one spec in the project"
        raise PioneerError(message, hint=hint)
    if not declared and not lock.entries and not (project.root / SETTINGS_NAME).is_file():
        raise PioneerError(
            f"there is no project in {project.root}: neither pioneer.yaml nor a spec in {folder}/",
            hint="pioneer-build init creates one; -C DIR selects another folder",
        )


def _check_names(declared: Sequence[Declared], choices: Choices, lock: Lock, backend: str) -> None:
    """The names in flags must be names of existing datasets."""
    named = with_new_names(lock, old_names_of(declared), backend)
    names = {item.name for item in declared} | {entry.dataset_name for entry in named.on(backend)}
    for flag, chosen in (("resubmit", choices.resubmit), ("retry", choices.retry), ("relabel", choices.relabel)):
        for name in sorted(chosen - names):
            refuse_old_name(name, declared, f"--{flag}: ")
            near = nearest(name, sorted(names))
            hint = f"did you mean '{near}'?" if near else "`pioneer-build status` lists the datasets"
            raise PioneerError(f"--{flag}: there is no dataset '{name}'", hint=hint)


def _check_split_names(declared: Sequence[Declared], lock: Lock, backend: str) -> None:
    """A split lock must be able to have the files of all datasets: found out before anything is submitted."""
    renamed = {(item.spec.renamed_from, backend) for item in declared}
    check_names([*(item.name for item in declared), *(key[0] for key in lock.entries if key not in renamed)])


def _unwritten(lock: Lock, as_read: Lock, backend: str) -> frozenset[str]:
    """The datasets about which more is known than the file says."""
    if lock is as_read:
        return frozenset()
    return frozenset(
        name for (name, where), entry in lock.entries.items()
        if where == backend and as_read.entries.get((name, where)) != entry
    )  # fmt: skip


def selected(state: ProjectState, chosen: Sequence[str], left_out: Sequence[str]) -> Plan:
    """The part of the plan that `--select` and `--exclude` leave.

    Args:
        state: the state of the project.
        chosen: selectors: a name, a glob, `tag:x` or `state:x`; none for all datasets.
        left_out: selectors of datasets to leave out.

    Raises:
        PioneerError: a selector matches nothing.
    """
    if not chosen and not left_out:
        return state.plan
    steps = {step.dataset_name: step for step in state.plan.steps}
    names = sorted(steps.keys() | {entry.dataset_name for entry in state.entries})
    datasets = []
    for name in names:
        item = state.declared.get(name)
        tags = item.spec.tags if item is not None else ()
        datasets.append(Selectable(name, tags, state_of(state.entry(name), steps.get(name))))
    return state.plan.only(select(datasets, chosen, left_out))


def for_plan(state: ProjectState, plan: Plan) -> ProjectState:
    """The state as a run of `plan` needs it: of other datasets, nothing is taken over into the lock that it writes.

    Args:
        state: the state of the project.
        plan: a part of its plan.
    """
    names = {step.dataset_name for step in plan.steps} | {step.renamed_from for step in plan.steps}
    entries = {
        key: entry for key, entry in state.lock.entries.items() if key[1] != state.backend or key[0] in names
    } | {key: entry for key, entry in state.locked.entries.items() if key[0] not in names}
    if entries == state.lock.entries:
        return state
    return replace(state, scope=replace(state.scope, lock=Lock(entries)))
