"""The order in which a run does its steps: rows are judged after those came that they must not repeat.

A dataset that names others in `no_overlap_with` comes after them. It waits for them before its rows are judged, and not
before they are requested.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pioneer_build.plan import Step

#: These come first: they cost nothing, and secure what was paid for earlier before more is paid for.
_FIRST = ("reconcile", "resume")


class StepOrder:
    """The steps of a run, in order. Belongs to one event loop.

    Args:
        steps: those of the plan that do something.
        named: returns the names of the datasets that the rows of a dataset must not overlap with.
    """

    def __init__(self, steps: Iterable[Step], named: Callable[[str], Sequence[str]] = lambda _: ()) -> None:
        by_name = {step.dataset_name: step for step in steps}
        self._named = {name: [other for other in named(name) if other in by_name] for name in by_name}
        free = {other for names in self._named.values() for other in names if not by_name[other].requests}
        self._depths = depths = _depths(self._named)

        def place(step: Step) -> tuple[bool, int, str]:
            name = step.dataset_name
            return step.action not in _FIRST and name not in free, depths[name], name

        self.steps = sorted(by_name.values(), key=place)
        self._places = {step.dataset_name: at for at, step in enumerate(self.steps)}
        self._replacing = {name for name, step in by_name.items() if step.action == "replace" and step.requests}
        self._free = {name for name, step in by_name.items() if not step.requests}
        self._ended = {name: asyncio.Event() for name in by_name}

    def end(self, name: str) -> None:
        """Says that the step of a dataset has ended, however it did."""
        if name in self._ended:
            self._ended[name].set()

    def to_come(self, name: str) -> tuple[str, ...]:
        """The datasets that a dataset names, and whose steps come after its own: not those that name it as well."""
        later = [other for other in self._named.get(name, ()) if self._places[other] > self._places[name]]
        return tuple(
            [other for other in later if self._depths[other] < self._depths[name] and not self._ended[other].is_set()]
        )

    def to_replace(self, name: str) -> tuple[str, ...]:
        """The datasets that a dataset names, and whose steps replace their rows by others, and haven't ended."""
        return tuple(
            [
                other
                for other in self._named.get(name, ())
                if other in self._replacing and not self._ended[other].is_set()
            ]
        )

    async def wait_for_named(self, name: str, *, free: bool = False) -> None:
        """Waits for the steps of the datasets that a dataset names, as far as they come before it.

        Args:
            name: the dataset.
            free: whether only those that request nothing are waited for.
        """
        for other in self._named.get(name, ()):
            if self._places[other] < self._places[name] and (not free or other in self._free):
                await self._ended[other].wait()


def _depths(named: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How long the longest chain of named datasets is below each one; a circle is cut at the last by name."""
    depths: dict[str, int] = {}
    for name in sorted(named):
        if name in depths:
            continue
        depths[name], path = 0, [(name, iter(named[name]))]
        while path:
            here, others = path[-1]
            other = next(others, None)
            if other is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    depths[above] = max(depths[above], depths[here] + 1)
            elif other not in depths:
                depths[other] = 0
                path.append((other, iter(named[other])))
            else:
                depths[here] = max(depths[here], depths[other] + 1)
    return depths
