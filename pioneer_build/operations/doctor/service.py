"""The service: key, base URL, endpoints. No job is submitted, and the key is never shown."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from pioneer_build.errors import NoAccess, ServiceError
from pioneer_build.keys import SERVICE_KEY_VARIABLES
from pioneer_build.operations.doctor.clock import clock
from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.spec.base_url import BaseUrl
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.project.config import Config
    from pioneer_build.service.probe import Probed


def examine(config: Config) -> list[DoctorFinding]:
    """All findings about the selected backend."""
    if config.model is not None:
        where = ", ".join(BaseUrl.parse(url).text for url in config.model.base_url)
        findings = [DoctorFinding("backend", "good", f"{config.backend}: {where}")]
        try:
            from pioneer_build.operations.doctor.language_model import language_model  # the extra `model`
        except ModuleNotFoundError as error:
            text = f"the backend `model` needs a package that is not installed: {error.name}"
            return [*findings, DoctorFinding("extras", "wrong", text, "pip install 'pioneer-build[model]'")]
        return [*findings, *language_model(config.model)]
    if config.base_url is None:
        return [DoctorFinding("backend", "good", "local: the local engine; needs no key and no network")]
    name = "" if config.backend == config.base_url else f"{config.backend}: "
    findings = [DoctorFinding("backend", "good", f"{name}{config.base_url}{_why()}")]
    findings += _key(config, BaseUrl.parse(config.base_url))
    if config.api_key is None:
        return findings
    from pioneer_build.service.probe import probe  # httpx: a broken one must not keep doctor from what is local

    try:
        probed = asyncio.run(probe(config.base_url, config.api_key, config.key_variable))
    except NoAccess as error:
        return [*findings, DoctorFinding("key", "wrong", error.message, error.hint)]
    except ServiceError as error:
        return [*findings, DoctorFinding("endpoints", "wrong", error.message, error.hint)]
    return [*findings, *_endpoints(probed), *clock(probed)]


def _why() -> str:
    """Where the base URL comes from, if not from the project."""
    return " (from PIONEER_BASE_URL)" if os.environ.get("PIONEER_BASE_URL") else ""


def _key(config: Config, url: BaseUrl) -> list[DoctorFinding]:
    name, set_ones = config.key_variable, [one for one in SERVICE_KEY_VARIABLES if os.environ.get(one, "").strip()]
    if config.api_key is None:
        return [DoctorFinding("key", "wrong", f"no API key for {config.base_url}", "export PIONEER_API_KEY=…")]
    findings = [DoctorFinding("key", "good", f"from {name} ({count(len(config.api_key), 'character')}, not shown)")]
    if len(set_ones) > 1 and os.environ[set_ones[0]].strip() != os.environ[set_ones[1]].strip():
        other = next(one for one in set_ones if one != name)
        findings.append(
            DoctorFinding("key", "note", f"{other} is also set, but not used for this base URL", f"unset {other}")
        )
    if not (url.encrypted or url.loopback):
        text = f"the key would be sent to {url.host} unencrypted: the base URL isn't https"
        findings.append(DoctorFinding("key", "wrong", text, f"export PIONEER_BASE_URL=https://{url.where}{url.path}"))
    return findings


def _endpoints(probed: Probed) -> list[DoctorFinding]:
    findings = []
    if isinstance(probed.jobs, NoAccess):
        findings.append(DoctorFinding("key", "wrong", probed.jobs.message, probed.jobs.link or probed.jobs.hint))
    elif probed.jobs is not None:
        findings.append(DoctorFinding("endpoints", "wrong", probed.jobs.message, probed.jobs.hint))
    elif not probed.sure:
        text = "/generate returns 404 (not found): the base URL may be wrong"
        findings.append(DoctorFinding("endpoints", "note", text, "check PIONEER_BASE_URL, or base_url in pioneer.yaml"))
    else:
        findings.append(DoctorFinding("endpoints", "good", "/generate responds and accepts the key"))
    match probed.datasets:
        case True:
            findings.append(DoctorFinding("endpoints", "good", "the service lists versions: rows can be verified"))
        case False:
            text = "the service doesn't list versions: rows can be verified only if the job itself returns them"
            findings.append(DoctorFinding("endpoints", "note", text))
        case ServiceError():
            text = f"dataset endpoints: {probed.datasets.message}"
            findings.append(DoctorFinding("endpoints", "note", text, probed.datasets.hint))
        case None:
            pass
    return findings
