"""`fp1`: the canonical form of a definition and its digest. A published format: docs/fingerprint.md.

One change here is a breaking change for every user: it would buy every dataset again.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.spec.label_descriptions import described_domain
from pioneer_build.spec.unicode_form import nfc
from pioneer_build.spec.white_space import SPACES, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.spec.model import Spec

ALGORITHM = "fp1"

#: The canonical definition: JSON values under the spec's own keys; absent keys are left out.
Definition: TypeAlias = "dict[str, Any]"


def definition_of(spec: Spec) -> Definition:
    """The part of `spec` that decides the dataset's content, in canonical form.

    Two specs of one definition ask for the same rows: labels and few-shot examples are sets, white space
    in a description carries no meaning, and text counts in Unicode normal form C. Descriptions of labels count as the
    text that they are sent as.
    """
    definition: Definition = {"task_type": spec.task_type}
    if spec.labels:
        definition["labels"] = sorted({nfc(label) for label in spec.labels})
    domain = described_domain(spec.domain_description, spec.label_descriptions)
    if domain is not None and (folded := fold(nfc(domain))):
        definition["domain_description"] = folded
    if spec.classified_examples:
        pairs = {(nfc(shot.text), nfc(shot.label)) for shot in spec.classified_examples}
        definition["classified_examples"] = [{"label": label, "text": text} for text, label in sorted(pairs)]
    if spec.ner_examples:
        annotated = {(nfc(one.text), _entity_set(one.entities)) for one in spec.ner_examples}
        definition["ner_examples"] = [
            {"entities": [list(pair) for pair in pairs], "text": text} for text, pairs in sorted(annotated)
        ]
    if spec.prompt is not None:
        lines = nfc(spec.prompt).replace("\r\n", "\n").replace("\r", "\n")
        if stripped := lines.strip(SPACES):
            definition["prompt"] = stripped
    return definition


def _entity_set(entities: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(nfc(span), nfc(label)) for span, label in entities}))


def canonical_bytes(definition: Mapping[str, Any]) -> bytes:
    """`definition` as JSON: keys sorted by code point, no white space, no escapes but JSON's own, UTF-8."""
    text = json.dumps(definition, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def fingerprint_of(definition: Mapping[str, Any]) -> str:
    """`fp1:` and the SHA-256 of the canonical bytes as 64 hexadecimal digits."""
    return f"{ALGORITHM}:{sha256(canonical_bytes(definition)).hexdigest()}"


def short(fingerprint: str) -> str:
    """The eight hexadecimal digits that a remote name carries."""
    return fingerprint.partition(":")[2][:8]
