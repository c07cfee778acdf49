"""`plan`: what `apply` would do. If only spec files changed since the last plan, only their specs are planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.git.places import is_git_of_use
from pioneer_build.operations.changed_specs import changed_specs
from pioneer_build.operations.make_plan import plan_from
from pioneer_build.operations.other_journals import more_may_be_known
from pioneer_build.operations.plan_key_check import refuse_keys
from pioneer_build.plan import Choices
from pioneer_build.sparse.signs import any_may_be_sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.plan import Plan
    from pioneer_build.project.open import Project


def plan_project(
    project: Project,
    choices: Choices | None = None,
    *,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    evidence: bool = False,
) -> Plan:
    """What has to be submitted so that the datasets match the specs. Nothing is sent.

    Args:
        project: an opened project; what was read is cached.
        choices: the flags that change steps.
        select: selectors of `--select`.
        exclude: selectors of `--exclude`.
        evidence: whether each step must have its evidence, for a plan that is saved.

    Raises:
        PioneerError: specs, lock or settings have an error.
    """
    chosen = choices or Choices()
    if chosen == Choices() and not (select or exclude or evidence):
        plan = plan_of_changed(project)
        if plan is not None:
            return plan
    from pioneer_build.operations.project_state import read_project_state, selected  # journal, store, inputs

    return selected(read_project_state(project, chosen), select, exclude)


def plan_of_changed(project: Project) -> Plan | None:
    """The plan of the project, made from the specs that changed and the cached plan; `None` if these are not enough.

    It is the same as a plan of the whole project, except that steps of unchanged specs have no evidence.
    """
    scope = changed_specs(project)
    if scope is None:
        return None
    plan = plan_from(project, scope, Choices())
    refuse_keys(project, plan, scope.declared)
    if plan.changes and any_may_be_sparse(project.root / project.config.specs):
        return None  # a name may be taken by a spec that is not here
    buying = {step.dataset_name: step.remote_name for step in plan.steps if step.submits}
    if not buying:
        return plan
    declared = [item for item in scope.declared if item.name in buying]
    if scope.rest is not None and any(item.fingerprint in scope.rest.submitted for item in declared):
        return None
    if more_may_be_known(project):
        return None
    if not is_git_of_use(project.root):
        return plan
    from pioneer_build.operations.past_locks import may_have_earlier  # git: only if something would be bought

    return None if may_have_earlier(project, declared, buying.values()) else plan
