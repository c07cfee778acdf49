"""`pioneer_build.load`: the locked rows for a training script."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, overload

from pioneer_build.errors import MissingExtra, PioneerError
from pioneer_build.lock.pending_renames import old_names_of, refuse_old_name, with_new_names
from pioneer_build.operations.dataset_status import training_pair
from pioneer_build.operations.locked_rows import locked_rows, task_of_content
from pioneer_build.operations.stale_rows import refuse_stale_rows
from pioneer_build.project.open import open_project
from pioneer_build.project.specs import readable_specs
from pioneer_build.rows import checked_line, parser_for, task_of
from pioneer_build.store import Store
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.lock.model import Entry
    from pioneer_build.spec.model import TaskType


class Dataset(Sequence[dict[str, Any]]):
    """The locked rows of one dataset, as dicts in normal form (docs/rows.md). They are read when they are needed.

    Iterating streams them from disk; indexing loads all of them into memory.

    Attributes:
        name: the dataset's name.
        content: the digest of the rows (`sha256:…`) in the lock.
        task_type: the task type.
        labels: the declared labels, sorted. Of stale rows they may not be known; then there are none.
    """

    def __init__(self, entry: Entry, store: Store, task_type: TaskType | None = None) -> None:
        self._entry = entry
        self._store = store
        self.name: Final[str] = entry.dataset_name
        self.content: Final[str | None] = entry.content
        self.task_type: Final[TaskType] = task_type or entry.task_type
        self.labels: Final[tuple[str, ...]] = tuple(entry.definition.get("labels", ())) if task_type is None else ()

    @property
    def training(self) -> dict[str, str] | None:
        """What to pass to a training job: `{"name", "version"}`; `None` if no version is known to be these rows."""
        return training_pair(self._entry)

    def __len__(self) -> int:
        return self._entry.examples

    def lines(self) -> Iterator[bytes]:
        """The rows as they are stored: lines of JSON, each with a line feed at its end."""
        return locked_rows(self._entry, self._store, partial(checked_line, task=self.task_type))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return locked_rows(self._entry, self._store, parser_for(self.task_type))

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self._rows[index]

    def __repr__(self) -> str:
        return f"<Dataset {self.name}: {len(self):,} {self._entry.task_type} rows, {self.content}>"

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return list(iter(self))

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` with a row for each row and a column for each key."""
        return _library("pandas").DataFrame(self._rows)

    def to_polars(self) -> Any:
        """A `polars.DataFrame`."""
        return _library("polars").DataFrame(self._rows)

    def to_hf(self) -> Any:
        """A `datasets.Dataset`."""
        return _library("datasets", "hf").Dataset.from_list(self._rows)


def _library(name: str, extra: str | None = None) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if extra is not None:
            raise MissingExtra(f"to_{extra}()", extra) from error
        raise PioneerError(f"{name} is not installed", hint=f"pip install {name}") from error


def load(name: str, *, directory: str | Path = ".", backend: str | None = None, allow_stale: bool = False) -> Dataset:
    """The locked rows of a dataset, verified against the lock. Nothing is sent, and no key is needed.

    Args:
        name: the dataset's name.
        directory: a folder in the project.
        backend: as for `--backend`; by default the backend of the project.
        allow_stale: whether the rows may be those of another definition than the spec's: the last good ones.

    Returns:
        A sequence of dicts.

    Raises:
        PioneerError: there is no such dataset, its rows are not on this machine, or they are stale.
        Problems: specs have errors, one of which may be the dataset's.
        LockError: the lock can't be read.
        StoreError: (when rows are read) the stored rows don't match the lock, or are no rows.
    """
    project = open_project(Path(directory), backend)
    specs, problems = readable_specs(project)
    lock = with_new_names(project.lockfile.read(), old_names_of(specs), project.config.backend)
    entry = lock.get(name, project.config.backend)
    if entry is None:
        refuse_old_name(name, specs)
        names = sorted(known.dataset_name for known in lock.on(project.config.backend))
        near = nearest(name, names)
        hint = f"did you mean '{near}'?" if near else "pioneer-build apply builds the datasets that the specs declare"
        raise PioneerError(f"'{name}' is not in pioneer.lock for the backend {project.config.backend}", hint=hint)
    if not allow_stale:
        refuse_stale_rows(entry, next((item for item in specs if item.name == name), None), problems)
    store = Store(project.config.store)
    rows = locked_rows(entry, store, parser_for(task_of_content(entry)))  # raises now if rows are missing
    if task_of_content(entry) is not None:
        return Dataset(entry, store)
    # of an earlier definition, which the lock doesn't have: the task follows from the rows
    first = next(rows, None)
    return Dataset(entry, store, task_of(first) if first is not None else entry.task_type)
