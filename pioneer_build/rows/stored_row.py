"""One line of a file of rows as a row: in normal form, or an error that says why it is none.

A digest proves no origin: a repository can bring a store, and a lock with the digests of what is in it. So whatever
such a line says is judged here, by a few checks of types for each row, before anything else sees it.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from pioneer_build.rows.normal_form import row_line, task_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn

    from pioneer_build.rows.normal_form import Row
    from pioneer_build.spec.model import TaskType


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


_decode = json.JSONDecoder(parse_constant=_no_number).decode


def parse_line(line: bytes | str, task: TaskType | None = None) -> Row:
    """The row of one line that `row_line` wrote, in normal form.

    Args:
        line: the line, with or without its newline.
        task: the task type that the row must be for; `None` if any will do.

    Raises:
        ValueError: the line isn't such a row; the message says why, as in "row 3 has no text".
    """
    row = _object(line)
    found = task_of(row)
    if (fault := _FAULT_OF[found](row)) is not None:
        raise ValueError(fault)
    if task is not None and found != task:
        raise ValueError(f"is a row for the task type {found}, not {task}")
    return row


def parser_for(task: TaskType | None) -> Callable[[bytes], Row]:
    """`parse_line` for rows of one task type."""
    return partial(parse_line, task=task)


def checked_line(line: bytes, task: TaskType | None = None) -> bytes:
    """The line itself, if `parse_line` makes a row of it.

    Raises:
        ValueError: as `parse_line`.
    """
    parse_line(line, task)
    return line


def _object(line: bytes | str) -> Row:
    try:
        row = _decode(line if isinstance(line, str) else line.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None
    if type(row) is not dict:
        raise ValueError("is not a JSON object")
    # an escaped half of a surrogate pair is the only way to text that isn't Unicode; such escapes are rare
    if isinstance(line, str) or b"\\u" in line:
        try:
            row_line(row)
        except UnicodeEncodeError:
            raise ValueError("has text that is not valid Unicode") from None
        except (ValueError, RecursionError):
            raise ValueError("has a value that no row has") from None
    return row


def _entities_fault(row: Row) -> str | None:
    text, entities = row.get("text"), row["entities"]
    if type(text) is not str:
        return "has no text"
    if type(entities) is not list:
        return "has entities that are not a list"
    before = 0
    for entity in entities:
        if type(entity) is not dict:
            return "has an entity that is not an object"
        span, label = entity.get("text"), entity.get("label")
        if type(span) is not str or type(label) is not str or not span:
            return "has an entity without text or label"
        keys = 4
        if "start" in entity:
            start, end = entity["start"], entity.get("end")
            if type(start) is not int or type(end) is not int or start < before or text[start:end] != span:
                return "has an entity whose offsets are not those of its text"
            if end - start != len(span):
                return "has an entity whose offsets are not those of its text"
            before = start
        elif entity.get("ambiguous") is True:
            keys = 3
        else:
            return "has an entity without offsets"
        if "score" in entity:
            keys += 1
            if not _is_score(entity["score"]):
                return "has a score that is not a number between 0 and 1"
        if len(entity) != keys:
            return "has an entity with a key that no entity has"
    return _other_fault(row, 2)


def _labels_fault(row: Row) -> str | None:
    text = row.get("text")
    if type(text) is not str:
        return "has no text"
    keys = 2
    if "label" in row:
        label = row["label"]
        if type(label) is not str:
            return "has a label that is no text"
    elif "labels" in row:
        labels = row["labels"]
        if type(labels) is not list or not all(type(label) is str for label in labels):
            return "has labels that are not a list of texts"
    else:
        return "has no annotation"
    if "score" in row:
        keys = 3
        if not _is_score(row["score"]):
            return "has a score that is not a number between 0 and 1"
    return _other_fault(row, keys)


def _messages_fault(row: Row) -> str | None:
    messages = row["messages"]
    if type(messages) is not list or not messages:
        return "has messages that are not a list"
    for message in messages:
        if type(message) is not dict or len(message) != 2:
            return "has a message that is not one of role and content"
        if type(message.get("role")) is not str or type(message.get("content")) is not str:
            return "has a message without role or content"
    return None if len(row) == 1 else "has a key that no row has"


def _other_fault(row: Row, keys: int) -> str | None:
    """What is wrong with the row's id, or with keys besides the `keys` that were looked at and `id`."""
    if "id" in row:
        keys += 1
        said = row["id"]
        if type(said) is not str and type(said) is not int:
            return "has an id that is neither text nor a whole number"
    return None if len(row) == keys else "has a key that no row has"


def _is_score(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and 0 <= value <= 1


#: For each task type, what is wrong with a row of it; `None` if nothing is.
_FAULT_OF: Mapping[TaskType, Callable[[Row], str | None]] = {
    "ner": _entities_fault,
    "classification": _labels_fault,
    "decoder": _messages_fault,
}
