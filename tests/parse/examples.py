"""Specs as authors write them, and what the parser says of a text."""

from __future__ import annotations

from pioneer_build.parse import parse_text

NER = "version: 1\ndataset_name: people\ntask_type: ner\nlabels: [person, company]\nnum_examples: 10\n"
CLASSES = """\
version: 1
dataset_name: support-intents
task_type: classification
labels: [billing, refund, other]
num_examples: 500
domain_description: Messages to the support desk of an online bookshop
classified_examples:
  - {text: "I was charged twice", label: billing}
"""
DECODER = "dataset_name: replies\ntask_type: decoder\nnum_examples: 5\nprompt: |\n  Be kind.\n  Be short.\n"
#: A label spec, but for its `inputs`.
LABEL = "dataset_name: tickets\ntask_type: classification\nlabels: [a, b]\n"


def problems(text: str | bytes, path: str = "specs/x.yaml") -> list[tuple[int, int, str]]:
    """Line, column and code of all mistakes."""
    data = text if isinstance(text, bytes) else text.encode()
    return [(p.line, p.column, p.code) for p in parse_text(data, path).problems]


def only(text: str | bytes) -> tuple[str, str | None, str, int, int]:
    """Message, hint, code and place of the one mistake there is."""
    data = text if isinstance(text, bytes) else text.encode()
    (problem,) = parse_text(data, "specs/x.yaml").problems
    return problem.message, problem.hint, problem.code, problem.line, problem.column
