"""Refuses a plan with texts that contain a key, before they are shown, saved or sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import Problems
from pioneer_build.project.key_check import keys_in_files, keys_in_texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.plan import Plan
    from pioneer_build.project.open import Project
    from pioneer_build.spec.declared import Declared


def refuse_keys(project: Project, plan: Plan, declared: Iterable[Declared]) -> None:
    """Checks the specs of all steps that do something, and the lock as far as it was read.

    A spec that is in the cache may have been read when no key was set. Texts of inputs are checked when they are sent.

    Args:
        project: the project.
        plan: what would be done.
        declared: all specs.

    Raises:
        Problems: a file contains a key.
    """
    busy = {step.dataset_name for step in plan.steps if step.action != "none"}
    if not busy:
        return
    paths = sorted({item.spec.path for item in declared if item.name in busy})
    if found := [*keys_in_files(project.root, paths), *keys_in_texts(project.lockfile.texts)]:
        raise Problems(found)
