"""Removes from the store what no lock needs: finds it first, so that it can be shown, then removes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.operations.needed_content import needed_content
from pioneer_build.project.open import open_project
from pioneer_build.results.gc import GcResult
from pioneer_build.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pioneer_build.project.open import Project
    from pioneer_build.store import GcPlan


@dataclass(frozen=True, slots=True)
class Garbage:
    """What no lock needs in a store. Nothing is removed before `remove` is called."""

    result: GcResult
    store: Store
    plan: GcPlan

    def remove(self) -> None:
        """Removes it.

        Raises:
            StoreError: a file can't be removed.
        """
        self.store.remove(self.plan)


def find_garbage(project: Project, others: Iterable[Path], backend: str | None) -> Garbage:
    """What neither the project's lock nor those of other projects need in the project's store.

    Args:
        project: an opened project.
        others: folders of other projects that share the store.
        backend: the flag `--backend`, for opening them.

    Raises:
        LockError: a lock can't be read, so it is not known what it needs.
        PioneerError: a folder doesn't exist.
    """
    everywhere = [project, *(open_project(folder, backend) for folder in others)]
    store = Store(project.config.store)
    keep, annotations = needed_content(one.lockfile.read() for one in everywhere)
    plan = store.gc(keep, annotations)
    return Garbage(
        GcResult(plan.files, plan.bytes, plan.records("rows"), plan.records("annotations")),
        store,
        plan,
    )
