"""Messages for the errors that a validator found, in plain words and with their places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from pioneer_build.errors import Problem
from pioneer_build.parse.ambiguous_words import FLOAT, INT, not_text
from pioneer_build.parse.plain_data import NodeFinder
from pioneer_build.parse.quoting_hints import as_bool, as_number, as_whole
from pioneer_build.parse.schema import CHOICES, SYNONYMS
from pioneer_build.spec.dataset_name import LONGEST_NAME
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails
    from yaml.nodes import Node

    from pioneer_build.parse.source_text import Source

#: Keys that people store secrets in.
SECRET_KEY = re.compile(r"(?:.*[_-])?(?:api[_-]?key|key|token|secret|password|passwd|credentials?)", re.IGNORECASE)

#: The mappings in which people expect a place for a key.
_WITH_KEYS = ("", "model", "judge")
_KEY_FROM_ENVIRONMENT = "set PIONEER_API_KEY in the environment; revoke the key if it was committed"
_KEY_BY_NAME = "write `api_key_env:` and the name of the variable with the key; revoke the key if it was committed"

#: Task types that the service may have, but this program doesn't.
_OTHER_TASKS = ("custom", "records", "fields")

Loc = tuple[int | str, ...]

_ITEM = {
    "labels": "a label",
    "inputs": "a text of 'inputs'",
    "tags": "a tag",
    "classified_examples": "an example of 'classified_examples'",
    "ner_examples": "an example of 'ner_examples'",
    "entities": "an item of 'entities'",
    "no_overlap_with": "a name in 'no_overlap_with'",
    "base_url": "a base URL",
}
_NAME_RULE = f"letters, digits, '.', '_' and '-', beginning with a letter or digit, at most {LONGEST_NAME}"
_PATTERNS = {
    "dataset_name": _NAME_RULE,
    "renamed_from": _NAME_RULE,
    "no_overlap_with": _NAME_RULE,
    "tags": "letters, digits, '.', '_' and '-'",
}


def report_errors(
    errors: Sequence[ErrorDetails],
    root: Node,
    source: Source,
    keys: Mapping[str, Sequence[str]],
    renamed: Mapping[str, str],
) -> None:
    """Reports the errors that pydantic found in the data of `root`.

    Args:
        errors: the error list of pydantic.
        root: the tree of the document with the data.
        source: the text of the file, which problems are reported to.
        keys: the valid keys of the top level (under "") and of each mapping in it.
        renamed: misspelt keys as written, by the key that they were taken for.
    """
    find = NodeFinder(root)
    for error in errors:
        loc: Loc = error["loc"]
        loc = tuple(step for at, step in enumerate(loc) if at == 0 or step not in CHOICES.get(str(loc[at - 1]), ()))
        if loc[-1:] == ("[key]",):  # of a mapping, where it is a value rather than a known word
            node, key = find.at((renamed.get(str(loc[0]), loc[0]), *loc[1:-1]))
            _report(error, (*loc[:1], 0), key or node, None, source, keys)
            continue
        written = (renamed.get(str(loc[0]), loc[0]), *loc[1:]) if loc else loc
        node, key = find.at(written)
        _report(error, loc, node, key, source, keys)


def _report(
    error: ErrorDetails,
    loc: Loc,
    node: Node,
    key: Node | None,
    source: Source,
    keys: Mapping[str, Sequence[str]],
) -> None:
    kind = error["type"]
    if kind == "extra_forbidden":
        report_unknown_key(str(loc[-1]), key or node, keys[_parent(loc)], source, within=_parent(loc))
        return
    if kind == "missing":
        report_at(
            node,
            source,
            f"the key {loc[-1]!r} is missing in {_what(loc[:-1])}",
            code="missing-key",
        )
        return
    message, hint, code = _words(kind, error, _what(loc), loc, node)
    if isinstance(node, ScalarNode) and not node.value and not node.style and key is not None:
        node = key  # an empty value has no width to point at
    report_at(node, source, message, hint=hint, code=code)


def meant_key(word: str, valid: Sequence[str]) -> str | None:
    """The one of `valid` that `word` was probably meant to be."""
    synonym = SYNONYMS.get(word.casefold().replace("-", "_"))
    return synonym if synonym in valid else nearest(word, valid)


def report_unknown_key(word: str, node: Node, valid: Sequence[str], source: Source, *, within: str = "") -> None:
    """Reports an unknown key, with the nearest valid one; without its line if that may be a secret.

    Args:
        word: the key as written.
        node: its node.
        valid: the valid keys of this mapping.
        source: the text of the file, which the problem is reported to.
        within: the key of the mapping that it is in; empty for the top level.
    """
    if within in _WITH_KEYS and SECRET_KEY.fullmatch(word):
        hint = _KEY_BY_NAME if within else _KEY_FROM_ENVIRONMENT
        message = f"never write an API key in a file; {word!r} looks like one"
        report_hidden(node, source, message, hint=hint, code="secret")
        return
    meant = meant_key(word, valid)
    where = f" in {within!r}" if within else ""
    hint = f"did you mean {meant!r}?" if meant else "valid keys: " + ", ".join(valid)
    report_at(node, source, f"unknown key {word!r}{where}", hint=hint, code="unknown-key")


def report_secret(node: Node, source: Source, message: str) -> None:
    """Reports a likely secret, without showing its line.

    Args:
        node: its node.
        source: the text of the file, which the problem is reported to.
        message: what is wrong, without the secret.
    """
    report_hidden(node, source, message, hint=_KEY_FROM_ENVIRONMENT, code="secret")


def report_hidden(node: Node, source: Source, message: str, *, hint: str, code: str) -> None:
    """Reports an error at a node without showing its line, because there may be a secret in it.

    Args:
        node: its node.
        source: the text of the file, which the problem is reported to.
        message: what is wrong, without the secret.
        hint: what to do about it.
        code: a stable word for tools.
    """
    line, column = source.place(node.start_mark)
    source.report(Problem(source.path, line, column, message, hint=hint, code=code))


def report_at(node: Node, source: Source, message: str, *, hint: str | None = None, code: str) -> None:
    """Reports an error at a node; if it has several lines, only its first word is marked.

    Args:
        node: its node.
        source: the text of the file, which the problem is reported to.
        message: what is wrong, in one sentence, without a full stop.
        hint: what to do about it.
        code: a stable word for tools.
    """
    end = node.end_mark
    if isinstance(node, MappingNode | SequenceNode) and node.value and not node.flow_style:
        first = node.value[0][0] if isinstance(node, MappingNode) else node.value[0]
        end = first.end_mark if isinstance(first, ScalarNode) else first.start_mark
    source.problem_at(node.start_mark, end, message, hint=hint, code=code)


def _parent(loc: Loc) -> str:
    """The name of the mapping that has the last step of `loc` as a key."""
    return next((step for step in reversed(loc[:-1]) if isinstance(step, str)), "")


def _what(loc: Loc) -> str:
    names = [step for step in loc if isinstance(step, str)]
    if not names:
        return "a spec"
    if loc[0] == "labels" and isinstance(loc[-1], str) and len(loc) == 2:
        return f"the description of {loc[-1]!r}"
    if isinstance(loc[-1], int):
        return _ITEM.get(names[-1], f"an item of {names[-1]!r}")
    return f"{names[-1]!r}"


def _words(kind: str, error: ErrorDetails, what: str, loc: Loc, node: Node) -> tuple[str, str | None, str]:
    """Message, hint and code."""
    bounds: dict[str, Any] = error.get("ctx", {})
    name = next((step for step in reversed(loc) if isinstance(step, str)), "")
    if len(loc) == 2 and loc[0] == "labels":
        name = "labels"  # a label's name, in a mapping, is a word of the author
    if name == "entities" and len(loc) == 4 and kind in ("list_type", "too_short", "too_long"):
        return f"{what} must be a pair of a part of the text and a label", "write [Ada Lovelace, person]", "type"
    shown = _shown(node)
    if loc == ("version",):
        return _bad_version(node, shown)
    match kind:
        case "string_type":
            return not_text(what, node, shown, sequence=isinstance(loc[-1], int))
        case "string_pattern_mismatch" | "string_too_short":
            return _bad_text(what, name, node)
        case "literal_error":
            return _not_one_of(what, name, str(bounds["expected"]), node, shown)
        case "int_type" | "int_from_float":
            return f"{what} must be a whole number, not {shown}", as_whole(node), "type"
        case "float_type" | "finite_number":
            return f"{what} must be a number, not {shown}", as_number(node), "type"
        case "bool_type":
            return f"{what} must be true or false, not {shown}", as_bool(node), "type"
        case "greater_than_equal":
            return f"{what} must be at least {bounds['ge']:g}, not {shown}", None, "range"
        case "less_than_equal":
            most = f"{bounds['le']:,}" if isinstance(bounds["le"], int) and bounds["le"] > 1 else f"{bounds['le']:g}"
            hint = f"write {float(node.value) / 100:g}" if _is_percentage(node, bounds["le"]) else None
            return f"{what} must be at most {most}, not {shown}", hint, "range"
        case "list_type":
            hint = f"write [{node.value}]" if isinstance(node, ScalarNode) and node.value and not node.style else None
            return f"{what} must be a list, not {shown}", hint, "type"
        case "too_short" if isinstance(node, MappingNode):
            return f"{what} is an empty mapping", "add at least one item, or remove the key", "empty"
        case "too_short":
            return f"{what} is an empty list", "add at least one item, or remove the key", "empty"
        case "string_too_long":
            return f"{what} is too long: at most {bounds['max_length']} characters", None, "range"
        case "dict_type":
            return f"{what} must be a mapping, not {shown}", None, "type"
        case _:
            return f"{what} is not valid: {error['msg']}", None, "invalid"


def _bad_text(what: str, name: str, node: Node) -> tuple[str, str | None, str]:
    value = str(node.value) if isinstance(node, ScalarNode) else ""
    if not value.strip():
        return f"{what} is blank", None, "empty"
    if (rule := _PATTERNS.get(name)) is not None:
        if len(value) > LONGEST_NAME and name != "tags":
            return f"{what} has {len(value)} characters; at most {LONGEST_NAME} are allowed", None, "name"
        wrong = next((c for c in value if not (c.isascii() and (c.isalnum() or c in "._-"))), None)
        if wrong is None:
            return f"{what} can't begin with {value[0]!r}", f"use {rule}", "name"
        return f"{what} contains the invalid character {wrong!r}", f"use {rule}", "name"
    return f"{what} must be one line without control characters", None, "character"


def _not_one_of(what: str, name: str, expected: str, node: Node, shown: str) -> tuple[str, str | None, str]:
    words = [word.strip("' ") for word in expected.replace(" or ", ", ").split(",")]
    value = str(node.value) if isinstance(node, ScalarNode) else ""
    choice = f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
    meant = nearest(value, words)
    hint = f"did you mean {meant!r}?" if meant else None
    if name == "task_type" and value in _OTHER_TASKS:
        hint = "the service may support it; this version of pioneer-build supports these three"
    if isinstance(node, ScalarNode) and not value:
        return f"{what} is empty; it must be {choice}", None, "empty"
    return f"{what} must be {choice}, not {shown}", hint, "choice"


def _bad_version(node: Node, shown: str) -> tuple[str, str | None, str]:
    if isinstance(node, ScalarNode) and node.tag == INT:
        message = f"version {node.value} is not supported"
        return message, "this version of pioneer-build reads version 1; upgrade for a later one", "version"
    return f"'version' must be 1, not {shown}", "write version: 1", "version"


def _is_percentage(node: Node, most: object) -> bool:
    return most == 1 and isinstance(node, ScalarNode) and node.tag in (INT, FLOAT) and 1 < float(node.value) <= 100


def _shown(node: Node) -> str:
    """The value as written, in a few words."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    if not isinstance(node, ScalarNode):
        return "something else"
    value = str(node.value)
    if not value and not node.style:
        return "nothing"
    short = value if len(value) <= 40 else value[:39] + "…"
    if node.style in {"'", '"'}:
        return f'the text "{short}"'
    return short if "\n" not in short else "text"
