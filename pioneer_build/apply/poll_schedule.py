"""When to poll: planned from how long earlier jobs of this run took, so that few polls come too early.

A poll uses as much of the rate limit as a submission. So among jobs of the same kind, one is the scout: it is polled
to find out how long such a job takes, and the others wait for the result. After a poll that finds it still running,
another job may become the scout, so that a job that hangs doesn't delay the others.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TypeAlias

#: Jobs of the same kind have the same task type, and the same number of examples up to a power of two.
Kind: TypeAlias = "tuple[str, int]"

#: A poll is made at the shortest age at which such a job is known to have been done, times this.
_MARGIN = 1.02
#: The longest wait between two polls of one job, in seconds.
_LONGEST = 60.0
#: A job is polled for the first time at this age in seconds at the latest, however long others take.
_LATEST = 600.0
#: Between polls that find a job running, the wait is this share of its age.
_GROWTH = 0.25
#: If the ends of a kind's jobs are known to within this share, no job is polled early to find out more.
_NARROW = 0.2
_ANY: Kind = ("", 0)


@dataclass(slots=True)
class PollSchedule:
    """What is known of the durations of jobs. Ages are in seconds, since polling of the job began.

    For each kind there is the longest age at which a job was found running, and the shortest at which one was found
    done. `changed` is set when one of them changes, and then replaced by a new event. Until a job of a kind has ended,
    the nearest kind is used instead.
    """

    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict[Kind, float] = field(default_factory=dict)
    _done: dict[Kind, float] = field(default_factory=dict)
    _scouts: dict[Kind, object] = field(default_factory=dict)

    def wait(self, kind: Kind, job: object, age: float, polled: float | None, default: float) -> float:
        """Seconds until a job's next poll, unless something changes before.

        Args:
            kind: the job's kind.
            job: identifies the job.
            age: its age now, in seconds.
            polled: its age at its latest poll, in seconds; `None` if it was never polled.
            default: the age, in seconds, at which the first job of a run is polled.
        """
        done, running = self._done.get(kind), self._running.get(kind, 0.0)
        next_poll = 0.0 if polled is None else max(polled + default / 2, self._after(polled))
        if done is None:
            guess = self._guess(kind)
            if not self._is_scout(kind if guess is not None else _ANY, job):
                return max(_LONGEST, next_poll - age)
            first = guess * _MARGIN if guess is not None else max(default, self._after(self._running.get(_ANY, 0.0)))
            return max(0.0, max(min(max(first, running), _LATEST), next_poll) - age)
        due = done * _MARGIN
        if done - running > _NARROW * done and polled is None and self._is_scout(kind, job):
            due = max(running, (running + 3 * done) / 4)
        return max(0.0, max(due, next_poll) - age)

    def still_running(self, kind: Kind, job: object, age: float, *, first: bool) -> None:
        """Records that a poll found a job still running.

        Args:
            kind: the job's kind.
            job: identifies the job.
            age: its age at the poll, in seconds.
            first: whether this was its first poll.
        """
        for each in (kind, _ANY):
            self._running[each] = max(age, self._running.get(each, 0.0))
        done = self._done.get(kind)
        if first and done is not None and age >= done:
            self._done[kind] = done * 1.1  # not `age`: a job that hangs says nothing about the others
            self._tell()
        self.leaves(job)

    def done(self, kind: Kind, job: object, age: float) -> None:
        """Records that a poll found a job done.

        Args:
            kind: the job's kind.
            job: identifies the job.
            age: its age at the poll, in seconds.
        """
        known = self._done.get(kind)
        self._done[kind] = age if known is None else min(age, known)
        if known is None:
            self._tell()
        if self._running.get(kind, 0.0) > self._done[kind]:
            self._running[kind] = self._done[kind] * 0.5
        self.leaves(job)

    def leaves(self, job: object) -> None:
        """Makes a job no longer a scout, whatever its last poll found."""
        left = [kind for kind, scout in self._scouts.items() if scout is job]
        for kind in left:
            del self._scouts[kind]
        if left:
            self._tell()

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def _after(self, age: float) -> float:
        return age + min(_LONGEST, age * _GROWTH)

    def _is_scout(self, kind: Kind, job: object) -> bool:
        return self._scouts.setdefault(kind, job) is job

    def _guess(self, kind: Kind) -> float | None:
        """The duration of jobs of the nearest kind."""
        if not self._done:
            return None
        near = min(self._done, key=lambda other: (other[0] != kind[0], abs(other[1] - kind[1]), other))
        return self._done[near]


def kind_of(task_type: str, examples: int) -> Kind:
    """The kind of a job."""
    return task_type, max(0, examples).bit_length()
