"""What would be bought for a spec, by what the checks make of the rows that are there.

That decides which jobs a lock takes over from the journal and from earlier locks. So it has to be as careful as the
plan that is made afterwards, and as the apply that does it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pioneer_build.lock.model import Lock
from pioneer_build.lock.pending_renames import entry_for, old_names_of, with_new_names
from pioneer_build.plan import lock_with, would_buy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self

    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.plan import Choices, Facts, KeptRows
    from pioneer_build.spec.declared import Declared


@dataclass(frozen=True, slots=True)
class Buying:
    """What decides how much would be bought.

    `facts` are the planner's: the backend, and what the store has; inputs are needed for label specs only. `judge` says
    what the checks make of the rows of an entry, with the lock for the rows of others; `None` if nothing changes.
    `settled` has the datasets for which a plan of the same facts has nothing to do, with the entries that it was made
    from: while a lock has these entries, nothing is bought for them. `renames` are the old names of specs by new ones:
    a dataset that another spec names may be renamed together with it.
    """

    facts: Facts
    choices: Choices
    judge: Callable[[Declared, Entry, Lock], KeptRows | None]
    settled: Mapping[str, Entry] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)

    def among(self, declared: Iterable[Declared]) -> Self:
        """The same with the renames of these specs: all of the project, with renames that were undone."""
        return replace(self, renames=old_names_of(declared))

    def would_buy(self, item: Declared, entry: Entry | None, lock: Lock) -> int:
        """How many rows or annotations would be bought for a spec, now or at most when its open jobs have ended.

        Args:
            item: the spec.
            entry: the dataset's entry, in the place of those that the lock has under its names; `None` for these.
            lock: what was built.
        """
        if entry is None and item.name in self.settled and self._is_settled(item, lock):
            return 0
        mine = lock_with(item, entry, lock, self.facts.backend)
        whole, _ = entry_for(item, mine, self.facts.backend)
        if whole is None or item.spec.is_label:
            return would_buy(item, None, mine, self.facts, self.choices)
        kept = self.judge(item, whole, with_new_names(lock, self.renames, self.facts.backend))
        facts = self.facts if kept is None else replace(self.facts, kept={item.name: kept})
        return would_buy(item, None, mine, facts, self.choices) or self._may_top_up(item, whole, kept)

    def _is_settled(self, item: Declared, lock: Lock) -> bool:
        # the rows of others may have changed with a lock
        now, _ = entry_for(item, lock, self.facts.backend)
        return now is self.settled[item.name] and not item.checks.get("no_overlap_with")

    def _may_top_up(self, item: Declared, entry: Entry, kept: KeptRows | None) -> int:
        """How many rows would be requested again if jobs that have not ended return none: the same run does that.

        Args:
            item: the spec.
            entry: its entry.
            kept: what its checks make of the rows of the entry.
        """
        if item.spec.top_up is None or not any(_may_return_too_few(job, item) for job in entry.jobs):
            return 0
        jobs = entry.jobs if kept is None or kept.broken or not kept.here else kept.jobs
        empty = [replace(job, state="ready", got=0) if _may_return_too_few(job, item) else job for job in jobs]
        entry = replace(entry, jobs=tuple(empty))
        mine = Lock({(entry.dataset_name, entry.backend): entry})
        return would_buy(item, None, mine, self.facts, self.choices)


def _may_return_too_few(job: Job, item: Declared) -> bool:
    return job.state in ("open", "unknown") and job.fingerprint == item.fingerprint
