"""The effective settings: flags override the environment, which overrides `pioneer.yaml`, which overrides defaults."""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.keys import SERVICE_KEY_VARIABLES, key_variables, name_key_variable
from pioneer_build.keys.spellings import KeySpellings
from pioneer_build.paths import data_folder
from pioneer_build.project.key_check import refuse_long_key
from pioneer_build.spec.base_url import URL_FAULTS, BadBaseUrl, BaseUrl
from pioneer_build.spec.model import Checks
from pioneer_build.spec.request_limits import REQUESTS_PER_MINUTE
from pioneer_build.spec.written_path import is_in_home

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pioneer_build.spec.settings import ModelSettings, Settings

#: Where the service is published; the first is the default. All of them are the backend `pioneer`.
PUBLISHED_URLS = ("https://api.pioneer.ai", "https://api.fastino.ai/v1")
MAX_OPEN_JOBS = 100
_LONGEST_NUMBER = 9
#: A wrong value is only repeated in a message if it can't be a key that got into the wrong variable.
_NO_KEY = re.compile(r"[A-Za-z_-]{1,16}|[\w.+-]{1,8}")


@dataclass(frozen=True, slots=True)
class Config:
    """The effective settings of one run.

    `backend` is the name of the backend in the lock: `local`, `model/NAME`, `pioneer`, or a base URL. `base_url` is
    where requests go (`None` for an engine in this process: the local one, and that of a model). `specs` is the folder
    of the specs, relative to the project; `store` is absolute if the project's folder is. `requests_per_minute` is the
    rate limit of the generate endpoints (`None` for an engine in this process, which has no limit). `max_requests` and
    `max_examples` limit the paid requests and the requested rows of one `apply`; `None` is no limit. `split_lock` says
    whether a new lock is split. `model` is the model of the backend `model`, `None` for all others. `api_key` never
    appears in the representation; `key_variable` is the environment variable that it is from.
    """

    backend: str
    base_url: str | None
    specs: str
    requests_per_minute: int | None
    max_open_jobs: int
    store: Path
    seed: int
    checks: Checks
    max_requests: int | None
    max_examples: int | None
    split_lock: bool
    model: ModelSettings | None = None
    api_key: str | None = field(default=None, repr=False)
    key_variable: str = SERVICE_KEY_VARIABLES[0]

    @property
    def in_process(self) -> bool:
        """Whether the backend runs in this process: the local engine, or a model's. Its jobs belong to the project."""
        return self.base_url is None

    @property
    def free(self) -> bool:
        """Whether the backend's work costs nothing and can be done again: only the local engine's."""
        return self.in_process and self.model is None


def resolve(
    settings: Settings, root: Path, backend: str | None = None, environ: Mapping[str, str] = os.environ
) -> Config:
    """The effective settings.

    Args:
        settings: the settings in `pioneer.yaml`.
        root: the project's folder; a relative `store` is relative to it.
        backend: the flag `--backend`, if it was given.
        environ: the environment variables.

    Raises:
        PioneerError: a flag or variable has an invalid value, a setting contains the API key, or a key is too long.
    """
    chosen = backend or environ.get("PIONEER_BACKEND") or settings.backend or "pioneer"
    url = environ.get("PIONEER_BASE_URL") or settings.base_url
    for one in (settings.model, settings.model and settings.model.judge):
        if one is not None and one.api_key_env is not None:
            name_key_variable(one.api_key_env)
    refuse_long_key(environ)  # also that of a model
    _refuse_the_key({"backend": chosen, "base URL": url, "setting `specs`": settings.specs}, environ)
    _refuse_the_key({"setting `store`": settings.store}, environ)
    _refuse_the_key({"setting `model`": repr(settings.model)}, environ)
    model = _chosen_model(settings) if chosen == "model" else None
    identity, base_url = _identity_and_url(chosen, url) if model is None else (f"model/{model.name}", None)
    limit = _requests_per_minute(environ) or settings.requests_per_minute or REQUESTS_PER_MINUTE
    variable = _key_variable(environ, base_url)
    return Config(
        backend=identity,
        base_url=base_url,
        specs=posixpath.normpath(settings.specs or "specs"),
        requests_per_minute=None if base_url is None else limit,
        max_open_jobs=settings.max_open_jobs or MAX_OPEN_JOBS,
        store=_store(settings.store, root, environ),
        seed=settings.seed or 0,
        checks=settings.checks or Checks(),
        max_requests=settings.limits.max_requests if settings.limits else None,
        max_examples=settings.limits.max_examples if settings.limits else None,
        split_lock=settings.lock == "split",
        model=model,
        api_key=environ[variable].strip() if variable is not None else None,
        key_variable=variable or SERVICE_KEY_VARIABLES[0],
    )


