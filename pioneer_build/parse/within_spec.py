"""Rules that involve more than one value of a spec.

They are independent: an error in one hides no error in another.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from yaml.nodes import ScalarNode

from pioneer_build.parse.ambiguous_words import MISREAD, not_text
from pioneer_build.parse.error_messages import report_at
from pioneer_build.parse.plain_data import NodeFinder, node_at
from pioneer_build.parse.schema import BELONGS, REQUIRED
from pioneer_build.spec.blank import any_blank, is_blank, what_is_blank
from pioneer_build.spec.model import TASK_TYPES
from pioneer_build.spec.unicode_form import nfc
from pioneer_build.spec.written_path import misplaced_stars, path_fault, what_is_wrong
from pioneer_build.wording import MAX_GUESSES, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from yaml.nodes import Node

    from pioneer_build.parse.source_text import Source

_BY_HAND = "write it again, by hand"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class SpecRules:
    """The rules for one document.

    Args:
        data: the document as plain data; it may have any errors.
        root: its tree, for places.
        source: its text, which problems are reported to.
        renamed: misspelt keys as written, by the key that they were taken for.
    """

    def __init__(self, data: Mapping[str, Any], root: Node, source: Source, renamed: Mapping[str, str]) -> None:
        self.data = data
        self.root = root
        self.source = source
        self.renamed = renamed
        self.task = self._task()
        self._find = NodeFinder(root)

    def report(self) -> None:
        """Reports all errors."""
        data = self.data
        self._keys_present()
        if self.task is not None or "inputs" in data:
            self._keys_of_others()
        if isinstance(data.get("labels"), list):
            self._labels(data["labels"])
        if isinstance(data.get("labels"), dict):
            self._described_labels(data["labels"])
        if isinstance(data.get("classified_examples"), list):
            self._few_shots(data["classified_examples"])
        if isinstance(data.get("ner_examples"), list):
            report_entity_examples(data["ner_examples"], self._declared(), self._at)
        if "inputs" in data:
            self._input_path(data["inputs"])
        self._blank()
        if isinstance(data.get("checks"), dict):
            report_checks(data["checks"], self.root, self.source)
        if data.get("renamed_from") is not None and data["renamed_from"] == data.get("dataset_name"):
            self._at(("renamed_from",), "'renamed_from' is this dataset's own name", "remove it", "rename")

    def _task(self) -> str | None:
        """The task type, or the one that was probably meant."""
        word = self.data.get("task_type")
        if not isinstance(word, str):
            return None
        return word if word in TASK_TYPES else nearest(word, TASK_TYPES)

    def _at(self, loc: tuple[int | str, ...], message: str, hint: str | None, code: str, *, key: bool = False) -> None:
        first = self.renamed.get(str(loc[0]), loc[0])
        node, key_node = self._find.at((first, *loc[1:]))
        report_at(key_node if key and key_node is not None else node, self.source, message, hint=hint, code=code)

    def _missing(self, message: str, hint: str | None) -> None:
        report_at(self.root, self.source, message, hint=hint, code="missing-key")

    def _keys_present(self) -> None:
        data = self.data
        for key in REQUIRED:
            if key in data or (key == "labels" and self.task not in BELONGS["labels"].tasks):
                continue
            hint = {
                "dataset_name": "add dataset_name: NAME",
                "task_type": "add task_type: " + ", ".join(TASK_TYPES[:-1]) + f" or {TASK_TYPES[-1]}",
                "labels": "add labels: [first, second]",
            }[key]
            self._missing(f"the key {key!r} is missing", hint)
        if "inputs" in data and "num_examples" in data:
            self._at(
                ("num_examples",),
                "a spec has 'num_examples' or 'inputs', not both",
                "'inputs' labels your own texts, one row each; 'num_examples' generates new ones",
                "both-kinds",
                key=True,
            )
        if "inputs" not in data and "num_examples" not in data:
            self._missing(
                "the key 'num_examples' is missing",
                "add num_examples: 100" + ("" if self.task == "decoder" else ", or inputs: to label your own texts"),
            )

    def _keys_of_others(self) -> None:
        label = "inputs" in self.data and "num_examples" not in self.data and self.task != "decoder"
        for key, belongs in BELONGS.items():
            if key not in self.data:
                continue
            if self.task is not None and self.task not in belongs.tasks:
                self._at(
                    (key,),
                    f"the key {key!r} belongs to {' and '.join(belongs.tasks)} specs, not {self.task}",
                    "remove it, or change 'task_type'",
                    "wrong-task",
                    key=True,
                )
            elif label and "label" not in belongs.kinds:
                self._at(
                    (key,),
                    f"the key {key!r} guides generation; a spec with 'inputs' labels your own texts",
                    "remove it, or 'inputs'",
                    "wrong-task",
                    key=True,
                )

    def _labels(self, labels: list[Any]) -> None:
        first: dict[str, int] = {}
        for index, label in enumerate(labels):
            if not isinstance(label, str):
                continue
            earlier = first.setdefault(nfc(label), index)
            if earlier == index:
                continue
            line = self._line(("labels", earlier))
            same = "" if labels[earlier] == label else " (they differ only in how Unicode writes them)"
            self._at(
                ("labels", index),
                f"duplicate label {label!r}{same}",
                f"first used on line {line}",
                "duplicate-label",
            )

    def _described_labels(self, labels: dict[str, Any]) -> None:
        """Labels as keys of a mapping: words that some readers of YAML don't read as text, and duplicates."""
        for label in labels:
            _, key = self._find.at((self.renamed.get("labels", "labels"), label))
            if isinstance(key, ScalarNode) and key.tag in MISREAD:
                message, hint, code = not_text("a label", key, key.value, sequence=True)
                report_at(key, self.source, message, hint=hint, code=code)
        first: dict[str, str] = {}
        for label in labels:
            earlier = first.setdefault(nfc(label), label)
            if earlier != label:
                _, key = self._find.at((self.renamed.get("labels", "labels"), earlier))
                line = self.source.place((key or self.root).start_mark)[0]
                self._at(
                    ("labels", label),
                    f"duplicate label {label!r} (they differ only in how Unicode writes them)",
                    f"first used on line {line}",
                    "duplicate-label",
                    key=True,
                )

    def _declared(self) -> SpecLabels | None:
        """The labels that examples can have; `None` where they aren't known."""
        labels = self.data.get("labels")
        if not isinstance(labels, list | dict):
            return None
        return SpecLabels([label for label in labels if isinstance(label, str)])

    def _few_shots(self, shots: list[Any]) -> None:
        declared = self._declared()
        seen: dict[str, tuple[str, int]] = {}
        for index, shot in enumerate(shots):
            if not isinstance(shot, dict):
                continue
            text, label = shot.get("text"), shot.get("label")
            if not isinstance(label, str):
                continue
            if declared is not None and (wrong := declared.wrong(label)) is not None:
                self._at(("classified_examples", index, "label"), *wrong, "unknown-label")
            if not isinstance(text, str):
                continue
            before, earlier = seen.setdefault(nfc(text), (nfc(label), index))
            if before != nfc(label):
                line = self._line(("classified_examples", earlier))
                self._at(
                    ("classified_examples", index, "label"),
                    f"this text has the label {before!r} on line {line}, but {label!r} here",
                    "a text can have only one label",
                    "two-labels",
                )

    def _line(self, loc: tuple[int | str, ...]) -> int:
        node, _ = self._find.at((self.renamed.get(str(loc[0]), loc[0]), *loc[1:]))
        return self.source.place(node.start_mark)[0]

    def _input_path(self, inputs: Any) -> None:
        loc: tuple[int | str, ...] = ("inputs",)
        if isinstance(inputs, dict):
            inputs, loc = inputs.get("path"), ("inputs", "path")
        if not isinstance(inputs, str) or not inputs.strip():
            return
        wrong = wrong_path(inputs, posixpath.dirname(self.source.path))
        if wrong is not None:
            self._at(loc, *wrong, "path")

    def _blank(self) -> None:
        """Texts that look empty; the shape of a key refuses only those of white space."""
        for key in ("labels", "domain_description", "prompt", "inputs", "classified_examples", "ner_examples"):
            value = self.data.get(key)
            if key == "labels" and isinstance(value, dict):
                self._blank_labels(value)
                continue
            listed = value if isinstance(value, list) else [value]
            are_examples = key.endswith("_examples")
            texts = [one.get("text") if are_examples and isinstance(one, dict) else one for one in listed]
            if not any_blank([text for text in texts if isinstance(text, str) and text]):
                continue
            for index, text in enumerate(texts):
                if isinstance(text, str) and text.strip() and is_blank(text):
                    loc: tuple[int | str, ...] = (key, index) if isinstance(value, list) else (key,)
                    loc = (*loc, "text") if isinstance(listed[index], dict) else loc
                    self._at(loc, f"this text {what_is_blank(text)}", _BY_HAND, "empty")

    def _blank_labels(self, labels: dict[str, Any]) -> None:
        for label, text in labels.items():
            if label.strip() and is_blank(label):
                self._at(("labels", label), f"this text {what_is_blank(label)}", _BY_HAND, "empty", key=True)
            if isinstance(text, str) and text.strip() and is_blank(text):
                self._at(("labels", label), f"this text {what_is_blank(text)}", _BY_HAND, "empty")


