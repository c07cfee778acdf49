"""Makes a folder a project: writes what isn't there, and never over what is.

Also turns existing requests of the API into specs (`init --from`).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pioneer_build.errors import PioneerError, Problems
from pioneer_build.operations.init.spec_yaml import plain_names, spec_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pioneer_build.operations.init.curl_calls import Request
    from pioneer_build.project.open import Project

#: The keys of a request, in the order a spec has them.
_KEYS: Final = (
    "dataset_name", "task_type", "labels", "num_examples", "domain_description", "classified_examples", "prompt",
    "inputs",
)  # fmt: skip
#: More texts than this go into a file of their own.
_MOST_INLINE: Final = 20


@dataclass(frozen=True, slots=True)
class Written:
    """What was done: paths relative to the project. `driver` is the merge driver's state; `None` outside of git."""

    new: tuple[str, ...]
    extended: tuple[str, ...]
    kept: tuple[str, ...]
    driver: bool | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A spec made of a request: its file's path and text, other files it needs, and the keys that were left out."""

    dataset_name: str
    path: str
    text: str
    files: Mapping[str, str]
    left_out: tuple[str, ...]


def initialise(project: Project, drafts: Sequence[Draft] = ()) -> Written:
    """Writes settings, specs, schemas and lines for git, as far as they aren't there.

    Args:
        project: the folder, opened. Its `specs` setting is honoured.
        drafts: specs to write; without any the starter's, if there are neither specs nor a lock.

    Raises:
        PioneerError: a file can't be written, or a draft's file exists. Before the first write.
    """
    from pioneer_build import git
    from pioneer_build.operations.init import starter
    from pioneer_build.parse.json_schema import settings_schema, spec_schema
    from pioneer_build.project.open import SETTINGS_NAME
    from pioneer_build.project.specs import spec_files

    root, folder = project.root, project.config.specs.strip("/") or "."
    for draft in drafts:
        for path in (draft.path, *draft.files):
            if (root / path).exists():
                raise PioneerError(
                    f"{path} exists already", hint="init never overwrites: move it, or rename the dataset"
                )
    texts = {
        SETTINGS_NAME: starter.settings_text(project.config.specs),
        starter.SPEC_SCHEMA: _json(spec_schema()),
        starter.SETTINGS_SCHEMA: _json(settings_schema()),
    }
    for draft in drafts:
        texts |= {draft.path: draft.text, **draft.files}
    if not drafts and not spec_files(root, folder)[0] and project.lockfile.signature() is None:
        texts |= starter.starter_specs(folder)
    new: list[str] = []
    kept: list[str] = []
    for path, text in texts.items():
        (new if _write_new(root / path, text) else kept).append(path)
    extended: list[str] = []
    for name, lines in ((".gitignore", starter.IGNORED), (".gitattributes", starter.ATTRIBUTES)):
        existed = (root / name).exists()
        if _add_lines(root / name, lines):
            (extended if existed else new).append(name)
        else:
            kept.append(name)
    driver = git.set_driver(root) if git.is_in_repository(root) else None
    return Written(tuple(new), tuple(extended), tuple(kept), driver)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _write_new(path: Path, text: str) -> bool:
    """Writes a file that isn't there; whether it was written. Links are never followed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        if not path.parent.is_dir():
            raise PioneerError(f"can't write {path}: {path.parent} is no folder") from None
        return False
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(fd, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)  # half a file would count as there
        raise _unwritable(path, error) from None
    return True


def _add_lines(path: Path, lines: Iterable[str]) -> bool:
    """Appends those of `lines` that the file doesn't have; whether there were any."""
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
        have = {line.strip() for line in text.splitlines()}
        missing = [line for line in lines if line not in have]
        if not any(line for line in missing if not line.startswith("#")):
            return False
        gap = "" if not text or text.endswith("\n") else "\n"
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(gap + "".join(f"{line}\n" for line in missing))
    except OSError as error:
        raise _unwritable(path, error) from None
    return True


def _unwritable(path: Path, error: OSError) -> PioneerError:
    return PioneerError(f"can't write {path}: {error.strerror}")


# -- specs of requests ---------------------------------------------------------------------------------------------


def drafts_of(requests: Sequence[Request], stem: str, folder: str, taken: Iterable[str] = ()) -> list[Draft]:
    """Specs that stand for `requests`.

    Args:
        requests: what was read.
        stem: what a dataset is called whose request has no name (label-existing): a file's name, say.
        folder: where specs are kept, relative to the project.
        taken: names of datasets that exist.

    Raises:
        PioneerError: a request is none that a spec can stand for.
    """
    names = {name.lower() for name in taken}
    drafts: list[Draft] = []
    for request in requests:
        draft = _draft(request, stem, folder, names)
        names.add(draft.dataset_name.lower())
        drafts.append(draft)
    return drafts


def _draft(request: Request, stem: str, folder: str, taken: set[str]) -> Draft:
    from pioneer_build.operations.init.starter import schema_seen_from

    body = {key: value for key, value in request.body.items() if value is not None}
    given = body.get("dataset_name")
    name = given if isinstance(given, str) else _free_name(_name_of(stem), taken)
    if name.lower() in taken:
        raise PioneerError(f"there is a dataset '{name}' already", hint="edit its spec: two specs can't share a name")
    body["dataset_name"] = name
    if request.label_task is not None:
        body.setdefault("task_type", request.label_task)
    if "inputs" in body and "task_type" not in body:
        raise PioneerError(
            "the request doesn't say for which task the texts are to be labelled",
            hint='add "task_type": "ner" or "classification" to the JSON',
        )
    if isinstance(number := body.get("num_examples"), float) and number.is_integer():
        body["num_examples"] = int(number)
    files: dict[str, str] = {}
    safe = name if re.fullmatch(r"[A-Za-z0-9._-]+", name) else "dataset"
    texts = body.get("inputs")
    if isinstance(texts, list) and len(texts) > _MOST_INLINE and all(isinstance(text, str) for text in texts):
        files[f"{folder}/data/{safe}.jsonl"] = "".join(
            json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts
        )
        body["inputs"] = f"data/{safe}.jsonl"
    left_out = tuple(sorted(str(key) for key in body if key not in _KEYS))
    lines = [f"# yaml-language-server: $schema={schema_seen_from(folder)}"]
    if shown := plain_names(left_out):
        lines.append(f"# left out, a spec has no such key: {shown}")
    spec: dict[str, Any] = {"version": 1} | {key: body[key] for key in _KEYS if key in body}
    path = f"{folder}/{safe}.yaml"
    text = "\n".join(lines) + "\n" + spec_text(spec)
    _judge(text, path)
    return Draft(name, path, text, files, left_out)


def _judge(text: str, path: str) -> None:
    """Refuses a spec that would not be valid: nothing is written then."""
    from pioneer_build.parse import parse_text

    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        raise PioneerError("the request holds a lone surrogate, which is no Unicode text") from None
    if problems := parse_text(data, path).problems:
        said = "; ".join(problem.message for problem in problems[:3])
        raise PioneerError(f"the request makes no valid spec: {said}", hint=problems[0].hint) from Problems(problems)


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
