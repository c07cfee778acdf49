"""The choices of the last merge of pioneer.lock, for the plan: of a conflict, or of a merge commit.

The merge driver writes a lock that doesn't say what it has chosen. So it is found again: from both parents of the merge
commit and their common ancestor. That is only done if something is to do for a dataset that the lock has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pioneer_build.errors import PioneerError
from pioneer_build.git.places import is_below_repository
from pioneer_build.lock.model import Lock
from pioneer_build.plan.merge_choices import with_choices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.lock.three_way import Side
    from pioneer_build.plan import Plan
    from pioneer_build.project.open import Project

_IN_CONFLICT: Final[Mapping[Side, str]] = {"ours": "our side (HEAD)", "theirs": "their side"}
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
    pending = [step.dataset_name for step in plan.steps if step.action in _AFFECTED]
    pending = [name for name in pending if lock.get(name, plan.backend) is not None]
    return _with_choices_of_head(project, lock, plan, frozenset(pending)) if pending else plan


def _with_choices_of_head(project: Project, lock: Lock, plan: Plan, pending: frozenset[str]) -> Plan:
    """The same for the merge commit that is checked out, if there is one."""
    if not is_below_repository(project.root):
        return plan
    # git is only started for a plan that has something to do
    from pioneer_build.git.revisions import merged_commits
    from pioneer_build.lock.three_way import merge3
    from pioneer_build.project.lock_at import lock_at

    try:
        commits = merged_commits(project.root)
        if commits is None:
            return plan
        found = [lock_at(project.root, commit) for commit in commits]
    except PioneerError:
        return plan  # no git, or a lock of a commit that can't be read: then there is nothing to say
    base, ours, theirs = (Lock() if one is None else one.lock for one in found)
    merged = merge3(base, ours, theirs)
    choices = [
        choice
        for choice in merged.choices
        if choice.dataset_name in pending
        and merged.lock.get(choice.dataset_name, choice.backend) == lock.get(choice.dataset_name, choice.backend)
    ]
    return with_choices(plan, choices, {"ours": commits[1][:8], "theirs": commits[2][:8]})
