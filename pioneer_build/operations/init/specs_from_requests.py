"""Makes specs from API requests: `init --from`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from pioneer_build.errors import PioneerError, Problems
from pioneer_build.operations.init.spec_yaml import plain_names, spec_text
from pioneer_build.operations.init.starter_files import schema_seen_from
from pioneer_build.parse import parse_text
from pioneer_build.rows.normal_form import shown
from pioneer_build.spec.label_descriptions import DESCRIPTIONS
from pioneer_build.spec.unicode_form import nfc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pioneer_build.operations.init.api_requests import ApiRequest

#: The keys of a request that a spec has too, in its order. A request's descriptions of labels are the spec's `labels`.
KEYS: Final = (
    "dataset_name", "task_type", "labels", "num_examples", "domain_description", "classified_examples", "ner_examples",
    "prompt", "inputs",
)  # fmt: skip
#: More texts than this go into a separate file.
_MOST_INLINE: Final = 20


@dataclass(frozen=True, slots=True)
class SpecDraft:
    """A spec made from a request: path and text of its file, other files it needs, and the unknown keys of the request,
    which are left out."""

    dataset_name: str
    path: str
    text: str
    files: Mapping[str, str]
    left_out: tuple[str, ...]


def drafts_of(requests: Sequence[ApiRequest], stem: str, folder: str, taken: Iterable[str] = ()) -> list[SpecDraft]:
    """Converts requests to specs.

    Args:
        requests: the requests.
        stem: the name of a dataset whose request has no name (label-existing), for example the name of the file.
        folder: the folder for specs, relative to the project.
        taken: names of existing datasets.

    Raises:
        PioneerError: a request can't be converted.
    """
    names = {name.lower() for name in taken}
    drafts: list[SpecDraft] = []
    for request in requests:
        draft = _draft(request, stem, folder, names)
        names.add(draft.dataset_name.lower())
        drafts.append(draft)
    return drafts


def _draft(request: ApiRequest, stem: str, folder: str, taken: set[str]) -> SpecDraft:
    body = {key: value for key, value in request.body.items() if value is not None}
    given = body.get("dataset_name")
    name = given if isinstance(given, str) else _free_name(_name_of(stem), taken)
    if name.lower() in taken:
        raise PioneerError(f"there is already a dataset '{name}'", hint="edit its spec: two specs can't share a name")
    body["dataset_name"] = name
    if request.label_task is not None:
        body.setdefault("task_type", request.label_task)
    if "inputs" in body and "task_type" not in body:
        raise PioneerError(
            "the request doesn't contain the task type",
            hint='add "task_type": "ner" or "classification" to the JSON',
        )
    if isinstance(number := body.get("num_examples"), float) and number.is_integer():
        body["num_examples"] = int(number)
    _describe_labels(body)
    files: dict[str, str] = {}
    safe = name if re.fullmatch(r"[A-Za-z0-9._-]+", name) else "dataset"
    texts = body.get("inputs")
    if _are_texts(texts) and len(texts) > _MOST_INLINE:
        files[f"{folder}/data/{safe}.jsonl"] = "".join(
            json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts
        )
        body["inputs"] = f"data/{safe}.jsonl"
    left_out = tuple(sorted(str(key) for key in body if key not in KEYS))
    lines = [f"# yaml-language-server: $schema={schema_seen_from(folder)}"]
    if names := plain_names(left_out):
        lines.append(f"# left out, because these keys of the request are unknown: {names}")
    spec: dict[str, Any] = {"version": 1} | {key: body[key] for key in KEYS if key in body}
    path = f"{folder}/{safe}.yaml"
    text = "\n".join(lines) + "\n" + spec_text(spec)
    _judge(text, path, files.values())
    return SpecDraft(name, path, text, files, left_out)


def _describe_labels(body: dict[str, Any]) -> None:
    """Makes a request's `labels` and `label_descriptions` one mapping, as a spec has them.

    Raises:
        PioneerError: a spec can't say this: only some of the labels are described, or others than the labels.
    """
    descriptions, labels = body.pop(DESCRIPTIONS, None), body.get("labels")
    if not descriptions and isinstance(descriptions, dict | None):
        return
    if not isinstance(descriptions, dict) or not _are_texts(labels):
        raise PioneerError(
            f"'{DESCRIPTIONS}' is not a mapping from each of the request's labels to a text",
            hint='for example: "labels": ["a"], "label_descriptions": {"a": "What this label means"}',
        )
    described = {nfc(str(label)): text for label, text in descriptions.items()}
    named = [nfc(label) for label in labels]
    if strange := [label for label in described if label not in named]:
        raise PioneerError(f"'{DESCRIPTIONS}' describes {shown(strange[0])}, which is not among the request's labels")
    if lacking := [label for label in named if label not in described]:
        raise PioneerError(
            f"'{DESCRIPTIONS}' doesn't describe the label {shown(lacking[0])}: a spec describes all labels or none",
            hint=f"describe it in the JSON, or remove '{DESCRIPTIONS}'",
        )
    body["labels"] = {label: described[nfc(label)] for label in labels}


def _are_texts(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _judge(text: str, path: str, files: Iterable[str]) -> None:
    """Refuses an invalid spec, before anything is written."""
    try:
        data = text.encode("utf-8")
        for file in files:
            file.encode("utf-8")
    except UnicodeEncodeError:
        raise PioneerError("the request contains a lone surrogate, which is not valid Unicode") from None
    if problems := parse_text(data, path).problems:
        said = "; ".join(problem.message for problem in problems[:3])
        raise PioneerError(
            f"the request can't be converted to a valid spec: {said}", hint=problems[0].hint
        ) from Problems(problems)


def _name_of(stem: str) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:80]
    return name or "labelled-texts"


def _free_name(name: str, taken: set[str]) -> str:
    number = 1
    free = name
    while free.lower() in taken:
        number += 1
        free = f"{name}-{number}"
    return free
