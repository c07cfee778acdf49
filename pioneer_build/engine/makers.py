"""Who makes the rows of jobs and labels texts: what the application asks of its makers.

The local engine's own are in `local_makers`; others can be given to `app.create_app`, such as those of a language
model. Then everything else is the same: jobs, versions, downloads, deletion.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pioneer_build.answers.keeping import AnswerKeeper, ModelUsage
    from pioneer_build.engine.requests import GenerateRequest, LabelRequest


@dataclass(frozen=True, slots=True)
class JobWork:
    """What a maker gets for one job besides its request.

    `earlier` are the rows that the dataset already has; ordinals continue after them. `on_progress` is to be called now
    and then with the number of rows so far; its exceptions are not to be caught. `answers` keeps those of this job,
    and is `None` for makers whose answers cost nothing (see `Makers.keeps_answers`).
    """

    seed: int
    earlier: Sequence[dict[str, Any]]
    on_progress: Callable[[int], None]
    answers: AnswerKeeper | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """The rows of a job: at most as many as were requested. `shortfall` says why there are fewer, and what was refused
    on the way."""

    rows: list[dict[str, Any]]
    shortfall: str | None = None


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """One item for each text, in order; notes about labels, by their names in responses; and what was used."""

    results: list[dict[str, Any]]
    notes: Mapping[str, Any] = field(default_factory=dict)
    usage: ModelUsage | None = None


class UnsupportedLabels(Exception):
    """None of the labels of a request is supported."""


class MakerStopped(Exception):
    """The application is closing: what isn't done is left for the next start."""


class Trouble(NamedTuple):
    """Why nothing can be made now: an HTTP status, a sentence, and whether whoever works for the maker was reached."""

    status: int
    text: str
    reached: bool = True


class Makers(Protocol):
    """Makes rows and labels texts. Its methods are called from several threads at a time."""

    @property
    def revision(self) -> str:
        """Recorded with each job, and never compared."""
        ...

    @property
    def keeps_answers(self) -> bool:
        """Whether answers cost something, so that a keeper is needed."""
        ...

    def make(self, request: GenerateRequest, work: JobWork) -> Made:
        """The rows of one job.

        Raises:
            Shortfall: there are none, or too few for the maker's own rules; the job fails.
            MakerStopped: `stop` was called, or there is `trouble`: the job is resumed later.
        """
        ...

    def label(self, task_type: str, request: LabelRequest, answers: AnswerKeeper | None) -> LabelledTexts:
        """The labels of texts.

        Args:
            task_type: `ner` or `classification`.
            request: texts and labels.
            answers: keeps the answers about single texts, across requests; `None` as for a job.

        Raises:
            UnsupportedLabels: none of the labels is supported.
            ErrorAnswer: the response instead.
            MakerStopped: `stop` was called.
        """
        ...

    def trouble(self) -> Trouble | None:
        """Why nothing can be made now, such as a model that can't be reached; `None` if there is no reason."""
        ...

    def stop(self) -> None:
        """Makes running calls of `make` and `label` end soon, with `MakerStopped`."""
        ...

    def close(self) -> None:
        """Closes connections, after everything has ended."""
        ...
