"""The keys of a spec and of `pioneer.yaml`: their meaning, type and bounds, and where they are allowed.

The only place that defines these. The parser uses it, and `json_schema` generates the schemas for editors and the
tables of docs/spec.md from it. Rules about two keys at once are in `rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Required, TypeAlias

from pydantic import Discriminator, Field, Tag, TypeAdapter
from typing_extensions import TypedDict

from pioneer_build.spec.dataset_name import DATASET_NAME

if TYPE_CHECKING:
    from pydantic import ConfigDict

_STRICT: ConfigDict = {
    "extra": "forbid",
    "strict": True,
    "allow_inf_nan": False,
    "regex_engine": "rust-regex",
}

#: The largest whole number that every reader of JSON represents exactly (RFC 8259, section 6).
MAX_WHOLE = 2**53 - 1

SpecKind: TypeAlias = Literal["generate", "label"]
GENERATE: tuple[SpecKind, ...] = ("generate",)
LABEL: tuple[SpecKind, ...] = ("label",)
BOTH: tuple[SpecKind, ...] = ("generate", "label")

Text = Annotated[str, Field(pattern=r"\S")]
Name = Annotated[str, Field(pattern=f"^{DATASET_NAME}$")]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
#: A label or an owner: shown on one line.
SingleLine = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")]
#: A Literal would accept `true` and `1.0` as 1.
Version = Annotated[int, Field(ge=1, le=1, json_schema_extra={"const": 1})]
Whole = Annotated[int, Field(ge=0, le=MAX_WHOLE)]
Positive = Annotated[int, Field(ge=1, le=MAX_WHOLE)]
Ratio = Annotated[float, Field(ge=0, le=1)]


def _shape(value: object) -> str:
    if isinstance(value, dict):
        return "<mapping>"
    if isinstance(value, list):
        return "<list>"
    return "<bool>" if isinstance(value, bool) else "<text>"


class ShotShape(TypedDict):
    """One labelled example."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    text: Annotated[Text, Field(description="The text of the example.")]
    label: Annotated[SingleLine, Field(description="One of `labels`.")]


class EntityExampleShape(TypedDict):
    """One annotated text."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    text: Annotated[Text, Field(description="The text of the example.")]
    entities: Annotated[
        list[Annotated[list[Text], Field(min_length=2, max_length=2)]],
        Field(
            description="Its entities: for each a part of the text, as it stands there, and one of `labels`.",
            examples=[[["Ada Lovelace", "person"]]],
        ),
    ]


class FilesShape(TypedDict, total=False):
    """Texts in files."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    path: Required[
        Annotated[
            SingleLine, Field(description="A file or a glob, relative to the spec's file.", examples=["data/*.csv"])
        ]
    ]
    field: Annotated[SingleLine, Field(description="The field of a record that contains the text.", examples=["body"])]
    id: Annotated[
        SingleLine,
        Field(description="The field of a record that contains its own id.", examples=["ticket_id"]),
    ]


class ChecksShape(TypedDict, total=False):
    """Bounds that the rows of a job must meet; otherwise the job is rejected."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    min_accepted: Annotated[
        Ratio, Field(description="Minimum share of the requested rows that must be accepted.", examples=[0.95])
    ]
    max_duplicate_ratio: Annotated[Ratio, Field(description="Maximum share of duplicate rows.", examples=[0.1])]
    min_examples_per_label: Annotated[Whole, Field(description="Minimum number of rows per label.", examples=[20])]
    max_label_share: Annotated[Ratio, Field(description="Maximum share of a single label.", examples=[0.6])]
    max_empty_ratio: Annotated[Ratio, Field(description="Maximum share of rows without any entity.", examples=[0.3])]
    min_confidence: Annotated[Ratio, Field(description="Minimum confidence of an annotation.", examples=[0.5])]
    min_chars: Annotated[Whole, Field(description="Minimum length of a text, in characters.", examples=[10])]
    max_chars: Annotated[Whole, Field(description="Maximum length of a text, in characters.", examples=[2000])]
    no_overlap_with: Annotated[
        list[Name],
        Field(
            description="Datasets of this project that must not share a text with this one.",
            examples=[["test-set"]],
        ),
    ]


class TopUpShape(TypedDict, total=False):
    """Request missing rows again if too few were accepted."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    max_attempts: Annotated[Positive, Field(description="Maximum number of attempts.", examples=[3])]


