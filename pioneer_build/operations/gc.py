"""Removes from the store what no lock needs: first found and said, then removed."""

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
    """What of a store no lock needs. Nothing goes before `remove` is called."""

    result: GcResult
    store: Store
    plan: GcPlan

    def remove(self) -> None:
        """Removes it.

        Raises:
            StoreError: the disk didn't let it.
        """
        self.store.remove(self.plan)


def find_garbage(project: Project, others: Iterable[Path], backend: str | None) -> Garbage:
    """What of the project's store neither its own lock needs nor those of other projects.

    Args:
        project: an opened project.
        others: folders of projects that share the store.
        backend: the flag `--backend`, for opening them.

    Raises:
        LockError: a lock can't be read: then what it needs is not known.
        PioneerError: a folder is no project's.
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
