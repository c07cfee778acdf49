"""The label of one text, or its labels if a text may have several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.rows.causes import Fault
from pioneer_build.rows.normal_form import read_score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.rows.labels import DeclaredLabels


def read_classes(fields: Mapping[str, Any], labels: DeclaredLabels) -> dict[str, Any] | Fault:
    """`{"label", "score"?}` or `{"labels", "score"?}` from a row or item.

    Args:
        fields: has `label` or `class` (a string), or `labels` (a list of strings, at least one);
    and `score` or `confidence` if there is one.
        labels: the declared labels.
    """
    one, other, many = fields.get("label"), fields.get("class"), fields.get("labels")
    given = (one is not None) + (other is not None) + (many is not None)
    if given == 0:
        return Fault("no-label", "there is no label")
    if given > 1:
        return Fault("mixed-labels", "there is more than one of `label`, `class` and `labels`")
    out = _one(one if one is not None else other, labels) if many is None else _many(many, labels)
    if isinstance(out, Fault):
        return out
    score = fields.get("score")
    if score is None:
        score = fields.get("confidence")
    if score is not None:
        read = read_score(score)
        if isinstance(read, Fault):
            return read
        out["score"] = read
    return out


def read_true_label(output: Mapping[str, Any], labels: DeclaredLabels) -> dict[str, Any] | Fault:
    """The same from the `output` of a GLiNER2 training row, which has one or more classification tasks.

    `true_label` is a list even if a text has one label: a list with one item is a `label`, unless `multi_label` is set.
    """
    tasks = output.get("classifications")
    if tasks is None:
        return Fault("no-label", "there is no label")
    if not isinstance(tasks, list) or len(tasks) != 1 or not isinstance(tasks[0], dict):
        return Fault("bad-shape", "`classifications` is not a list of one task")
    true = tasks[0].get("true_label")
    if isinstance(true, list) and len(true) == 1 and tasks[0].get("multi_label") is not True:
        true = true[0]
    return read_classes({"labels": true} if isinstance(true, list) else {"label": true}, labels)


def _one(value: Any, labels: DeclaredLabels) -> dict[str, Any] | Fault:
    if not isinstance(value, str):
        return Fault("bad-shape", "the label is not a string")
    found = _declared(value, labels)
    return found if isinstance(found, Fault) else {"label": found}


def _many(value: Any, labels: DeclaredLabels) -> dict[str, Any] | Fault:
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        return Fault("bad-shape", "the labels are not a list of strings")
    if not value:
        return Fault("no-label", "the list of labels is empty")
    names: set[str] = set()
    for word in value:
        found = _declared(word, labels)
        if isinstance(found, Fault):
            return found
        names.add(found)
    return {"labels": sorted(names)}


def _declared(word: str, labels: DeclaredLabels) -> str | Fault:
    if not word.strip():
        return Fault("no-label", "the label is empty")
    return labels.read(word)