class LimitsShape(TypedDict, total=False):
    """Maximum numbers of paid requests and of examples in one `apply`."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    max_requests: Annotated[Whole, Field(description="Maximum number of paid requests.")]
    max_examples: Annotated[Whole, Field(description="Maximum number of requested examples.")]


#: A number without a sign; JSON Schema has no other word for it.
Amount = Annotated[float, Field(ge=0)]
_BaseUrls: TypeAlias = Annotated[
    Annotated[list[SingleLine], Field(min_length=1), Tag("<list>")] | Annotated[SingleLine, Tag("<text>")],
    Discriminator(lambda v: "<list>" if isinstance(v, list) else "<text>"),
]
_KEY_VARIABLE = Field(
    description="The name of the environment variable with the API key, which ends in `_API_KEY` or `_API_TOKEN`; "
    "never a key. Without it, no key is sent.",
    examples=["OPENAI_API_KEY"],
)


class PricesShape(TypedDict):
    """What a million tokens cost."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    input: Annotated[Amount, Field(description="Price of a million tokens that the model reads.", examples=[0.15])]
    output: Annotated[Amount, Field(description="Price of a million tokens that the model writes.", examples=[0.6])]


class JudgeShape(TypedDict, total=False):
    """Another model, which labels generated rows without seeing their label."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    name: Required[Annotated[SingleLine, Field(description="What the server calls the model.")]]
    base_url: Annotated[
        _BaseUrls, Field(description="Its base URL, or a list of them (default: those of the model, with its key).")
    ]
    api_key_env: Annotated[SingleLine, _KEY_VARIABLE]


class ModelShape(TypedDict, total=False):
    """The endpoint of a language model, for `backend: model`: any server of the chat-completions API."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    base_url: Required[
        Annotated[
            _BaseUrls,
            Field(
                description="The base URL of the server, or a list: requests are spread over all that are reachable.",
                examples=["http://127.0.0.1:8000/v1"],
            ),
        ]
    ]
    name: Required[
        Annotated[
            SingleLine,
            Field(
                max_length=200, description="What the server calls the model.", examples=["Qwen/Qwen2.5-7B-Instruct"]
            ),
        ]
    ]
    api_key_env: Annotated[SingleLine, _KEY_VARIABLE]
    max_in_flight: Annotated[
        Positive, Field(le=10_000, description="Maximum number of requests at a time.", examples=[32])
    ]
    requests_per_minute: Annotated[
        Positive, Field(description="The server's rate limit, in requests per minute.", examples=[600])
    ]
    tokens_per_minute: Annotated[
        Positive, Field(description="The server's rate limit, in tokens per minute.", examples=[200_000])
    ]
    prices: Annotated[PricesShape, Field(description="What a million tokens cost, in `currency`.")]
    currency: Annotated[SingleLine, Field(max_length=16, description="The currency of `prices`.", examples=["USD"])]
    votes: Annotated[
        Positive,
        Field(
            le=25,
            description="How often a text is classified if the server gives no token probabilities: the share of the "
            "votes that agree is the confidence.",
            examples=[3],
        ),
    ]
    judge: Annotated[JudgeShape, Field(description="Another model, which labels generated rows blind.")]


