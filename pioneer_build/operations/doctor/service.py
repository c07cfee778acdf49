"""The service: key, address, routes, clock. Nothing that costs is sent, and the key is never shown."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import NoAccess, ServiceError
from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.service.probe import probe
from pioneer_build.spec.base_url import BaseUrl

if TYPE_CHECKING:
    from pioneer_build.project.config import Config
    from pioneer_build.service.probe import Probed

_VARIABLES: Final = ("PIONEER_API_KEY", "FASTINO_API_KEY")
#: A clock that is off by more makes dates of `Retry-After` and of certificates wrong, in seconds.
_SKEW: Final = 60.0


def examine(config: Config) -> list[DoctorFinding]:
    """Everything about the backend in force."""
    if config.base_url is None:
        return [DoctorFinding("backend", "good", "local: the embedded engine, no key and no network")]
    findings = [DoctorFinding("backend", "good", f"{config.backend}: {config.base_url}{_why()}")]
    findings += _key(config, BaseUrl.parse(config.base_url))
    if config.api_key is None:
        return findings
    try:
        probed = asyncio.run(probe(config.base_url, config.api_key))
    except NoAccess as error:
        return [*findings, DoctorFinding("key", "wrong", error.message, error.hint)]
    except ServiceError as error:
        return [*findings, DoctorFinding("routes", "wrong", error.message, error.hint)]
    return [*findings, *_routes(probed), *_clock(probed)]


def _why() -> str:
    """Where the address comes from, if not from the project."""
    return " (by PIONEER_BASE_URL)" if os.environ.get("PIONEER_BASE_URL") else ""


def _key(config: Config, url: BaseUrl) -> list[DoctorFinding]:
    set_ones = [name for name in _VARIABLES if os.environ.get(name, "").strip()]
    if config.api_key is None:
        return [DoctorFinding("key", "wrong", f"no key for {config.base_url}", "export PIONEER_API_KEY=…")]
    name = next((one for one in set_ones if os.environ[one].strip() == config.api_key), set_ones[0])
    findings = [DoctorFinding("key", "good", f"taken from {name} ({len(config.api_key)} characters, not shown)")]
    if len(set_ones) > 1 and os.environ[set_ones[0]].strip() != os.environ[set_ones[1]].strip():
        other = next(one for one in set_ones if one != name)
        findings.append(
            DoctorFinding("key", "note", f"{other} is set too, and isn't used for this address", f"unset {other}")
        )
    if not (url.encrypted or url.loopback):
        text = f"the key goes to {url.host} unencrypted: the base URL isn't https"
        findings.append(DoctorFinding("key", "wrong", text, f"export PIONEER_BASE_URL=https://{url.where}{url.path}"))
    return findings


def _routes(probed: Probed) -> list[DoctorFinding]:
    findings = []
    if isinstance(probed.jobs, NoAccess):
        findings.append(DoctorFinding("key", "wrong", probed.jobs.message, probed.jobs.link or probed.jobs.hint))
    elif probed.jobs is not None:
        findings.append(DoctorFinding("routes", "wrong", probed.jobs.message, probed.jobs.hint))
    elif not probed.sure:
        text = "/generate answers 'not found', as any address there might: perhaps the base URL isn't right"
        findings.append(DoctorFinding("routes", "note", text, "check PIONEER_BASE_URL, or base_url in pioneer.yaml"))
    else:
        findings.append(DoctorFinding("routes", "good", "/generate answers, and takes the key"))
    match probed.datasets:
        case True:
            findings.append(DoctorFinding("routes", "good", "it lists versions: rows can be looked at"))
        case False:
            text = "it doesn't list versions: rows that a job doesn't bring along can't be looked at"
            findings.append(DoctorFinding("routes", "note", text))
        case ServiceError():
            text = f"its dataset endpoints: {probed.datasets.message}"
            findings.append(DoctorFinding("routes", "note", text, probed.datasets.hint))
        case None:
            pass
    return findings


def _clock(probed: Probed) -> list[DoctorFinding]:
    if probed.ahead is None:
        return [DoctorFinding("clock", "note", "the service sends no date to compare this machine's clock with")]
    if abs(probed.ahead) <= _SKEW:
        return [DoctorFinding("clock", "good", f"within {max(1, round(abs(probed.ahead)))} s of the service's")]
    which = "behind" if probed.ahead > 0 else "ahead of"
    text = f"this machine's clock is {abs(probed.ahead):,.0f} s {which} the service's"
    return [DoctorFinding("clock", "wrong", text, "sudo timedatectl set-ntp true")]
