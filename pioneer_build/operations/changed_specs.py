"""The specs of the files that changed since the last plan, if they can be planned without the others.

If the cached plan is not enough for that (a rename, a name that is taken or removed, texts to label, a job that only
the journal knows, an error in a spec), the whole project has to be planned.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.cache import DAMAGE
from pioneer_build.cache.cached_steps import RestOfProject, read_inputs, read_rest, read_steps
from pioneer_build.cache.unchanged_plan import contents_are_there, inputs_are_unchanged, read_cached_plan
from pioneer_build.errors import LockError
from pioneer_build.lock.model import Lock
from pioneer_build.operations.plan_scope import PlanScope, PresentContents, UnchangedSpecs
from pioneer_build.operations.rows_to_judge import read_kept_rows
from pioneer_build.plan import Facts
from pioneer_build.project.specs import declared_of, read_specs, spec_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pioneer_build.journal.model import Submission
    from pioneer_build.project.open import Project
    from pioneer_build.spec.declared import Declared

#: With more changed files than this number plus this share of all files, planning the whole project is as fast.
_FEW_FILES, _FEW_SHARE = 4, 0.2


def rest_of_project(
    declared: Sequence[Declared], lock: Lock, backend: str, submissions: Iterable[Submission]
) -> RestOfProject:
    """What a later plan of only some specs needs to know about the others, from a plan of the whole project.

    Args:
        declared: all specs.
        lock: the lock, including jobs that only the journal has.
        backend: the backend of the plan.
        submissions: the submissions in the journal.
    """
    names = {item.name for item in declared}
    entries = list(lock.on(backend))
    removed = [entry for entry in entries if entry.dataset_name not in names]
    accepted = [item for item in submissions if item.state != "refused"]
    made = Counter(pair for entry in entries for pair in {(job.remote_name, job.fingerprint) for job in entry.jobs})
    shared = {fingerprint for (_, fingerprint), number in made.items() if number > 1}  # one may have the other's jobs
    return RestOfProject(
        separate=all(_names_no_other(item) for item in declared) and all(entry.forgotten for entry in removed),
        locked=[entry.dataset_name for entry in entries],
        removed=[entry.dataset_name for entry in removed],
        remote_names={
            job.remote_name: entry.dataset_name
            for entry in entries
            for job in entry.jobs
            if job.accepted or job.state == "unknown"
        },
        taken={item.remote_name: item.fingerprint for item in accepted},
        submitted=sorted({item.fingerprint for item in accepted} | shared),
        deleted=sorted({item.remote_name for item in accepted if item.deleted}),
    )


def changed_specs(project: Project) -> PlanScope | None:
    """The specs of the files that changed, if nothing else can differ from the cached plan; otherwise `None`.

    With an error in a spec it is `None` too: planning the whole project finds all errors and reports them together.
    """
    cached = read_cached_plan(project.plan_key)
    if cached is None:
        return None
    try:
        rest, steps, all_inputs = read_rest(cached.rest), read_steps(cached.steps), read_inputs(cached.inputs)
        there = contents_are_there(cached, str(project.config.store / "rows"), verified=False)
    except DAMAGE:
        return None
    if not rest.separate or not there:
        return None
    files, problems, passed_over = spec_files(project.root, project.config.specs)
    changed = cached.changed_files(files)
    if (
        problems
        or passed_over
        or len(changed) > _FEW_FILES + _FEW_SHARE * len(files)
        or not steps.keys() <= files.keys()
    ):
        return None
    if cached.has_input_files:
        from pioneer_build.inputs.freshness import unchanged_glob  # not for a project without label specs

        if not inputs_are_unchanged(cached, str(project.root), unchanged_glob):
            return None
    reading = read_specs(project, {path: files[path] for path in changed})
    if reading.problems:
        return None
    declared = declared_of(project, reading.all())
    had_changed = not steps.keys().isdisjoint(changed)
    before = {step.dataset_name: step.fingerprint for path in changed for step in steps.pop(path, ())}
    kept = frozenset(step.dataset_name for values in steps.values() for step in values)
    if not {item.name for item in declared}.union(kept).issuperset(project.config.checks.no_overlap_with):
        return None  # a name in the settings that no dataset here has
    if not _are_separate(declared, before, kept, rest):
        return None
    lock = _entries(project, declared, kept, rest)
    if lock is None:
        return None
    inputs = [one for one in all_inputs if one.spec_path in steps]
    judged = read_kept_rows(project.config, declared, lock, {})  # without `no_overlap_with`, no other entry is needed
    facts = replace(_facts(project, declared, kept, rest), kept=judged)
    return PlanScope(files, declared, lock, facts, rest, UnchangedSpecs(steps, inputs, had_changed))


def _are_separate(
    declared: Sequence[Declared], before: Mapping[str, str], kept: Collection[str], rest: RestOfProject
) -> bool:
    """Whether specs can be planned without the others.

    Args:
        declared: the specs of the files that changed.
        before: the fingerprints of the datasets of these files for which there was nothing to do.
        kept: the names of the datasets in all other files.
        rest: what is known about the rest of the project.
    """
    names = {item.name for item in declared}
    if len({name.casefold() for name in (*names, *kept)}) != len(declared) + len(kept):
        return False  # a name is taken
    if not set(rest.locked) <= {*names, *kept, *rest.removed}:
        return False  # a dataset was removed
    if rest.removed and not names <= set(rest.locked) - set(rest.removed):
        return False  # a new dataset may be a removed one with another name, or one that is back
    submitted = set(rest.submitted)
    return all(
        _names_no_other(item)
        and not item.spec.is_label
        # the journal has no job of this definition that may be missing in the lock
        and (item.fingerprint not in submitted or before.get(item.name) == item.fingerprint)
        for item in declared
    )


def _names_no_other(item: Declared) -> bool:
    return item.spec.renamed_from is None and not item.checks.get("no_overlap_with")


def _entries(project: Project, declared: Sequence[Declared], kept: Collection[str], rest: RestOfProject) -> Lock | None:
    """The entries of the specs, from the lock that the cached plan was made from; `None` if they are not enough."""
    locked = {item.name for item in declared}.intersection(rest.locked)
    if not {item.name for item in declared}.isdisjoint(rest.deleted):
        return None
    if not locked:
        return Lock()
    try:
        lock = project.lockfile.read_entries(locked)
        if lock is None or project.lockfile.stamp() != project.plan_key.lock_stamp:
            return None  # it was edited by hand, or was written since then
    except LockError:
        return None
    entries = list(lock.on(project.config.backend))
    if len(entries) != len(locked) or any(entry.base_name in kept for entry in entries):
        return None
    used = {name for entry in entries for name in (entry.base_name, *(job.remote_name for job in entry.jobs))}
    if not used.isdisjoint(rest.deleted):
        return None  # what would be requested under one of these names goes to another one
    return lock


def _facts(project: Project, declared: Sequence[Declared], kept: Collection[str], rest: RestOfProject) -> Facts:
    mine = {item.name for item in declared}
    taken = {
        **rest.taken,
        **{name: "" for name, owner in rest.remote_names.items() if owner not in mine},
        **dict.fromkeys(kept, ""),  # a dataset's own name is reserved for it, whether or not it is in use
    }
    return Facts(
        backend=project.config.backend,
        free=project.config.free,
        present=PresentContents(project.config.store),
        taken=taken,
        requests_per_minute=project.config.requests_per_minute,
    )
