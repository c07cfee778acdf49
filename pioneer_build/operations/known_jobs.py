"""What is known of a project besides its lock: jobs in the journal, and renames that were undone.

Each job was paid for once. So before something is bought, both are asked, and then earlier locks (`past_locks`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pioneer_build.journal.takeover import known_jobs
from pioneer_build.lock.takeover import take_over
from pioneer_build.plan import undo_renames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Entry, Lock
    from pioneer_build.operations.buying import Buying
    from pioneer_build.spec.declared import Declared


@dataclass(frozen=True, slots=True)
class Known:
    """The lock with all that is known besides, and the specs with the renames that were undone.

    `locked` is the lock without it. `owners` are, by token, the present names of datasets that were renamed since the
    submission, as earlier locks have them. `notes` and `taken` are for the planner's facts: sentences about datasets,
    and remote names that are in use with the fingerprint of what they have.
    """

    lock: Lock
    declared: tuple[Declared, ...]
    locked: Lock
    owners: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)


def with_journal(
    lock: Lock,
    declared: Sequence[Declared],
    submissions: Sequence[Submission],
    buying: Buying,
    owners: Mapping[str, str] = MappingProxyType({}),
) -> Known:
    """The lock with the jobs of the journal that the specs need.

    Args:
        lock: pioneer.lock.
        declared: all specs of the project.
        submissions: all submissions to the backend.
        buying: what decides how much would be bought; inputs are not needed.
        owners: by token, the present names of datasets that were renamed since, as earlier locks have them.
    """
    former: dict[str, set[str]] = {}
    for item in submissions:
        if item.job_id is not None:
            former.setdefault(item.job_id, set()).add(item.dataset_name)

    def buys(item: Declared, entry: Entry | None) -> int:
        return buying.would_buy(item, entry, lock)

    backend = buying.facts.backend
    specs = undo_renames(declared, lock, backend, former, buys, buying.facts.left_out)
    taken = take_over(lock, specs, known_jobs(submissions, owners), backend, buys)
    return Known(taken.lock, tuple(specs), lock, owners)
