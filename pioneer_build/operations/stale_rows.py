"""Whether the rows of a dataset were made for another definition than the one in its spec: then they are stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError, Problems
from pioneer_build.plan.reasons import definition_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.errors import Problem
    from pioneer_build.lock.model import Entry
    from pioneer_build.spec.declared import Declared


def is_stale(entry: Entry | None, item: Declared | None) -> bool:
    """Whether readers would get rows of another definition than the spec's. Without a spec, there is no other one."""
    if entry is None or item is None or entry.content_fingerprint is None:
        return False
    return entry.content_fingerprint != item.fingerprint or (entry.num_examples is None) != item.spec.is_label


def refuse_stale_rows(entry: Entry, item: Declared | None, problems: Sequence[Problem]) -> None:
    """Refuses rows that are stale.

    Args:
        entry: of the dataset.
        item: its spec; `None` if it was removed, or can't be read.
        problems: the errors of specs that can't be read.

    Raises:
        PioneerError: they are.
        Problems: the spec of the dataset may be one of those that have errors.
    """
    if item is None and problems:
        raise Problems(problems)
    if item is None or not is_stale(entry, item):
        return
    changes = definition_changes(entry, item) if entry.content_fingerprint == entry.fingerprint else ()
    what = f" ({'; '.join(change.line for change in changes)})" if changes else ""
    raise PioneerError(
        f"the rows of '{entry.dataset_name}' are stale: they were made for another definition than the one in"
        f" {item.spec.path}{what}",
        hint="`pioneer-build plan` shows what the spec needs; to read these rows all the same: --allow-stale, in Python"
        " allow_stale=True",
    )
