"""Turns any JSON value that a service may send as a row into a row in normal form, or into the fault it has."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pioneer_build.rows.causes import Fault
from pioneer_build.rows.classes import read_classes, read_true_label
from pioneer_build.rows.entities import read_entities
from pioneer_build.rows.labels import DeclaredLabels
from pioneer_build.rows.messages import read_messages
from pioneer_build.rows.normal_form import Row, is_unicode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.spec.model import TaskType


class Normaliser:
    """`normalise` for many rows of one dataset: the labels are prepared only once."""

    __slots__ = ("_labels", "task_type")

    def __init__(self, task_type: TaskType, labels: Iterable[str] = ()) -> None:
        self.task_type = task_type
        self._labels = DeclaredLabels(labels)

    @property
    def labels(self) -> tuple[str, ...]:
        """The declared labels."""
        return self._labels.names

    def __call__(self, raw: Any) -> Row | Fault:
        """`raw` as a row in normal form, or the fault it has. Never raises, never guesses."""
        if not isinstance(raw, dict):
            return Fault("bad-shape", "the row is not an object")
        if self.task_type == "decoder":
            messages = read_messages(raw)
            return messages if isinstance(messages, Fault) else {"messages": messages}
        text, output = raw.get("text"), None
        if text is None and isinstance(raw.get("output"), dict):
            text, output = raw.get("input"), raw["output"]
        if text is None:
            return Fault("no-text", "the row has no text")
        if not isinstance(text, str):
            return Fault("bad-shape", "the text is not a string")
        if not text or text.isspace():
            return Fault("no-text", "the text is empty")
        if not is_unicode(text):
            return Fault("bad-text", "the text is not valid Unicode")
        if self.task_type == "ner":
            given = (raw if output is None else output).get("entities")
            if given is None:
                return Fault("no-annotation", "the row has no `entities`")
            entities = read_entities(given, text, self._labels)
            return entities if isinstance(entities, Fault) else {"text": text, "entities": entities}
        said = read_classes(raw, self._labels) if output is None else read_true_label(output, self._labels)
        return said if isinstance(said, Fault) else {"text": text, **said}


def normalise(raw: Any, task_type: TaskType, labels: Iterable[str] = ()) -> Row | Fault:
    """`raw`, any JSON value, as a row of `task_type` in normal form, or the fault it has.

    Every shape in docs/rows.md is understood. Other keys are dropped, including `id`, which only an author's own inputs
    have. Never raises.

    Args:
        raw: the row as the service sent it.
        task_type: the task that the row is for.
        labels: the declared labels; if there are none, any label is accepted.
    """
    return _normaliser(task_type, tuple(labels))(raw)


@lru_cache(maxsize=64)
def _normaliser(task_type: TaskType, labels: tuple[str, ...]) -> Normaliser:
    return Normaliser(task_type, labels)