Texts = Annotated[list[Text], Field(min_length=1)]
#: Keys with a choice of shapes, and the words with which pydantic marks the chosen shape in a location.
CHOICES = {
    "labels": ("<list>", "<mapping>"),
    "inputs": ("<list>", "<text>", "<mapping>"),
    "top_up": ("<bool>", "<mapping>"),
    "base_url": ("<list>", "<text>"),
}
LabelsShape = Annotated[
    Annotated[list[SingleLine], Field(min_length=1, json_schema_extra={"uniqueItems": True}), Tag("<list>")]
    | Annotated[
        dict[SingleLine, Text], Field(min_length=1, json_schema_extra={"additionalProperties": False}), Tag("<mapping>")
    ],
    Discriminator(lambda v: "<mapping>" if isinstance(v, dict) else "<list>"),
]
InputsShape = Annotated[
    Annotated[Texts, Tag("<list>")] | Annotated[SingleLine, Tag("<text>")] | Annotated[FilesShape, Tag("<mapping>")],
    Discriminator(lambda v: "<text>" if (s := _shape(v)) == "<bool>" else s),
]
TopUpKey = Annotated[
    Annotated[bool, Tag("<bool>")] | Annotated[TopUpShape, Tag("<mapping>")],
    Discriminator(lambda v: "<mapping>" if isinstance(v, dict) else "<bool>"),
]


class SpecShape(TypedDict, total=False):
    """One YAML document that declares one dataset."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    version: Annotated[Version, Field(description="The version of the spec format.")]
    dataset_name: Annotated[
        Name,
        Field(
            description="The name of the dataset, unique in the project: letters, digits, '.', '_', '-'.",
            examples=["support-intents"],
        ),
    ]
    task_type: Annotated[
        Literal["ner", "classification", "decoder"], Field(description="The task that the rows are for.")
    ]
    labels: Annotated[
        LabelsShape,
        Field(
            description=(
                "Entity types (ner) or classes (classification): a list, or a mapping from each label to a description "
                "of it. Their order doesn't matter."
            ),
            examples=[["billing", "refund", "other"], {"billing": "Charges and invoices", "other": "Anything else"}],
        ),
    ]
    num_examples: Annotated[Positive, Field(description="How many examples to generate.", examples=[500])]
    domain_description: Annotated[
        Text,
        Field(
            description="The domain of the examples, in a sentence or two. White space doesn't matter.",
            examples=["Messages to the support desk of an online bookshop"],
        ),
    ]
    classified_examples: Annotated[
        list[ShotShape],
        Field(
            description=(
                "Labelled examples that guide the generation; for the backends `model` and `local` also the "
                "labelling. Their order doesn't matter."
            ),
            examples=[[{"text": "I was charged twice", "label": "billing"}]],
        ),
    ]
    ner_examples: Annotated[
        list[EntityExampleShape],
        Field(
            description=(
                "Annotated texts that guide the generation or labelling; only for the backends `model` and `local`. "
                "Their order doesn't matter."
            ),
            examples=[[{"text": "Ada Lovelace was here", "entities": [["Ada Lovelace", "person"]]}]],
        ),
    ]
    prompt: Annotated[
        Text,
        Field(
            description="The instruction that controls the style.",
            examples=["Answer in one polite sentence."],
        ),
    ]
    inputs: Annotated[
        InputsShape,
        Field(
            description="Your own texts to label, instead of generating: a list, a file, or a mapping.",
            examples=["data/tickets.jsonl", {"path": "data/*.csv", "field": "body", "id": "ticket_id"}],
        ),
    ]
    description: Annotated[Text, Field(description="A description for people.")]
    owner: Annotated[SingleLine, Field(description="Who is responsible for this dataset.", examples=["team-support"])]
    tags: Annotated[
        list[Word], Field(description="Tags for selecting datasets (`--select tag:x`).", examples=[["prod"]])
    ]
    protect: Annotated[bool, Field(description="Never replace, forget or delete this dataset.")]
    renamed_from: Annotated[Name, Field(description="The previous name of this dataset; its jobs and rows are kept.")]
    checks: Annotated[ChecksShape, Field(description="Bounds that the rows of a job must meet.")]
    top_up: Annotated[
        TopUpKey,
        Field(
            description="Request missing rows again if too few were accepted, up to a maximum number of attempts.",
            examples=[True, {"max_attempts": 2}],
        ),
    ]
    on_change: Annotated[
        Literal["new_name", "new_version"],
        Field(
            description="How a changed definition is submitted: under a new remote name (default), or as a new version."
        ),
    ]


class SettingsShape(TypedDict, total=False):
    """The project's settings, `pioneer.yaml`."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    version: Annotated[Version, Field(description="The version of this format.")]
    backend: Annotated[SingleLine, Field(description="'local', 'model', 'pioneer', or a base URL.", examples=["local"])]
    specs: Annotated[SingleLine, Field(description="The folder of the specs.", examples=["specs"])]
    base_url: Annotated[
        SingleLine, Field(description="The base URL of the service.", examples=["https://api.pioneer.ai"])
    ]
    requests_per_minute: Annotated[
        Positive, Field(description="The service's rate limit, in requests per minute.", examples=[120])
    ]
    max_open_jobs: Annotated[Positive, Field(description="Maximum number of open jobs.", examples=[100])]
    store: Annotated[
        SingleLine,
        Field(
            description="The folder of the store (paid rows and annotations).",
            examples=["~/.local/share/pioneer-build"],
        ),
    ]
    seed: Annotated[Whole, Field(description="The random seed of the local backend.", examples=[0])]
    checks: Annotated[ChecksShape, Field(description="Default bounds for specs that don't set their own.")]
    limits: Annotated[LimitsShape, Field(description="The budget of one `apply`.")]
    lock: Annotated[
        Literal["split"],
        Field(
            description="`split`: a new lock has one file per dataset. `pioneer-build lock split` converts another one."
        ),
    ]
    model: Annotated[ModelShape, Field(description="The language model of `backend: model`.")]


