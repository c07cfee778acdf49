"""When to poll: planned from how long jobs of this run took, so that a poll seldom comes too early."""

from __future__ import annotations

from dataclasses import dataclass, field

#: A poll comes this much later than the shortest wait that is known to have sufficed.
_MARGIN = 1.02
#: The longest wait between two polls of one job, in seconds.
_LONGEST = 60.0


@dataclass(slots=True)
class Paces:
    """What is known of the jobs' durations, by kind of job.

    A kind (task type and size, to a power of two) keeps the longest time at which a job was still running and the
    shortest at which one was found done; the next first poll is planned between them.
    """

    _running: dict[object, float] = field(default_factory=dict)
    _done: dict[object, float] = field(default_factory=dict)

    def first(self, kind: object, default: float) -> float:
        """Seconds after its submission at which a job of `kind` is first polled."""
        done = self._done.get(kind)
        if done is None:
            return default
        running = self._running.get(kind, 0.0)
        # where the bracket is wide, look into it; where it is narrow, don't poll in vain
        return done * _MARGIN if done - running <= 0.2 * done else max(running, (running + 3 * done) / 4)

    def next(self, kind: object, age: float, default: float) -> float:
        """Seconds to wait before the next poll of a job that is `age` seconds old and not done."""
        done = self._done.get(kind)
        if done is not None and age < done:
            return max(default / 4, (done - age) * _MARGIN)
        return min(_LONGEST, max(default / 2, age * 0.25))

    def still_running(self, kind: object, age: float) -> None:
        """Takes in that a job was not done at `age`."""
        self._running[kind] = max(age, self._running.get(kind, 0.0))
        if (done := self._done.get(kind)) is not None and age >= done:
            self._done[kind] = age * 1.1

    def done(self, kind: object, age: float) -> None:
        """Takes in that a job was found done at `age`."""
        self._done[kind] = min(age, self._done.get(kind, age)) if age >= self._running.get(kind, 0.0) else age
        if self._running.get(kind, 0.0) > self._done[kind]:
            self._running[kind] = self._done[kind] * 0.5


def kind_of(task_type: str, examples: int) -> tuple[str, int]:
    """What jobs are alike in how long they take."""
    return task_type, max(0, examples).bit_length()
