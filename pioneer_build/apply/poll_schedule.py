"""When to poll: planned from how long jobs of this run took, so that a poll seldom comes too early.

A poll costs as much of the rate limit as a submission. So of many jobs that are alike one goes ahead, the scout: it is
polled to find out how long such a job takes, and the others wait for what it finds. Whoever scouted in vain is a scout
no longer, so that a job that hangs keeps nobody waiting.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TypeAlias

#: What jobs are alike in: the task type, and how many examples, to a power of two.
Kind: TypeAlias = "tuple[str, int]"

#: A poll comes this much later than the shortest wait that is known to have sufficed.
_MARGIN = 1.02
#: The longest wait between two polls of one job, in seconds.
_LONGEST = 60.0
#: The latest age at which a job is polled for the first time, in seconds, however long others hang.
_LATEST = 600.0
#: The share by which waits grow between polls in vain.
_GROWTH = 0.25
#: Where a kind's jobs are known to end within this share of each other, nobody looks earlier.
_NARROW = 0.2
_ANY: Kind = ("", 0)


@dataclass(slots=True)
class PollSchedule:
    """What is known of the jobs' durations. Ages are seconds since a job was submitted, or first seen open.

    A kind has the longest age at which a job was found running and the shortest at which one was found done; `changed`
    is set whenever one of them changes, and then replaced. Until a kind has been seen to end, the nearest is taken for
    it.
    """

    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict[Kind, float] = field(default_factory=dict)
    _done: dict[Kind, float] = field(default_factory=dict)
    _scouts: dict[Kind, object] = field(default_factory=dict)

    def wait(self, kind: Kind, job: object, age: float, polled: float | None, default: float) -> float:
        """Seconds until a job is to be polled, unless something changes before.

        Args:
            kind: what the job is like.
            job: tells it from others.
            age: its age now, in seconds.
            polled: its age, in seconds, when it was last polled in vain; `None` where it never was.
            default: seconds after which the very first job is polled.
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
        """Takes in that a job was not done yet.

        Args:
            kind: what the job is like.
            job: tells it from others.
            age: its age when it was polled, in seconds.
            first: whether it had not been polled before.
        """
        for each in (kind, _ANY):
            self._running[each] = max(age, self._running.get(each, 0.0))
        done = self._done.get(kind)
        if first and done is not None and age >= done:
            self._done[kind] = done * 1.1  # not `age`: one job that hangs says nothing of the others
            self._tell()
        self.leaves(job)

    def done(self, kind: Kind, job: object, age: float) -> None:
        """Takes in that a job was found done.

        Args:
            kind: what the job is like.
            job: tells it from others.
            age: its age when it was polled, in seconds.
        """
        known = self._done.get(kind)
        self._done[kind] = age if known is None else min(age, known)
        if known is None:
            self._tell()
        if self._running.get(kind, 0.0) > self._done[kind]:
            self._running[kind] = self._done[kind] * 0.5
        self.leaves(job)

    def leaves(self, job: object) -> None:
        """Takes in that a job is no scout any more, whatever came of it."""
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
        """How long jobs of the nearest kind took."""
        if not self._done:
            return None
        near = min(self._done, key=lambda other: (other[0] != kind[0], abs(other[1] - kind[1]), other))
        return self._done[near]


def kind_of(task_type: str, examples: int) -> Kind:
    """What a job is like."""
    return task_type, max(0, examples).bit_length()
