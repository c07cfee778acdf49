"""What is known of a project besides its lock: jobs in the journal, and renames that were undone.

Each job was paid for once. So before something is bought, both are asked, and then earlier locks (`past_locks`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from pioneer_build.journal.submitted_jobs import known_jobs
from pioneer_build.lock.deletions import with_deleted
from pioneer_build.lock.jobs_known_elsewhere import take_over
from pioneer_build.plan import undo_renames

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.jobs_known_elsewhere import KnownJob
    from pioneer_build.lock.model import Entry, Lock
    from pioneer_build.operations.buying import Buying
    from pioneer_build.plan import Facts
    from pioneer_build.spec.declared import Declared


@dataclass(frozen=True, slots=True)
class Known:
    """The lock with all that is known besides, and the specs with the renames that were undone.

    `locked` is the lock without it. `owners` are, by token, the present names of datasets that were renamed since the
    submission, as earlier locks have them. `notes`, `taken` and `deleted` are for the planner's facts: sentences about
    datasets, remote names that are in use with the fingerprint of what they have, and those that were deleted.
    """

    lock: Lock
    declared: tuple[Declared, ...]
    locked: Lock
    owners: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()


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
        return among.would_buy(item, entry, lock)

    backend = buying.facts.backend
    among = buying.among(declared)
    specs = undo_renames(declared, lock, backend, former, buys, buying.facts.left_out)
    among = buying.among(specs)
    offered = with_deletions(known_jobs(submissions, owners), (), buying.facts)
    taken = take_over(lock, specs, offered, backend, buys)
    return Known(taken.lock, tuple(specs), lock, owners)


def with_deletions(jobs: Iterable[KnownJob], names: Collection[str], facts: Facts) -> list[KnownJob]:
    """The jobs, with those under deleted names marked; without those of which the service has nothing more to give.

    Args:
        jobs: jobs that may be taken over.
        names: remote names that were deleted.
        facts: what the store has. What the local engine deleted, it makes again.
    """
    marked = [
        replace(item, job=replace(item.job, deleted=True)) if item.job.remote_name in names else item for item in jobs
    ]
    return [
        item
        for item in marked
        if not item.job.deleted or facts.free or (item.job.rows is not None and facts.has_whole(item.job.rows))
    ]


def mark_deletions(known: Known, names: frozenset[str], buying: Buying) -> Known:
    """`known`, where the jobs of datasets that would buy something are marked as deleted, if their names are.

    Args:
        known: the lock with the jobs of journal and earlier locks.
        names: remote names that were deleted.
        buying: what decides how much would be bought; inputs are not needed.
    """
    buying = buying.among(known.declared)
    changed: list[Entry] = []
    for item in known.declared if names else ():
        mine = [known.lock.get(name, buying.facts.backend) for name in {item.name, item.spec.renamed_from or item.name}]
        marked = [
            replace(entry, jobs=jobs)
            for entry in mine
            if entry is not None and (jobs := with_deleted(entry.jobs, names)) is not entry.jobs
        ]
        if marked and not item.spec.is_label and buying.would_buy(item, None, known.lock) > 0:
            changed += marked
    lock = known.lock.with_entries(changed) if changed else known.lock
    return replace(known, lock=lock, deleted=names)
