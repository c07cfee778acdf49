"""Request bodies as in the API document, checked by pydantic.

Unknown keys are accepted and ignored: the hosted service accepts more than its document describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pioneer_build.spec.fingerprint import canonical_bytes
from pioneer_build.spec.request_limits import TEXTS_PER_REQUEST
from pioneer_build.spec.unicode_form import nfc
from pioneer_build.spec.white_space import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Maximum number of examples in one request; larger datasets need several.
MAX_EXAMPLES = 100_000
MAX_LABELS = 1_000
#: Of one example.
MAX_ENTITIES = 1_000


def _whole(value: Any) -> Any:
    """JSON has only one type of number: 100.0 is 100."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


#: White space is listed: `\\s` has different meanings in the engines that read this pattern.
_NOT_BLANK = r"[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
Label = Annotated[str, Field(min_length=1, max_length=200, pattern=_NOT_BLANK)]
Labels = Annotated[list[Label], Field(min_length=1, max_length=MAX_LABELS, json_schema_extra={"uniqueItems": True})]

#: Rules of the models below that a schema of fields can't express.
_LABELS_WHERE_NEEDED: dict[str, Any] = {
    "if": {"properties": {"task_type": {"enum": ["ner", "classification"]}}},
    "then": {"required": ["labels"], "properties": {"labels": {"type": "array"}}},
}


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Shot(_Body):
    """One of `classified_examples`."""

    text: Annotated[str, Field(min_length=1)]
    label: Label


class EntityShot(_Body):
    """One of `ner_examples`: a text, and what in it is an entity, as pairs of span and label."""

    text: Annotated[str, Field(min_length=1)]
    entities: Annotated[list[tuple[Annotated[str, Field(min_length=1)], Label]], Field(max_length=MAX_ENTITIES)]


Descriptions = Annotated[dict[Label, Annotated[str, Field(max_length=20_000)]], Field(max_length=MAX_LABELS)]
Shots = Annotated[list[Shot], Field(max_length=10_000)]
EntityShots = Annotated[list[EntityShot], Field(max_length=10_000)]


def _refuse_undeclared(labels: list[str], used: dict[str, Iterable[str]]) -> None:
    """Raises a `ValueError` if labels repeat, or a key uses one that isn't among them.

    Args:
        labels: the declared ones.
        used: labels, by the key that uses them.
    """
    declared = set(labels)
    if len(declared) != len(labels):
        raise ValueError("labels must be unique")
    for key, names in used.items():
        for name in names:
            if name not in declared:
                raise ValueError(f"{key}: the label {name!r} is not one of labels")


def _labels_of(shots: Iterable[Shot] | None) -> list[str]:
    return [shot.label for shot in shots or ()]


def _labels_in(shots: Iterable[EntityShot] | None) -> list[str]:
    """The labels of entities. Raises a `ValueError` if one isn't in its text."""
    shots = shots or ()
    for shot in shots:
        for span, _ in shot.entities:
            if span not in shot.text:
                raise ValueError(f"ner_examples: {span!r} is not in its text")
    return [label for shot in shots for _, label in shot.entities]


class GenerateRequest(_Body):
    """The body of `POST /generate`."""

    model_config = ConfigDict(json_schema_extra=_LABELS_WHERE_NEEDED)

    task_type: Literal["ner", "classification", "decoder"]
    dataset_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,149}$")]
    num_examples: Annotated[int, Field(ge=1, le=MAX_EXAMPLES), BeforeValidator(_whole)]
    labels: Labels | None = None
    domain_description: Annotated[str, Field(max_length=20_000)] | None = None
    label_descriptions: Descriptions | None = None
    classified_examples: Shots | None = None
    ner_examples: EntityShots | None = None
    prompt: Annotated[str, Field(max_length=20_000)] | None = None

    @model_validator(mode="after")
    def _fits_its_task(self) -> GenerateRequest:
        if self.task_type != "decoder" and not self.labels:
            raise ValueError(f"labels are required for task_type {self.task_type}")
        used: dict[str, Iterable[str]] = {}
        if self.task_type != "decoder":
            used["label_descriptions"] = self.label_descriptions or ()
        if self.task_type == "classification":
            used["classified_examples"] = _labels_of(self.classified_examples)
        if self.task_type == "ner":
            used["ner_examples"] = _labels_in(self.ner_examples)
        _refuse_undeclared(self.labels or [], used)
        return self

    def definition(self) -> dict[str, Any]:
        """The part that determines the rows: labels and examples as sets, white space folded (as in `fp1`)."""
        definition: dict[str, Any] = {"task_type": self.task_type}
        if self.task_type != "decoder":
            definition["labels"] = sorted({nfc(label) for label in self.labels or ()})
        if self.task_type != "decoder" and self.label_descriptions:
            described = {nfc(label): fold(nfc(text)) for label, text in self.label_descriptions.items()}
            definition["label_descriptions"] = {label: text for label, text in sorted(described.items()) if text}
        if self.domain_description and (domain := fold(nfc(self.domain_description))):
            definition["domain_description"] = domain
        if self.task_type == "classification" and self.classified_examples:
            shots = sorted({(nfc(shot.label), nfc(shot.text)) for shot in self.classified_examples})
            definition["classified_examples"] = [{"label": label, "text": text} for label, text in shots]
        if self.task_type == "ner" and self.ner_examples:
            found = {
                (nfc(shot.text), tuple(sorted((nfc(span), nfc(label)) for span, label in shot.entities)))
                for shot in self.ner_examples
            }
            definition["ner_examples"] = [
                {"text": text, "entities": [list(pair) for pair in pairs]} for text, pairs in sorted(found)
            ]
        if self.task_type == "decoder" and self.prompt and (prompt := nfc(self.prompt).replace("\r\n", "\n").strip()):
            definition["prompt"] = prompt
        return definition

    def canonical(self) -> bytes:
        """The definition as bytes: together with seed, dataset and ordinal it determines a row."""
        return canonical_bytes(self.definition())


class PlaceBody(_Body):
    """Which jobs of its dataset a job comes after; only a program that has the engine in its own process says so.

    `after` are the choices, each a list of ids; a new job has one. `job_id` and `version` are those of a job that is
    made again; `guess` says whether it may be made if it can't be told which choice is the right one.
    """

    after: Annotated[list[list[str]], Field(min_length=1)]
    job_id: str | None = None
    version: int | None = None
    guess: bool = False


class PlacedRequest(GenerateRequest):
    """The body of `POST /generate` within a process."""

    place: PlaceBody | None = None


class LabelRequest(_Body):
    """The body of `POST /generate/{ner,classification}/label-existing`.

    The published document has `labels` and `inputs`; the rest is for makers that can use it.
    """

    labels: Labels
    inputs: Annotated[list[str], Field(min_length=1, max_length=TEXTS_PER_REQUEST)]
    label_descriptions: Descriptions | None = None
    classified_examples: Shots | None = None
    ner_examples: EntityShots | None = None

    @model_validator(mode="after")
    def _declared(self) -> LabelRequest:
        used: dict[str, Iterable[str]] = {
            "label_descriptions": self.label_descriptions or (),
            "classified_examples": _labels_of(self.classified_examples),
            "ner_examples": _labels_in(self.ner_examples),
        }
        _refuse_undeclared(self.labels, used)
        return self


def error_items(error: ValidationError) -> list[dict[str, Any]]:
    """The errors of a body, in the form of the API's `errors`: each with `loc`, `msg`, `type`."""
    return [
        {
            "loc": ["body", *found["loc"]],
            "msg": found["msg"].removeprefix("Value error, "),
            "type": found["type"],
        }
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]
