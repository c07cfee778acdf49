"""The annotation of one text, as returned by `label-existing`: a row without its text.

    ner             {"entities": [...]}
    classification  {"label", "score"?}  or  {"labels": [...], "score"?}

The store keeps these by text, so each text is paid for once, however many rows and ids have it.
"""

from __future__ import annotations

from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.rows.causes import Fault
from pioneer_build.rows.classes import read_classes
from pioneer_build.rows.echo import is_echo, read_in_echo
from pioneer_build.rows.entities import read_entities
from pioneer_build.rows.labels import DeclaredLabels
from pioneer_build.rows.normal_form import row_line, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.spec.model import TaskType

#: The labelled part of a row, in normal form (docs/rows.md).
Annotation: TypeAlias = "dict[str, Any]"


def normalise_annotation(
    raw_item: Any, text: str, task_type: TaskType, labels: Iterable[str] = ()
) -> Annotation | Fault:
    """One item of a `label-existing` response as an annotation of `text`, or the fault it has. Never raises.

    An empty list or object as `entities` means that there are none. An item without the task's key, especially `{}`, is
    a missing annotation, not a negative example: the cause is `no-annotation`.

    Args:
        raw_item: the item, any JSON value.
        text: the input that the item belongs to. An item with another text has the cause `other-text`, unless the text
            differs only by white space at its ends or by its Unicode normal form; then offsets are mapped to `text`.
        task_type: `ner` or `classification`.
        labels: the declared labels; if there are none, any label is accepted.
    """
    if raw_item is None:
        return Fault("no-annotation", "the response for this text is null")
    if not isinstance(raw_item, dict):
        return Fault("bad-shape", "the response for this text is not an object")
    said = raw_item.get("text")
    if said is not None and said != text and not (isinstance(said, str) and is_echo(said, text)):
        return Fault("other-text", f"the response is for another text, {shown(said)}")
    declared = _labels(tuple(labels))
    if task_type == "ner":
        raw = raw_item.get("entities")
        if raw is None:
            return _missing(raw_item)
        if said is None or said == text:
            entities = read_entities(raw, text, declared)
        else:
            entities = read_in_echo(lambda one: read_entities(raw, one, declared), said, text)
        return entities if isinstance(entities, Fault) else {"entities": entities}
    if all(raw_item.get(key) is None for key in ("label", "labels", "class")):
        return _missing(raw_item)
    return read_classes(raw_item, declared)


def annotation_line(annotation: Annotation) -> bytes:
    """`annotation` as one canonical line of JSON, ended by a line feed."""
    return row_line(annotation)


def row_line_of(text: str, line: bytes, id: str | int | None = None) -> bytes:  # noqa: A002
    """The line of the row of one text, as `row_line` writes it: only joins bytes, without parsing the annotation.

    Args:
        text: the author's text, exactly.
        line: its annotation as `annotation_line` wrote it, UTF-8 and ended by a line feed.
        id: the id of the text in the author's inputs, if they have ids.
    """
    # strings are quoted as in `row_line`, at a fifth of the cost of encoding an object
    key = "" if id is None else f'"id":{encode_basestring(id) if isinstance(id, str) else id},'
    return f'{{{key}"text":{encode_basestring(text)},'.encode() + line[1:]


def _missing(item: dict[str, Any]) -> Fault:
    said = next((item[key] for key in ("error", "message", "detail") if isinstance(item.get(key), str)), None)
    why = f"; the service reports {shown(said)}" if said else ""
    what = "an empty object" if not item else "without an annotation"
    return Fault("no-annotation", f"the response for this text is {what}{why}")


@lru_cache(maxsize=64)
def _labels(names: tuple[str, ...]) -> DeclaredLabels:
    return DeclaredLabels(names)
