"""Request bodies as in the API document, checked by pydantic.

Unknown keys are accepted and ignored: the hosted service accepts more than its document describes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pioneer_build.spec.fingerprint import canonical_bytes, fold
from pioneer_build.spec.request_limits import TEXTS_PER_REQUEST
from pioneer_build.spec.unicode_form import nfc

#: Maximum number of examples in one request; larger datasets need several.
MAX_EXAMPLES = 100_000
MAX_LABELS = 1_000


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


class GenerateRequest(_Body):
    """The body of `POST /generate`."""

    model_config = ConfigDict(json_schema_extra=_LABELS_WHERE_NEEDED)

    task_type: Literal["ner", "classification", "decoder"]
    dataset_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,149}$")]
    num_examples: Annotated[int, Field(ge=1, le=MAX_EXAMPLES), BeforeValidator(_whole)]
    labels: Labels | None = None
    domain_description: Annotated[str, Field(max_length=20_000)] | None = None
    classified_examples: Annotated[list[Shot], Field(max_length=10_000)] | None = None
    prompt: Annotated[str, Field(max_length=20_000)] | None = None

    @model_validator(mode="after")
    def _fits_its_task(self) -> GenerateRequest:
        if self.task_type != "decoder" and not self.labels:
            raise ValueError(f"labels are required for task_type {self.task_type}")
        if len(set(self.labels or ())) != len(self.labels or ()):
            raise ValueError("labels must be unique")
        if self.task_type == "classification" and self.labels:
            declared = set(self.labels)
            for shot in self.classified_examples or ():
                if shot.label not in declared:
                    raise ValueError(f"classified_examples: the label {shot.label!r} is not one of labels")
        return self

    def definition(self) -> dict[str, Any]:
        """The part that determines the rows: labels and examples as sets, white space folded (as in `fp1`)."""
        definition: dict[str, Any] = {"task_type": self.task_type}
        if self.task_type != "decoder":
            definition["labels"] = sorted({nfc(label) for label in self.labels or ()})
        if self.domain_description and (domain := fold(nfc(self.domain_description))):
            definition["domain_description"] = domain
        if self.task_type == "classification" and self.classified_examples:
            shots = sorted({(nfc(shot.label), nfc(shot.text)) for shot in self.classified_examples})
            definition["classified_examples"] = [{"label": label, "text": text} for label, text in shots]
        if self.task_type == "decoder" and self.prompt and (prompt := nfc(self.prompt).replace("\r\n", "\n").strip()):
            definition["prompt"] = prompt
        return definition

    def canonical(self) -> bytes:
        """The definition as bytes: together with seed, dataset and ordinal it determines a row."""
        return canonical_bytes(self.definition())


class LabelRequest(_Body):
    """The body of `POST /generate/{ner,classification}/label-existing`."""

    labels: Labels
    inputs: Annotated[list[str], Field(min_length=1, max_length=TEXTS_PER_REQUEST)]

    @model_validator(mode="after")
    def _unique(self) -> LabelRequest:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels must be unique")
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
