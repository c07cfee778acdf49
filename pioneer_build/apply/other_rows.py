"""The texts of the datasets in `no_overlap_with`, which the rows of a dataset must not repeat."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pioneer_build import inputs  # what reads files is imported when it is first used
from pioneer_build.apply.stored_rows import texts_in
from pioneer_build.errors import PioneerError, StoreError
from pioneer_build.rows import row_text_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pioneer_build.inputs import InputsSurvey
    from pioneer_build.lock.model import Entry
    from pioneer_build.ports import StorePort
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.model import Checks

#: The label specs whose inputs were read, with what was found, by dataset.
Surveyed: TypeAlias = "Mapping[str, tuple[Declared, InputsSurvey]]"


@dataclass
class InputTexts:
    """The texts of label datasets, out of their inputs: for a machine that doesn't have their annotations.

    The rows of such a dataset have the texts of its inputs, if each of them was annotated, and if the inputs are still
    those of the lock. `root` is the folder of the project.
    """

    root: Path | None = None
    surveyed: Surveyed = field(default_factory=dict)
    _read: dict[str, frozenset[bytes]] = field(default_factory=dict, init=False, repr=False)

    def has(self, entry: Entry) -> bool:
        """Whether the texts of the rows that readers of a dataset get are known."""
        made, found = entry.labelling, self.surveyed.get(entry.dataset_name)
        if entry.num_examples is not None or entry.parts is not None or made is None or found is None:
            return False
        return self.root is not None and made.inputs == found[1].digest and made.rows == made.texts

    def digests(self, entry: Entry) -> frozenset[bytes]:
        """The digests of these texts, as rows have them.

        Raises:
            StoreError: they can't be read any more.
        """
        name = entry.dataset_name
        if name not in self._read:
            try:
                self._read[name] = frozenset(self._texts(name))
            except StoreError:
                raise
            except PioneerError as error:
                raise StoreError(f"the inputs of '{name}' can't be read: {error}", "pioneer-build apply") from error
        return self._read[name]

    def _texts(self, name: str) -> Iterator[bytes]:
        item, survey = self.surveyed[name]
        assert self.root is not None
        assert item.spec.inputs is not None
        spec, whole = item.spec, bytearray()
        for one in inputs.read(item.spec.inputs, project_root=self.root, spec_path=spec.path, at=spec.place("inputs")):
            whole += inputs.text_digests([one.text])
            yield row_text_digest({"text": one.text})
        if whole != survey.digests:
            raise StoreError(f"the inputs of '{name}' changed while they were read", "pioneer-build apply")


@dataclass(frozen=True, slots=True)
class OtherRows:
    """The rows of other datasets, for who compares rows with them.

    `entry_of` returns the entry of a dataset by the name that it has in checks. `inputs` has the texts of label
    datasets whose rows are not in the store.
    """

    store: StorePort
    entry_of: Callable[[str], Entry | None]
    inputs: InputTexts = field(default_factory=InputTexts)

    def texts(self, checks: Checks, unread: list[StoreError] | None = None) -> dict[str, frozenset[bytes]]:
        """The digests of the texts that readers of each dataset in `no_overlap_with` get, as far as they are known.

        Args:
            checks: the bounds in force.
            unread: gets the errors about rows that can't be read; without it, they are raised.
        """
        return {name: self._texts(self.entry_of(name), unread) for name in checks.no_overlap_with}

    def elsewhere(self, checks: Checks, *, but_lost: bool = False) -> tuple[str, ...]:
        """The datasets in `no_overlap_with` that have rows which are not known here: nothing can be compared with them.

        `but_lost`: as for `are_elsewhere`.

        Raises:
            StoreError: the store can't be read.
        """
        return tuple([name for name in checks.no_overlap_with if self.are_elsewhere(name, but_lost=but_lost)])

    def are_elsewhere(self, name: str, *, but_lost: bool = False) -> bool:
        """Whether a dataset has rows that are not known here.

        `but_lost`: not if these are owed, or were deleted on the service. Who asks for new rows in place of such ones
        (`--retry`) doesn't wait for those of another dataset, which may wait for this one.

        Raises:
            StoreError: the store can't be read.
        """
        entry = self.entry_of(name)
        return entry is not None and not self._are_stored(entry, but_lost=but_lost) and not self.inputs.has(entry)

    def _are_stored(self, entry: Entry, *, but_lost: bool = False) -> bool:
        lost = {job.rows for job in entry.readable() if job.owed or job.deleted} if but_lost else ()
        return all(self.store.has(digest) for digest in entry.content_digests if digest not in lost)

    def _texts(self, entry: Entry | None, unread: list[StoreError] | None) -> frozenset[bytes]:
        if entry is None:
            return frozenset()
        try:
            if self.inputs.has(entry) and not self._are_stored(entry):
                return self.inputs.digests(entry)
        except StoreError as error:
            if unread is None:
                raise
            unread.append(error)
            return frozenset()
        return frozenset(texts_in(self.store, entry.content_digests, unread))
