"""Descriptions of labels in a canonical definition, where they are a part of `domain_description`: found again.

`fingerprint.described_domain` puts them there (docs/fingerprint.md).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pioneer_build.spec.fingerprint import LABELS_ARE, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The key under which `as_written` has them.
DESCRIPTIONS: Final = "label_descriptions"
#: A text of others may have any number of them; only the first ones are tried.
_MOST_TRIED: Final = 20


def as_written(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition as its author wrote it: descriptions of labels under `label_descriptions`, and not in the domain.

    Only to show it, or to say what changed. If the author wrote the form of `described_domain` by hand, it is taken for
    the same: to a service it is.

    Args:
        definition: in canonical form.
    """
    text = definition.get("domain_description")
    split = _split(text, definition.get("labels", ())) if isinstance(text, str) else None
    if split is None:
        return dict(definition)
    domain, descriptions = split
    plain: dict[str, Any] = {}
    for key, value in definition.items():
        if key != "domain_description":
            plain[key] = value
        elif domain:
            plain[key] = domain
        if key == "domain_description":
            plain[DESCRIPTIONS] = descriptions
    return plain


def _split(text: str, labels: Iterable[str]) -> tuple[str, dict[str, str]] | None:
    """The author's domain and the descriptions in a folded text; `None` if there are none."""
    declared = {fold(label) for label in labels}
    at = text.find(LABELS_ARE + "{")
    for _ in range(_MOST_TRIED):
        if at < 0:
            break
        try:
            found = json.loads(text[at + len(LABELS_ARE) :])
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and found and declared.issuperset(map(fold, found)):
            texts = {label: value for label, value in found.items() if isinstance(value, str)}
            if len(texts) == len(found):
                return text[:at].rstrip(" "), texts
        at = text.find(LABELS_ARE + "{", at + 1)
    return None
