"""Makes a plan and caches it, for a whole project or for some of its specs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.cache.cached_steps import CachedInputs, CachedStep, json_section, rest_section
from pioneer_build.cache.unchanged_plan import CachedPlan, contents_text, files_text, places_text, write_cached_plan
from pioneer_build.disk.stamps import is_settled
from pioneer_build.lock.pending_renames import entry_for
from pioneer_build.operations.last_merge import with_merge_choices
from pioneer_build.plan import Choices, Recipient
from pioneer_build.plan.cost import Rates, estimate, per_row, spent_per_row
from pioneer_build.spec.guidance import MODEL
from pioneer_build.spec.model import InputFiles

if TYPE_CHECKING:
    from pioneer_build.operations.plan_scope import PlanScope
    from pioneer_build.plan import Plan, Step
    from pioneer_build.project.open import Project
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.settings import ModelSettings


def plan_from(project: Project, scope: PlanScope, choices: Choices) -> Plan:
    """Makes the plan, and saves the caches.

    Args:
        project: the project.
        scope: what the plan is made from.
        choices: the flags that change steps.
    """
    return saved(project, scope, scope.plan(choices))


def saved(project: Project, scope: PlanScope, plan: Plan) -> Plan:
    """Saves the caches after a plan was made; returns the plan with what a merge of the lock has chosen.

    Args:
        project: the project.
        scope: what the plan was made from.
        plan: the plan.
    """
    project.cache.save(scope.files)
    cache_plan(project, scope, plan)
    if not plan.changes:
        return plan
    return with_costs(project, scope, with_merge_choices(project, scope.lock, plan))


def with_costs(project: Project, scope: PlanScope, plan: Plan) -> Plan:
    """The plan with what its requests will take of a language model, and who gets them, if that is what does the work.

    Args:
        project: an opened project.
        scope: what the plan was made from.
        plan: the plan.
    """
    if not plan.backend.startswith(MODEL) or not any(step.sends for step in plan.steps):
        return plan
    model = project.config.model
    plan = replace(plan, recipients=_recipients(model) if model else ())
    if not plan.requests:
        return plan  # only open jobs: what they take was said when they were submitted
    lock = scope.lock if scope.unchanged is None else project.lockfile.read()
    spent, declared = spent_per_row(lock.on(plan.backend)), {item.name: item for item in scope.declared}
    votes = (model.votes if model else None) or 1
    costs = {
        step.dataset_name: estimate(step.examples, per_row(declared[step.dataset_name], spent, votes))
        for step in plan.steps
        if step.submits
    }
    return replace(plan, costs=costs, rates=Rates.of(model))


def _recipients(model: ModelSettings) -> tuple[Recipient, ...]:
    """Who requests go to, and with the key in which variable: settings choose both, and may be somebody else's."""
    found = [Recipient(url, model.api_key_env) for url in model.base_url]
    if (judge := model.judge) is not None:
        found += [Recipient(url, model.judge_key_variable) for url in judge.base_url or model.base_url]
    return tuple(dict.fromkeys(found))


def cache_plan(project: Project, scope: PlanScope, plan: Plan) -> None:
    """Caches a plan that no flag changed, if no file that it was made from can have changed since it was read.

    It may be cached again later, when more contents have been verified.

    Args:
        project: the project.
        scope: what the plan was made from.
        plan: the plan.
    """
    key, began, before = project.plan_key, project.cache.began, scope.unchanged
    if scope.rest is None or plan.choices != Choices() or plan.skipped or plan.ignored or plan.remarks:
        return  # what is skipped or remarked is said each time
    if not all(stamp is None or is_settled(stamp, began) for stamp in key.stamps):
        return
    steps = _steps_to_cache(project, scope, plan)
    if before is not None and not steps and not before.had_changed:
        return  # it is cached already
    inputs = [
        _cached_inputs(project, item)
        for item in scope.declared
        if item.spec.path in steps and isinstance(item.spec.inputs, InputFiles)
    ]
    if before is not None:
        steps = {**before.steps, **steps}
        inputs = [*before.inputs, *inputs]
    files = {path: stamp for path, stamp in scope.files.items() if path in steps}
    kept = [step for path in files for step in steps[path]]
    verified = project.cache.verified_contents()
    digests = dict.fromkeys(digest for step in kept for digest in step.contents)
    cached = CachedPlan(
        key=key.text,
        places=places_text(
            project.config.specs,
            str(project.config.store / "rows"),
            len(plan.steps),
            nothing=len(files) == len(scope.files) and len(kept) == len(plan.steps),
        ),
        files=files_text(files),
        contents=contents_text((digest, verified.get(digest)) for digest in digests),
        inputs=json_section(inputs),
        steps=json_section({path: steps[path] for path in files}),
        rest=rest_section(scope.rest),
    )
    write_cached_plan(key, cached)


def _steps_to_cache(project: Project, scope: PlanScope, plan: Plan) -> dict[str, list[CachedStep]]:
    """The steps of the planned spec files whose datasets all have nothing to do, by path."""
    paths = scope.files if scope.unchanged is None else scope.files.keys() - scope.unchanged.steps.keys()
    by_path: dict[str, list[Declared]] = {path: [] for path in paths}
    for item in scope.declared:
        by_path[item.spec.path].append(item)
    steps = {step.dataset_name: step for step in plan.steps}
    return {
        path: [_cached_step(scope, item, steps[item.name]) for item in items]
        for path, items in by_path.items()
        if is_settled(scope.files[path], project.cache.began)
        and not any(char in path for char in "\t\n")
        and all(_is_done(steps[item.name]) and _has_settled_inputs(project, item) for item in items)
    }


def _cached_step(scope: PlanScope, item: Declared, step: Step) -> CachedStep:
    entry, _ = entry_for(item, scope.lock, scope.facts.backend)
    contents = entry.content_digests if entry is not None else ()
    return CachedStep(item.name, step.total, step.remote_name, step.protected, contents, item.fingerprint, step.missing)


def _is_done(step: Step) -> bool:
    """Whether there is nothing at all to do or to show for a step."""
    return step.action == "none" and not (step.reasons or step.fetch or step.refused or step.requests)


def _has_settled_inputs(project: Project, item: Declared) -> bool:
    """Whether the stamps of a label spec's input files prove that they are unchanged."""
    if not isinstance(item.spec.inputs, InputFiles):
        return True
    known = project.cache.inputs(item.name)
    return known is not None and all(stamp is not None for _, stamp in known.files)


def _cached_inputs(project: Project, item: Declared) -> CachedInputs:
    known = project.cache.inputs(item.name)
    assert known is not None
    assert isinstance(item.spec.inputs, InputFiles)
    return CachedInputs(item.spec.path, item.spec.inputs.path, known.files)
