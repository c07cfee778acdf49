"""Files to `Spec` values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError
from yaml.nodes import MappingNode, ScalarNode

from pioneer_build.disk.regular_files import read_regular
from pioneer_build.errors import Problem
from pioneer_build.parse.ambiguous_words import NULL
from pioneer_build.parse.error_messages import meant_key, report_at, report_errors
from pioneer_build.parse.plain_data import node_at, plain
from pioneer_build.parse.schema import (
    SPEC_KEYS,
    ChecksShape,
    EntityExampleShape,
    FilesShape,
    ShotShape,
    TopUpShape,
    spec_adapter,
)
from pioneer_build.parse.source_text import TooManyProblems
from pioneer_build.parse.within_spec import SpecRules
from pioneer_build.parse.yaml_nodes import read_documents
from pioneer_build.spec.model import Checks, EntityExample, FewShot, InlineTexts, InputFiles, Spec, TopUp, checks_from
from pioneer_build.wording import MAX_GUESSES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from yaml.nodes import Node

    from pioneer_build.parse.source_text import Source

_KEYS = {
    "": SPEC_KEYS,
    "classified_examples": tuple(ShotShape.__annotations__),
    "ner_examples": tuple(EntityExampleShape.__annotations__),
    "inputs": tuple(FilesShape.__annotations__),
    "checks": tuple(ChecksShape.__annotations__),
    "top_up": tuple(TopUpShape.__annotations__),
}
_NO_CHECKS = Checks()


class Broken(NamedTuple):
    """A document with an error, but with a known dataset name, and the place of that name."""

    dataset_name: str
    path: str
    line: int
    column: int


class ParsedFile(NamedTuple):
    """The valid specs of a file, its errors in order of place, and the named documents with errors."""

    specs: tuple[Spec, ...]
    problems: tuple[Problem, ...]
    broken: tuple[Broken, ...] = ()


def parse_files(paths: Iterable[Path | str], root: Path) -> ParsedFile:
    """Reads and parses files; a file that can't be read is an error too.

    Args:
        paths: the files; a string is relative to `root`, with `/`; a path may also be absolute.
        root: the project's folder; paths in messages are relative to it.

    The rules between specs are in `cross_check`, which needs all specs of a project.
    """
    specs: list[Spec] = []
    problems: list[Problem] = []
    broken: list[Broken] = []
    for path in paths:
        shown = path if isinstance(path, str) else _shown_path(path, root)
        try:
            data = read_regular(os.path.join(root, path))  # noqa: PTH118 - for each of thousands
        except OSError as error:
            reason = error.strerror or str(error)
            problems.append(Problem(shown, 0, 0, f"can't be read: {reason}", code="unreadable"))
            continue
        parsed = parse_text(data, shown)
        specs += parsed.specs
        problems += parsed.problems
        broken += parsed.broken
    return ParsedFile(tuple(specs), tuple(problems), tuple(broken))


def _shown_path(path: Path, root: Path) -> str:
    file = root / path
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def parse_text(text: bytes, path: str) -> ParsedFile:
    """The specs in the bytes of one file; pure.

    Args:
        text: the file's content, UTF-8.
        path: the file's path relative to the project, with `/`.

    A document with an error gives no spec, but the others in the file do. Empty documents, and files with only
    comments, contain no spec; an empty file is an error.
    """
    problems: list[Problem] = []
    if not text.strip() and not text.strip(b" \t\r\n\xef\xbb\xbf"):
        problems.append(
            Problem(
                path,
                1,
                1,
                "the file is empty",
                hint="write a spec in it, or delete it",
                source="",
                code="empty-file",
            )
        )
        return ParsedFile((), tuple(problems))
    source, documents = read_documents(text, path, problems.append)
    broken: list[Broken] = []
    specs: list[Spec] = []
    try:
        for root in documents:
            specs += filter(None, [_spec(root, source, problems, broken)])
    except TooManyProblems:
        problems.append(source.too_many())
    if problems:
        problems = sorted(set(problems), key=lambda p: (p.line, p.column, p.message))
    return ParsedFile(tuple(specs), tuple(problems), tuple(broken))


def _spec(root: Node, source: Source, problems: list[Problem], broken: list[Broken]) -> Spec | None:
    before = len(problems)
    if not isinstance(root, MappingNode):
        if isinstance(root, ScalarNode) and root.tag == NULL and not root.value:
            return None
        hint = "a spec begins with version: 1"
        if not isinstance(root, ScalarNode):
            hint = "separate several specs in one file with ---"
        report_at(root, source, "a spec must be a mapping of keys to values", hint=hint, code="type")
        return None
    data = plain(root, source)
    renamed = _take_misspelt(data)
    try:
        spec_adapter().validator.validate_python(data)
    except ValidationError as error:
        report_errors(error.errors(include_url=False, include_input=False), root, source, _KEYS, renamed)
    SpecRules(data, root, source, renamed).report()
    if len(problems) > before:
        name = data.get("dataset_name")
        if isinstance(name, str):
            node, _ = node_at(root, (renamed.get("dataset_name", "dataset_name"),))
            broken.append(Broken(name, source.path, *source.place(node.start_mark)))
        return None
    return _value(data, root, source)


def _value(data: dict[str, Any], root: MappingNode, source: Source) -> Spec:
    """The spec of a valid document."""
    get = data.get
    inputs = get("inputs")
    if inputs is not None:
        if isinstance(inputs, list):
            inputs = InlineTexts(tuple(inputs))
        else:
            inputs = InputFiles(inputs) if isinstance(inputs, str) else InputFiles(**inputs)
    top_up = get("top_up")
    if top_up is not None:
        top_up = TopUp(**top_up) if isinstance(top_up, dict) else TopUp() if top_up else None
    labels = get("labels", ())
    place = source.place
    marks = [(key.value, *place(value.start_mark)) for key, value in root.value]
    if "no_overlap_with" in get("checks", ()):
        node, _ = node_at(root, ("checks", "no_overlap_with"))
        marks += [(f"checks.no_overlap_with.{i}", *place(item.start_mark)) for i, item in enumerate(node.value)]
    return Spec(
        data["dataset_name"],
        data["task_type"],
        tuple(labels),
        get("num_examples"),
        get("domain_description"),
        tuple([FewShot(shot["text"], shot["label"]) for shot in get("classified_examples", ())]),
        _entity_examples(get("ner_examples", ())),
        get("prompt"),
        inputs,
        get("description"),
        get("owner"),
        tuple(get("tags", ())),
        get("protect", False),
        get("renamed_from"),
        checks_from(data["checks"]) if "checks" in data else _NO_CHECKS,
        top_up,
        get("on_change", "new_name"),
        tuple(labels.items()) if isinstance(labels, dict) else (),
        source.path,
        place(root.start_mark)[0],
        tuple(marks),
    )


def _entity_examples(examples: Iterable[dict[str, Any]]) -> tuple[EntityExample, ...]:
    return tuple(
        [EntityExample(one["text"], tuple([(span, label) for span, label in one["entities"]])) for one in examples]
    )


def _take_misspelt(data: dict[str, Any]) -> dict[str, str]:
    """Copies values of misspelt keys to the keys that were meant, so that they are checked too.

    The misspelt key stays, to be reported. Returns the keys as written, by the key that they were taken for.
    """
    renamed: dict[str, str] = {}
    for word in [word for word in data if word not in SPEC_KEYS][:MAX_GUESSES]:
        meant = meant_key(word, SPEC_KEYS)
        if meant is not None and meant not in data:
            data[meant] = data[word]
            renamed[meant] = word
    return renamed
