"""Which of many records have submissions: a lock may have thousands of records, and as many to compare with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class SubmissionSets:
    """The submissions of records, of which it is asked whether one of them has all of some others.

    Args:
        records: the submissions of each record.
    """

    __slots__ = ("_having", "_some")

    def __init__(self, records: Iterable[Iterable[str]]) -> None:
        self._having: dict[str, list[frozenset[str]]] = {}
        self._some = False
        for submissions in set(map(frozenset, records)):
            self._some = True
            for one in submissions:
                self._having.setdefault(one, []).append(submissions)

    def one_has_all(self, wanted: Collection[str]) -> bool:
        """Whether one record has all of these submissions. Only those are looked at that have the rarest of them."""
        if not wanted:
            return self._some
        having = min((self._having.get(one, []) for one in wanted), key=len)
        return any(submissions.issuperset(wanted) for submissions in having)