class SpecLabels:
    """The labels of a spec, and what is wrong with one that isn't among them.

    Args:
        labels: in the author's order and spelling.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self._known = {nfc(label) for label in labels}
        self._meant: dict[str, str | None] = {}

    def wrong(self, label: str) -> tuple[str, str] | None:
        """Message and hint for a label that isn't declared; `None` for one that is, or is blank."""
        if not label.strip() or nfc(label) in self._known:
            return None
        if label not in self._meant:
            self._meant[label] = nearest(label, self._labels) if len(self._meant) < MAX_GUESSES else None
        meant = self._meant[label]
        hint = (
            f"did you mean {meant!r}?"
            if meant
            else f"add it to 'labels', or use one of: {', '.join(self._labels[:20])}"
        )
        return f"the label {label!r} is not one of 'labels'", hint


def report_entity_examples(
    examples: list[Any],
    declared: SpecLabels | None,
    report: Callable[[tuple[int | str, ...], str, str, str], None],
) -> None:
    """Reports errors in `ner_examples`: spans that aren't in their text, and labels.

    Args:
        examples: the value of the key as plain data; it may have any errors.
        declared: the labels of the spec; `None` where they aren't known.
        report: called with the place of an error, its message, a hint and its code.
    """
    for index, example in enumerate(examples):
        if not isinstance(example, dict) or not isinstance(example.get("entities"), list):
            continue
        text = example.get("text")
        labels: dict[str, str] = {}
        for place, pair in enumerate(example["entities"]):
            if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(one, str) for one in pair):
                continue
            span, label = pair
            loc = ("ner_examples", index, "entities", place)
            if isinstance(text, str) and span.strip() and span not in text:
                report((*loc, 0), f"{span!r} is not a part of the text", "copy it as it stands in 'text'", "span")
            if declared is not None and (wrong := declared.wrong(label)) is not None:
                report((*loc, 1), *wrong, "unknown-label")
            if labels.setdefault(nfc(span), nfc(label)) != nfc(label):
                message = f"{span!r} has the label {labels[nfc(span)]!r} in the same text"
                report((*loc, 1), message, "a span can have only one label", "two-labels")


