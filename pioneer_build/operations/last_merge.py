"""The choices of the last merge of pioneer.lock, for the plan: of a conflict, or of a merge commit.

The merge driver writes a lock that doesn't say what it has chosen. So it is found again: from both parents of the merge
commit and their common ancestor. That is only done if something is to do for a dataset that the lock has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pioneer_build.git.places import is_below_repository
from pioneer_build.plan.merge_choices import with_choices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.lock.model import Lock
    from pioneer_build.lock.three_way import MergeSide
    from pioneer_build.plan import Plan
    from pioneer_build.project.open import Project

_IN_CONFLICT: Final[Mapping[MergeSide, str]] = {"ours": "our side (HEAD)", "theirs": "their side"}
#: What a wrong choice leads to: the lock has the dataset, and its spec says something else.
_AFFECTED: Final = frozenset({"blocked", "replace", "restore", "label", "extend", "shrink", "update", "forget"})


def with_merge_choices(project: Project, lock: Lock, plan: Plan) -> Plan:
    """The plan with the choices of the last merge as reasons, for the datasets that have something to do.

    Args:
        project: an opened project, whose lock was read if it has a conflict.
        lock: the lock that the plan was made from.
        plan: the plan.
    """
    if project.lockfile.choices:
        return with_choices(plan, project.lockfile.choices, _IN_CONFLICT)
    affected = [step for step in plan.steps if step.action in _AFFECTED]
    # a merge knows a dataset by the names that the lock has
    names = {name for step in affected for name in (step.dataset_name, step.renamed_from) if name is not None}
    pending = [name for name in names if lock.get(name, plan.backend) is not None]
    if not pending or not is_below_repository(project.root):
        return plan
    from pioneer_build.operations.merged_head import with_choices_of_head  # git: only if there is something to do

    return with_choices_of_head(project, lock, plan, frozenset(pending))
