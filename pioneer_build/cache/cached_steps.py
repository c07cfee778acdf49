"""What the last plan said of each dataset: for a plan that is shown, or made of some specs alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pioneer_build.disk.stamps import StampedFile


class CachedStep(NamedTuple):
    """A dataset with nothing to do: what its step shows, its contents and fingerprint."""

    dataset_name: str
    total: int
    remote_name: str
    protected: bool
    contents: Sequence[str]
    fingerprint: str
    missing: int


class CachedInputs(NamedTuple):
    """The files of a label spec. `pattern` is the path or glob that it names them by."""

    spec_path: str
    pattern: str
    files: Sequence[StampedFile]


@dataclass(frozen=True, slots=True)
class RestOfProject:
    """What a plan of some specs alone has to know of the rest of the project.

    `separate` is false where no spec can be planned without the rest: one of them says something of another, or a
    dataset whose spec was removed is still to be forgotten. `locked` are the names of all datasets in the lock,
    `removed` of those without a spec. `remote_names` says whose each remote name is, `taken` for which fingerprint the
    journal's were made; `submitted` are the fingerprints of everything that the journal says was sent, `deleted` the
    remote names that it says were deleted.
    """

    separate: bool
    locked: Collection[str]
    removed: Collection[str]
    remote_names: Mapping[str, str]
    taken: Mapping[str, str]
    submitted: Collection[str]
    deleted: Collection[str] = ()


def json_section(value: object) -> bytes:
    """A section of a cached plan as JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def rest_section(rest: RestOfProject) -> bytes:
    """The section `rest`."""
    return json_section({name: getattr(rest, name) for name in RestOfProject.__slots__})


def read_rest(section: bytes) -> RestOfProject:
    """What `rest_section` wrote."""
    return RestOfProject(**json.loads(section))


def read_steps(section: bytes) -> dict[str, list[CachedStep]]:
    """The section `steps`: those of each spec file."""
    return {path: [CachedStep(*step) for step in steps] for path, steps in json.loads(section).items()}


def read_inputs(section: bytes) -> list[CachedInputs]:
    """The section `inputs`."""
    return [CachedInputs(*inputs) for inputs in json.loads(section)]