def _chosen_model(settings: Settings) -> ModelSettings:
    if settings.model is None:
        raise PioneerError(
            "the backend `model` needs the setting `model`",
            hint="add to pioneer.yaml:  model: {base_url: http://127.0.0.1:8000/v1, name: NAME}",
        )
    return settings.model


def _store(written: str | None, root: Path, environ: Mapping[str, str]) -> Path:
    """The folder of the store. `parse.settings` refuses what can't be one."""
    if written is None:
        return data_folder(environ) / "store"
    if not is_in_home(written):
        return root / written
    home = environ.get("HOME", "")
    if not home.startswith("/"):
        raise PioneerError(
            f"pioneer.yaml has `store: {written}`, but HOME is not set to an absolute path",
            hint="export HOME=/your/home, or write the whole path",
        )
    return root / home / written[2:]


def normal_url(url: str) -> str:
    """`url` in its normal form: see `BaseUrl`.

    Raises:
        PioneerError: it is not an HTTP URL, or it contains a user, password, query or fragment.
    """
    try:
        return BaseUrl.parse(url.strip()).text
    except BadBaseUrl as error:
        fault = error.fault
    if fault in ("scheme", "host"):
        raise PioneerError(
            f"'{url if _NO_KEY.fullmatch(url) else '…'}' is not a backend",
            hint="use `local`, `model`, `pioneer`, or a base URL (https://host/path)",
        )
    is_plain = fault in ("unreadable", "port")
    hint = "PIONEER_BASE_URL=https://host/path" if is_plain else "set the key only in PIONEER_API_KEY"
    raise PioneerError(f"the base URL is wrong: {URL_FAULTS[fault]}", hint=hint)


def _refuse_the_key(values: Mapping[str, str | None], environ: Mapping[str, str]) -> None:
    """Raises a `PioneerError` if a setting contains a key: settings are shown, and the backend is in the lock.

    Args:
        values: settings, by what they are called in a message.
        environ: the environment variables.
    """
    for variable in key_variables():
        if not (key := environ.get(variable, "").strip()):
            continue
        spellings = KeySpellings(key)
        for name, value in values.items():
            if value and not spellings.guessable and spellings.occurs_in_bytes(os.fsencode(value)):
                hint = f"set the key only in {variable}; revoke it if it was committed"
                raise PioneerError(f"the {name} contains the API key", hint=hint)


def _identity_and_url(chosen: str, base_url: str | None) -> tuple[str, str | None]:
    """The backend's identity, and where its requests go."""
    if chosen == "local":
        return "local", None
    url = normal_url((base_url or PUBLISHED_URLS[0]) if chosen == "pioneer" else chosen)
    return ("pioneer" if url in PUBLISHED_URLS else url), url


def _requests_per_minute(environ: Mapping[str, str]) -> int | None:
    text = environ.get("PIONEER_REQUESTS_PER_MINUTE", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER or int(text) < 1:
        shown = text if _NO_KEY.fullmatch(text) else "…"
        hint = "set it to a whole number, 1 or more"
        raise PioneerError(f"PIONEER_REQUESTS_PER_MINUTE can't be '{shown}'", hint=hint)
    return int(text)


def _key_variable(environ: Mapping[str, str], base_url: str | None) -> str | None:
    """Which variable has the key of a service: of those that both of its names have, the one of this name first."""
    if base_url is None:
        return None
    fastino = f".{BaseUrl.parse(base_url).host}".endswith(".fastino.ai")
    variables = reversed(SERVICE_KEY_VARIABLES) if fastino else SERVICE_KEY_VARIABLES
    return next((variable for variable in variables if environ.get(variable, "").strip()), None)
