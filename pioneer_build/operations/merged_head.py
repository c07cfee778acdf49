"""The choices of the last merge commit of pioneer.lock: made again from both parents and their common ancestor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.git.revisions import merged_commits
from pioneer_build.lock.model import Lock
from pioneer_build.lock.three_way import merge3
from pioneer_build.plan.merge_choices import with_choices
from pioneer_build.project.lock_at import lock_at

if TYPE_CHECKING:
    from pioneer_build.plan import Plan
    from pioneer_build.project.open import Project


def with_choices_of_head(project: Project, lock: Lock, plan: Plan, pending: frozenset[str]) -> Plan:
    """The plan with the choices of the merge commit that is checked out, if there is one, as reasons.

    Args:
        project: an opened project.
        lock: the lock that the plan was made from.
        plan: the plan.
        pending: the names of datasets with something to do that the lock has.
    """
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
