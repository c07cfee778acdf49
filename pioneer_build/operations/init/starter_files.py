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


def settings_text(specs: str = "specs") -> str:
    """`pioneer.yaml`; `specs` is the folder of the specs."""
    text = SETTINGS.format(schema=SETTINGS_SCHEMA)
    return text if specs == "specs" else f"{text}\nspecs: {specs}\n"


def starter_specs(folder: str = "specs") -> Mapping[str, str]:
    """The starter specs and their texts, by path relative to the project, with `/`."""
    schema = schema_seen_from(folder)
    return {
        f"{folder}/support-intents.yaml": _INTENTS.format(schema=schema),
        f"{folder}/support-mail.yaml": _PEOPLE.format(schema=schema),
        f"{folder}/reviews.yaml": _REVIEWS.format(schema=schema),
        f"{folder}/data/reviews.txt": _TEXTS,
    }


def schema_seen_from(folder: str) -> str:
    """The path of the spec's schema, relative to a spec in `folder`."""
    depth = len([part for part in folder.split("/") if part not in ("", ".")])
    return "../" * depth + SPEC_SCHEMA
