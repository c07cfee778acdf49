"""The labels that a dataset declares, and which one the service means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.rows.causes import Fault
from pioneer_build.rows.normal_form import is_unicode, shown
from pioneer_build.spec.unicode_form import nfc

if TYPE_CHECKING:
    from collections.abc import Iterable


class DeclaredLabels:
    """Declared labels, compared in Unicode normal form C and returned in the spelling of the author; case matters.

    If no labels are declared, any label is accepted.
    """

    __slots__ = ("_by_nfc", "_exact", "_folded", "names")

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self._exact = {name: name for name in self.names}
        self._by_nfc = {nfc(name): name for name in self.names}
        self._folded: dict[str, str] = {}  # made when it is first needed

    def read(self, word: str) -> str | Fault:
        """The declared label that `word` is, or the fault that it is not one."""
        found = self._exact.get(word)
        if found is not None:
            return found
        if not is_unicode(word):
            return Fault("bad-text", f"the label {shown(word)} is not valid Unicode")
        if not self.names:
            return word
        found = self._by_nfc.get(nfc(word))
        return found if found is not None else self._undeclared(word)

    def _undeclared(self, word: str) -> Fault:
        if not self._folded:
            for normal, name in self._by_nfc.items():
                self._folded.setdefault(normal.casefold(), name)
        near = self._folded.get(nfc(word).casefold())
        hint = f" (did you mean {shown(near)}?)" if near is not None else ""
        return Fault("undeclared-label", f"the label {shown(word)} is not declared{hint}")
