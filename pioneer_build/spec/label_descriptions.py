"""Descriptions of labels in a definition: a part of `domain_description` (docs/fingerprint.md), found again there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pioneer_build.spec.unicode_form import nfc
from pioneer_build.spec.white_space import SPACES, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: The key under which `as_written` has them.
DESCRIPTIONS: Final = "label_descriptions"
#: What comes before the descriptions of labels in a text.
_LABELS_ARE: Final = "Labels: "
#: A text of others may have any number of them; only the first ones are tried.
_MOST_TRIED: Final = 20


def described_domain(domain: str | None, descriptions: Sequence[tuple[str, str]]) -> str | None:
    """`domain_description` with descriptions of labels: for services that have no field for them.

    Args:
        domain: the author's own text; `None` if there is none.
        descriptions: pairs of a label and its description, in any order.
    """
    if not descriptions:
        return domain
    by_label = dict(sorted((nfc(label), fold(nfc(text))) for label, text in descriptions))
    rendered = _LABELS_ARE + json.dumps(by_label, ensure_ascii=False)
    before = (domain or "").rstrip(SPACES)
    return f"{before}\n{rendered}" if before else rendered


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
    at = text.find(_LABELS_ARE + "{")
    for _ in range(_MOST_TRIED):
        if at < 0:
            break
        try:
            found = json.loads(text[at + len(_LABELS_ARE) :])
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and found and declared.issuperset(map(fold, found)):
            texts = {label: value for label, value in found.items() if isinstance(value, str)}
            if len(texts) == len(found):
                return text[:at].rstrip(" "), texts
        at = text.find(_LABELS_ARE + "{", at + 1)
    return None
