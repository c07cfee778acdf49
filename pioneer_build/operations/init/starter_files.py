"""The files that `init` writes into an empty project: settings, specs with explanations, and lines for git.

The local engine builds the specs in seconds, without any changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The folder of the schemas for editors, relative to the project.
SCHEMA_FOLDER: Final = ".pioneer"
SPEC_SCHEMA: Final = f"{SCHEMA_FOLDER}/spec.schema.json"
SETTINGS_SCHEMA: Final = f"{SCHEMA_FOLDER}/settings.schema.json"

SETTINGS: Final = """\
# yaml-language-server: $schema={schema}
version: 1

# The local engine needs no key and no network, and costs nothing. Its extra: pip install 'pioneer-build[local]'
# To use the hosted service, set `pioneer` here (or pass `--backend pioneer` once), and export PIONEER_API_KEY.
# Each backend has its own datasets: what one built does not count for another.
backend: local

# A run that would request more examples than this is refused before anything is sent.
limits:
  max_examples: 2000
"""

MODEL_SETTINGS: Final = """\
# yaml-language-server: $schema={schema}
version: 1

# A language model makes the rows and labels the texts. Its extra: pip install 'pioneer-build[model]'
# Each model has its own datasets: what one built does not count for another.
backend: model
model:
  # vLLM; Ollama: http://127.0.0.1:11434/v1; llama.cpp: http://127.0.0.1:8080/v1; or a hosted endpoint (https://…/v1).
  # A list spreads the calls over several servers.
  base_url: http://127.0.0.1:8000/v1
  # What the server calls the model: `pioneer-build doctor` asks for its names.
  name: Qwen/Qwen2.5-7B-Instruct
  # api_key_env: OPENAI_API_KEY           # the name of the variable with the key, never the key
  # max_in_flight: 32                     # calls at a time
  # requests_per_minute: 500
  # tokens_per_minute: 200000
  # prices: {{input: 0.15, output: 0.60}}   # of a million tokens; then plans show money, and --max-cost bounds it
  # currency: USD
  # votes: 3                              # confidence of labels, if the server gives no token probabilities
  # judge: {{name: another-model}}          # labels generated rows again, without seeing their label

# A run that would request more examples than this is refused before anything is sent.
limits:
  max_examples: 2000
"""

_INTENTS = """\
# yaml-language-server: $schema={schema}
# A spec declares one dataset. Edit it, then: pioneer-build plan
version: 1
dataset_name: support-intents
task_type: classification

# These keys determine what the rows are. If you change one, the dataset is rebuilt. Reordering, comments and moving
# the file change nothing.
labels: [billing, refund, other]
domain_description: Messages to the support desk of an online bookshop
classified_examples:
  - {{text: "I was charged twice", label: billing}}
  - {{text: "I'd like my money back", label: refund}}
  - {{text: "Do you sell gift cards?", label: other}}

# More examples: only the difference is submitted. Fewer: nothing is submitted.
num_examples: 60

# Bounds for the rows: outside of them a job is rejected, and the dataset keeps its last good content.
checks:
  max_duplicate_ratio: 0.1
"""

_PEOPLE = """\
# yaml-language-server: $schema={schema}
# One file can contain several datasets, separated by `---`.
version: 1
dataset_name: contact-details
task_type: ner                # marks spans with these labels
labels: [person, email, phone, date]
num_examples: 40
domain_description: E-mails of customers to an online bookshop
---
version: 1
dataset_name: support-replies
task_type: decoder            # conversations, for training a model that writes
num_examples: 20
prompt: |
  Answer the customer politely in two or three sentences.
  Never promise a date.
"""

_REVIEWS = """\
# yaml-language-server: $schema={schema}
# A spec with `inputs` labels your own texts. Each distinct text is sent once. If you add a line later, only that line
# is sent. JSONL, CSV and Parquet work too: {{path: data/tickets.jsonl, field: body, id: ticket_id}}
version: 1
dataset_name: review-sentiment
task_type: classification
labels: [positive, negative]
inputs: data/reviews.txt
"""

_TEXTS = """\
Arrived a day early and looks even better than in the photo.
The hinge broke on the second evening.
I love it and use it every single day.
Terrible support, nobody ever answered.
A wonderful present, my sister loves it.
The cover was torn and three pages were missing.
"""

#: What a model reads besides, by the line that it replaces or follows: descriptions of labels, and examples.
_FOR_MODELS: Final = {
    "labels: [billing, refund, other]\n": """\
labels:                       # each with a description, which the model reads
  billing: Questions about charges, invoices and payment methods
  refund: The customer wants money back
  other: Anything else
""",
    "domain_description: E-mails of customers to an online bookshop\n": """\
domain_description: E-mails of customers to an online bookshop
ner_examples:
  - {{text: "Please call Ada Lovelace.", entities: [["Ada Lovelace", person]]}}
  - {{text: "Where is my parcel?", entities: []}}
""",
    "inputs: data/reviews.txt\n": """\
inputs: data/reviews.txt
classified_examples:          # they guide the model
  - {{text: "Broke after a week.", label: negative}}
  - {{text: "Just what I was looking for.", label: positive}}
""",
}

#: Formats whose texts can have line ends as they are in the file.
TABLES: Final = (".csv", ".tsv", ".tab")

IGNORED: Final = (
    "# pioneer-build: incomplete locks, saved plans, keys",
    ".pioneer.lock.*.tmp",
    "/pioneer.lock.d/.*.tmp",
    "/plan.json",
    ".env",
)
ATTRIBUTES: Final = (
    "# git merges branches that build different datasets: `pioneer-build init` sets up the merge driver in each clone",
    "pioneer.lock merge=pioneer-lock linguist-generated=true",
    "pioneer.lock.d/*.json merge=pioneer-lock linguist-generated=true",
    "# line ends in quoted cells belong to the texts: with core.autocrlf, git would change them, and their digests",
    *(f"*{ending} -text" for ending in TABLES),
)


def settings_text(specs: str = "specs", *, model: bool = False) -> str:
    """`pioneer.yaml`; `specs` is the folder of the specs, `model` says whether a language model is the backend."""
    text = (MODEL_SETTINGS if model else SETTINGS).format(schema=SETTINGS_SCHEMA)
    return text if specs == "specs" else f"{text}\nspecs: {specs}\n"


def starter_specs(folder: str = "specs", *, model: bool = False) -> Mapping[str, str]:
    """The starter specs and their texts, by path relative to the project, with `/`.

    Args:
        folder: of the specs.
        model: whether they are for a language model.
    """
    schema, specs = (
        schema_seen_from(folder),
        {"support-intents": _INTENTS, "support-mail": _PEOPLE, "reviews": _REVIEWS},
    )
    for name, text in specs.items() if model else ():
        for line, with_more in _FOR_MODELS.items():
            text = text.replace(line, with_more)
        specs[name] = text
    texts = {f"{folder}/{name}.yaml": text.format(schema=schema) for name, text in specs.items()}
    return texts | {f"{folder}/data/reviews.txt": _TEXTS}


def schema_seen_from(folder: str) -> str:
    """The path of the spec's schema, relative to a spec in `folder`."""
    depth = len([part for part in folder.split("/") if part not in ("", ".")])
    return "../" * depth + SPEC_SCHEMA
