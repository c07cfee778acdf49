"""One submission, as the journal has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pioneer_build.errors import JournalError
from pioneer_build.lock.model import SentJob

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pioneer_build.lock.model import Tokens
    from pioneer_build.spec.model import TaskType


#: The command that makes a damaged journal usable again.
REPAIR: Final = "pioneer-build journal repair"

SubmissionState: TypeAlias = Literal["submitting", "unknown", "refused", "open", "ready", "failed", "rejected"]

#: The states of submissions that have not ended.
UNFINISHED_STATES: Final[frozenset[SubmissionState]] = frozenset({"submitting", "unknown", "open"})


@dataclass(frozen=True, slots=True)
class Submission(SentJob):
    """One submission, as the journal has it.

    `token` identifies it. With `dataset_name`, `base_name`, `definition`, `num_examples` and `order`, the lock's entry
    can be made again. `request` is the digest of the request body. `known` are the versions that the service listed
    before (`None`: it lists no versions). `process` is the process that sent it (see `is_alive`). `project` is the
    project that it was begun in, and `folder` the folder of that (see `Origin`; empty: not known). `deleted` says that
    its remote name was deleted on the service since. The other fields are those of a `Job`.
    """

    token: str
    backend: str
    dataset_name: str
    base_name: str
    remote_name: str
    task_type: TaskType
    definition: Mapping[str, Any]
    fingerprint: str
    num_examples: int
    asked: int
    order: int
    request: str
    state: SubmissionState = "submitting"
    known: tuple[str, ...] | None = None
    top_up: bool = False
    on_change: str = "new_name"
    job_id: str | None = None
    version: str | None = None
    got: int | None = None
    rows: str | None = None
    verified: bool = False
    inferred: bool = False
    quarantined: str | None = None
    revision: str | None = None
    reason: str | None = None
    process: str = ""
    project: str = ""
    folder: str = ""
    deleted: bool = False
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a submission is begun: `project` is an id that all clones of a project have, `folder` its folder there."""

    project: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class JournalDamage:
    """A damaged log. `text` says where and how. `lost` means that lines are in neither the log nor its copy.

    `known` counts the submissions that are known. `orphans` are the ids of jobs about which lines are known, but not
    the one that began the submission.
    """

    text: str
    lost: bool
    known: int
    orphans: tuple[str, ...] = ()

    def error(self) -> JournalError:
        """Why nothing may be submitted."""
        known = f"the other {self.known:,} are known" if self.known else "none is known"
        return JournalError(f"{self.text}, and a submission may be missing from it ({known})", hint=REPAIR)


@dataclass(frozen=True, slots=True)
class JournalRepair:
    """What a repair found, and the files in which the damaged log and its copy are kept."""

    damage: JournalDamage
    kept: tuple[Path, ...]


class Contended(JournalError):
    """Since the plan was made, another run has begun a submission of this definition, or to this remote name."""