@dataclass(frozen=True, slots=True)
class Belongs:
    """The specs that may have a key: for which tasks, and whether they generate or label."""

    tasks: tuple[str, ...] = ("ner", "classification", "decoder")
    kinds: tuple[SpecKind, ...] = BOTH


#: Keys that only some specs may have; all others are allowed in every spec.
BELONGS: dict[str, Belongs] = {
    "labels": Belongs(tasks=("ner", "classification")),
    "num_examples": Belongs(kinds=GENERATE),
    "domain_description": Belongs(kinds=GENERATE),
    "classified_examples": Belongs(tasks=("classification",)),
    "ner_examples": Belongs(tasks=("ner",)),
    "prompt": Belongs(tasks=("decoder",), kinds=GENERATE),
    "inputs": Belongs(tasks=("ner", "classification"), kinds=LABEL),
}
#: Keys that a spec must have; `labels` only for tasks that have labels.
REQUIRED = ("dataset_name", "task_type", "labels")

#: Words from other tools, and the keys that they mean here.
SYNONYMS = {
    "name": "dataset_name",
    "dataset": "dataset_name",
    "task": "task_type",
    "type": "task_type",
    "classes": "labels",
    "entities": "labels",
    "entity_types": "labels",
    "categories": "labels",
    "count": "num_examples",
    "n": "num_examples",
    "size": "num_examples",
    "num_samples": "num_examples",
    "num_rows": "num_examples",
    "domain": "domain_description",
    "few_shot": "classified_examples",
    "examples": "classified_examples",
    "instruction": "prompt",
    "system_prompt": "prompt",
    "texts": "inputs",
    "data": "inputs",
    "files": "inputs",
}


@cache
def spec_adapter() -> TypeAdapter[Any]:
    """The validator of one spec's plain data."""
    return TypeAdapter(SpecShape)


@cache
def settings_adapter() -> TypeAdapter[Any]:
    """The validator of the settings' plain data."""
    return TypeAdapter(SettingsShape)


SPEC_KEYS: tuple[str, ...] = tuple(SpecShape.__annotations__)
SETTINGS_KEYS: tuple[str, ...] = tuple(SettingsShape.__annotations__)
