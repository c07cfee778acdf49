"""What the user wants: one spec declares one dataset.

Values only. `parse` makes them out of YAML; `fingerprint` digests the part that decides a dataset's content.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

TaskType: TypeAlias = Literal["ner", "classification", "decoder"]
OnChange: TypeAlias = Literal["new_name", "new_version"]

TASK_TYPES: tuple[TaskType, ...] = ("ner", "classification", "decoder")


@dataclass(frozen=True, slots=True)
class FewShot:
    """One labelled example that guides a classification job (`classified_examples`)."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class EntityExample:
    """One annotated text that guides a ner job (`ner_examples`): `entities` are pairs of a span of it and a label."""

    text: str
    entities: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class InlineTexts:
    """Texts to label, written in the spec itself."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InputFiles:
    """Texts to label, in files.

    `path` is relative to the spec's file and may be a glob; `field` names the text in each record of a
    JSONL, JSON, CSV or Parquet file (default `text`); `id` names the author's own key of a record.
    """

    path: str
    field: str | None = None
    id: str | None = None


Inputs: TypeAlias = InlineTexts | InputFiles


@dataclass(frozen=True, slots=True)
class Checks:
    """Bounds on the rows a job brought; `None` where the spec says nothing.

    Ratios and shares are between 0 and 1; `min_chars` and `max_chars` count code points of a row's text.
    """

    min_accepted: float | None = None
    max_duplicate_ratio: float | None = None
    min_examples_per_label: int | None = None
    max_label_share: float | None = None
    max_empty_ratio: float | None = None
    min_confidence: float | None = None
    min_chars: int | None = None
    max_chars: int | None = None
    no_overlap_with: tuple[str, ...] = ()


def checks_from(values: Mapping[str, Any]) -> Checks:
    """The bounds that plain data without mistakes sets: YAML, the cache's JSON, or an entry of the lock."""
    return Checks(**{**values, "no_overlap_with": tuple(values.get("no_overlap_with", ()))})


@dataclass(frozen=True, slots=True)
class TopUp:
    """Ask again for the accepted rows that are missing, at most `max_attempts` times."""

    max_attempts: int = 3


@dataclass(frozen=True, slots=True)
class Spec:
    """One dataset as declared. Field names are the API's own (the API document, "Start a generation job").

    A spec has either `num_examples` (a generate spec) or `inputs` (a label spec). `path`, `line` and `marks`
    say where it stands: `path` relative to the project with `/`; `marks` maps a top-level key to the line and
    column of its value, both from 1. `label_descriptions` are pairs of a label and its description, in the author's
    order: what `labels` says if it is a mapping.
    """

    dataset_name: str
    task_type: TaskType
    labels: tuple[str, ...] = ()
    num_examples: int | None = None
    domain_description: str | None = None
    classified_examples: tuple[FewShot, ...] = ()
    ner_examples: tuple[EntityExample, ...] = ()
    prompt: str | None = None
    inputs: Inputs | None = None
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    protect: bool = False
    renamed_from: str | None = None
    checks: Checks = field(default_factory=Checks)
    top_up: TopUp | None = None
    on_change: OnChange = "new_name"
    label_descriptions: tuple[tuple[str, str], ...] = ()
    path: str = ""
    line: int = 0
    marks: tuple[tuple[str, int, int], ...] = ()

    @property
    def is_label(self) -> bool:
        """Whether the author's own texts are labelled, rather than rows generated."""
        return self.inputs is not None

    def place(self, key: str = "") -> tuple[int, int]:
        """Line and column of the value of `key`, or of the document where the key is absent."""
        for name, line, column in self.marks:
            if name == key:
                return line, column
        return self.line, 1