def wrong_path(path: str, folder: str) -> tuple[str, str] | None:
    """Why `path`, relative to `folder` of the project, can't be a file in the project; and what to do."""
    hint = "make it relative to the spec's file, inside the project's folder"
    if _SCHEME.match(path):
        return "'inputs' must be files, not a URL", "download the file into the project"
    if path.startswith(("/", "~", "\\")) or re.match(r"[A-Za-z]:[\\/]", path):
        return "this path is not relative", hint
    if path_fault(path) == "variable":
        return what_is_wrong("variable", path)
    if "\\" in path:
        return "use '/' in paths, on every system", f"write {path.replace(chr(92), '/')}"
    if ".." in path and posixpath.normpath(posixpath.join(folder, path)).split("/")[0] == "..":
        return "this path is outside the project", hint
    return misplaced_stars(path)


def report_checks(checks: Mapping[str, Any], root: Node, source: Source) -> None:
    """Reports errors between the bounds of a `checks`.

    Args:
        checks: the bounds as plain data; they may have any errors.
        root: the tree of the document with them under `checks`.
        source: its text, which problems are reported to.
    """
    least, most = checks.get("min_chars"), checks.get("max_chars")
    if type(least) is int and type(most) is int and least > most:
        node, _ = node_at(root, ("checks", "max_chars"))
        report_at(node, source, f"'max_chars' ({most}) is below 'min_chars' ({least})", code="range")
