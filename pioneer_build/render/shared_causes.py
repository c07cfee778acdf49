"""One cause that ended several datasets, such as a service that can't be reached, is said once. Values in, text out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pioneer_build.wording import count, few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply import Outcome

#: The end of a message is a cause of its own if it has at least this many characters: shorter ones repeat by chance.
_LEAST: Final = 40
#: At most this many ends of a message are compared, besides the whole: a service's text may have any number of colons.
_MOST_ENDS: Final = 12


@dataclass(frozen=True, slots=True)
class SharedCause:
    """The end of the messages of several datasets: why each of them failed."""

    text: str
    dataset_names: tuple[str, ...]

    @property
    def datasets(self) -> str:
        """`3 datasets (a, b, c)`."""
        return f"{count(len(self.dataset_names), 'dataset')} ({few(self.dataset_names)})"

    def without(self, message: str) -> str:
        """What a message says besides the cause."""
        head = message[: -len(self.text)].rstrip(": ")
        return f"{head} (cause below)" if head else "cause below"


def shared_causes(outcomes: Sequence[Outcome]) -> dict[str, SharedCause]:
    """The cause that each dataset shares with others, by dataset; those that share none have no entry.

    A message is a chain, `not submitted: listing the versions of a: can't reach x: …`, so what several share is an end
    of it, after a colon: the one that most of them have, and of several such ends the longest.

    Args:
        outcomes: how steps ended, those that went well not included.
    """
    shared = Counter(end for outcome in outcomes for end in _ends(outcome.message))
    chosen: dict[str, list[str]] = {}
    for outcome in outcomes:
        found = [end for end in _ends(outcome.message) if shared[end] > 1]
        if found:
            end = max(found, key=lambda end: (shared[end], len(end)))
            chosen.setdefault(end, []).append(outcome.dataset_name)
    causes = [SharedCause(end, tuple(names)) for end, names in chosen.items() if len(names) > 1]
    return {name: cause for cause in causes for name in cause.dataset_names}


def _ends(message: str) -> list[str]:
    parts = message.split(": ")
    ends = [": ".join(parts[at:]) for at in (0, *range(max(1, len(parts) - _MOST_ENDS), len(parts)))]
    return [end for end in ends if len(end) >= _LEAST]
