"""`pioneer.yaml` to `Settings`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from pioneer_build.keys import KEY_VARIABLES
from pioneer_build.parse.ambiguous_words import NULL
from pioneer_build.parse.between_specs import unknown_hint
from pioneer_build.parse.error_messages import report_at, report_errors, report_hidden, report_secret
from pioneer_build.parse.plain_data import node_at, plain
from pioneer_build.parse.schema import (
    SETTINGS_KEYS,
    ChecksShape,
    JudgeShape,
    LimitsShape,
    ModelShape,
    PricesShape,
    settings_adapter,
)
from pioneer_build.parse.source_text import TooManyProblems
from pioneer_build.parse.within_spec import report_checks
from pioneer_build.parse.yaml_nodes import read_documents
from pioneer_build.spec.base_url import URL_FAULTS, BadBaseUrl, BaseUrl
from pioneer_build.spec.model import checks_from
from pioneer_build.spec.settings import Settings, SpendingLimits, model_settings
from pioneer_build.spec.written_path import wrong_specs_folder, wrong_store_folder
from pioneer_build.wording import MAX_GUESSES, nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from yaml.nodes import Node

    from pioneer_build.errors import Problem
    from pioneer_build.parse.source_text import Source

_KEYS = {
    "": SETTINGS_KEYS,
    "checks": tuple(ChecksShape.__annotations__),
    "limits": tuple(LimitsShape.__annotations__),
    "model": tuple(ModelShape.__annotations__),
    "prices": tuple(PricesShape.__annotations__),
    "judge": tuple(JudgeShape.__annotations__),
}
_URL_HINT = "write it as https://host/path"
#: What can't be a key or have one in it; a line with anything else is not shown.
_NO_SECRET = re.compile(r"[A-Za-z_-]{1,16}|\w{1,8}|\w{1,8}:/{0,3}[a-z.-]{0,16}")
_BACKENDS = ("local", "model", "pioneer")
#: The name of a variable. A word without an underscore that is long and has digits is more likely a key.
_KEY_ENDINGS = ("_API_KEY", "_API_TOKEN")
_VARIABLE = re.compile(r"(?=.*_|.{1,15}\Z|[A-Z]+\Z)[A-Z_][A-Z0-9_]{0,63}")


def parse_settings(
    text: bytes, path: str, wrong_store: tuple[str, str] | None = None
) -> tuple[Settings | None, tuple[Problem, ...]]:
    """The settings in the bytes of a `pioneer.yaml`, or None and all errors; pure.

    A file that is empty, or has only comments, sets nothing. Whether folders exist is not checked here.

    Args:
        text: the bytes.
        path: of the file, for messages.
        wrong_store: what is wrong with the place of the store, and what to do, if that is known already.
    """
    problems: list[Problem] = []
    source, documents = read_documents(text, path, problems.append)
    documents = [
        root for root in documents if not (isinstance(root, ScalarNode) and root.tag == NULL and not root.value)
    ]
    settings = Settings()
    if len(documents) > 1:
        report_at(documents[1], source, "the settings must be one YAML document", hint="remove the ---", code="type")
    try:
        for root in documents[:1]:
            settings = _settings(root, source, problems, wrong_store)
    except TooManyProblems:
        problems.append(source.too_many())
    if problems:
        secret = {one.line for one in problems if one.code == "secret"}
        shown = {replace(one, source=None) if one.line in secret else one for one in problems}
        return None, tuple(sorted(shown, key=lambda p: (p.line, p.column, p.message)))
    return settings, ()


def unknown_in_settings(
    text: bytes, path: str, unknown: Collection[str], names: Collection[str]
) -> tuple[Problem, ...]:
    """The errors of names in `checks.no_overlap_with` that no dataset has; pure.

    Args:
        text: the bytes of a `pioneer.yaml` without other errors.
        path: of the file, for messages.
        unknown: the names that no dataset has.
        names: those of the datasets.
    """
    problems: list[Problem] = []
    source, documents = read_documents(text, path, problems.append)
    places = [node_at(root, ("checks", "no_overlap_with"))[0] for root in documents]
    named = [item for node in places if isinstance(node, SequenceNode) for item in node.value]
    in_order = sorted(names)
    try:
        for guesses, item in enumerate(item for item in named if item.value in unknown):
            hint = unknown_hint(nearest(item.value, in_order) if guesses < MAX_GUESSES else None)
            report_at(item, source, f"there is no dataset {item.value!r}", hint=hint, code="unknown-dataset")
    except TooManyProblems:
        problems.append(source.too_many())
    return tuple(problems)


def _settings(root: Node, source: Source, problems: list[Problem], wrong_store: tuple[str, str] | None) -> Settings:
    if not isinstance(root, MappingNode):
        report_at(
            root,
            source,
            "the settings must be a mapping of keys to values",
            hint="such as backend: local",
            code="type",
        )
        return Settings()
    data = plain(root, source)
    try:
        settings_adapter().validator.validate_python(data)
    except ValidationError as error:
        report_errors(error.errors(include_url=False, include_input=False), root, source, _KEYS, {})
    _urls(data, root, source)
    _model(data, root, source)
    _paths(data, root, source, wrong_store)
    if isinstance(data.get("checks"), dict):
        report_checks(data["checks"], root, source)
    if problems:
        return Settings()
    data.pop("version", None)
    if "checks" in data:
        data["checks"] = checks_from(data["checks"])
    if "limits" in data:
        data["limits"] = SpendingLimits(**data["limits"])
    if "model" in data:
        data["model"] = model_settings(data["model"])
    return Settings(**data)


def _paths(data: dict[str, Any], root: Node, source: Source, wrong_store: tuple[str, str] | None) -> None:
    store, specs = data.get("store"), data.get("specs")
    if isinstance(store, str) and store.strip() and (found := wrong_store_folder(store) or wrong_store) is not None:
        if "@" in store.partition(":")[2]:
            report_secret(node_at(root, ("store",))[0], source, "'store' contains a user name or password")
            return
        wrong, hint = found
        report_at(node_at(root, ("store",))[0], source, f"'store' must be a folder: {wrong}", hint=hint, code="path")
    if isinstance(specs, str) and specs.strip() and (found := wrong_specs_folder(specs)) is not None:
        wrong, hint = found
        report_at(node_at(root, ("specs",))[0], source, f"'specs' must be a folder: {wrong}", hint=hint, code="path")


def _urls(data: dict[str, Any], root: Node, source: Source) -> None:
    for key in ("backend", "base_url"):
        value = data.get(key)
        if isinstance(value, str) and value.strip() and not (key == "backend" and value in _BACKENDS):
            _url(value, (key,), root, source)


def _url(value: str, place: tuple[int | str, ...], root: Node, source: Source) -> None:
    """Reports what is wrong with a base URL.

    Args:
        value: as written.
        place: where it is in the data of `root`.
        root: the tree of the document.
        source: the text of the file, which problems are reported to.
    """
    node, _ = node_at(root, place)
    try:
        BaseUrl.parse(value)
    except BadBaseUrl as error:
        fault = error.fault
    else:
        return
    key = next(step for step in reversed(place) if isinstance(step, str))
    if fault == "secret":
        report_secret(node, source, f"{key!r} contains a user name or password")
        return
    choice = "local, model, pioneer or a base URL" if key == "backend" else "a base URL"
    message = f"{key!r} must be {choice}: {URL_FAULTS[fault]}"
    if _NO_SECRET.fullmatch(value):
        meant = nearest(value, _BACKENDS) if key == "backend" else None
        hint = f"did you mean {meant!r}?" if meant else _URL_HINT
        report_at(node, source, message, hint=hint, code="url")
    else:
        variable = "api_key_env names its variable" if len(place) > 1 else "keys belong into PIONEER_API_KEY"
        report_hidden(node, source, message, hint=f"{_URL_HINT}; {variable}", code="url")


def _model(data: dict[str, Any], root: Node, source: Source) -> None:
    """Reports what a schema can't tell of `model`: URLs, keys instead of their variables, and what is missing."""
    model = data.get("model")
    if data.get("backend") == "model" and model is None:
        hint = "model: {base_url: http://127.0.0.1:8000/v1, name: NAME}"
        report_at(
            node_at(root, ("backend",))[0], source, "`backend: model` needs `model`", hint=hint, code="missing-key"
        )
    if not isinstance(model, dict):
        return
    if model.get("prices") is None and model.get("currency") is not None:
        node = node_at(root, ("model", "currency"))[0]
        report_at(
            node, source, "'currency' is that of 'prices', which are missing", hint="add prices", code="missing-key"
        )
    for place, value in ((("model",), model), (("model", "judge"), model.get("judge"))):
        if not isinstance(value, dict):
            continue
        urls = value.get("base_url")
        for at, url in enumerate(urls if isinstance(urls, list) else [urls]):
            if isinstance(url, str) and url.strip():
                _url(url, (*place, "base_url", at) if isinstance(urls, list) else (*place, "base_url"), root, source)
        variable = value.get("api_key_env")
        if isinstance(variable, str) and variable.strip() and not _VARIABLE.fullmatch(variable):
            message = "'api_key_env' must be the name of an environment variable, in capital letters"
            hint = "such as OPENAI_API_KEY; if this is a key, revoke it: it must not be in a file"
            report_hidden(node_at(root, (*place, "api_key_env"))[0], source, message, hint=hint, code="secret")
        elif isinstance(variable, str) and variable.strip():
            _key_variable(variable, node_at(root, (*place, "api_key_env"))[0], source)


def _key_variable(name: str, node: Node, source: Source) -> None:
    """Reports a variable that is not for the key of a model: a repository chooses the name and the address."""
    if name in KEY_VARIABLES:
        message = f"'api_key_env' can't be {name}: that key is for another service, and would be sent to the model"
    elif not name.endswith(_KEY_ENDINGS):
        message = "'api_key_env' must end in _API_KEY or _API_TOKEN: its value is sent to the model's address"
    else:
        return
    hint = "put the model's key into a variable of its own, such as OPENAI_API_KEY or MODEL_API_KEY"
    report_at(node, source, message, hint=hint, code="secret")
