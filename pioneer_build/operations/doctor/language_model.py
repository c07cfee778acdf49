"""The language model of `backend: model`, and its judge: each server's models, and what it understands."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import PioneerError
from pioneer_build.model.refusals import ABOUT_THE_KEY
from pioneer_build.model.server_check import probe_model
from pioneer_build.operations.model_makers import endpoints
from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.model.server_check import ModelProbe
    from pioneer_build.model.values import Endpoint
    from pioneer_build.spec.settings import ModelSettings

_SHOWN: Final = 8
_NAME: Final = "set `name` of `model` in pioneer.yaml to one of them, or load the model"
_START: Final = "start the server, or change `base_url` of `model` in pioneer.yaml"


def language_model(settings: ModelSettings) -> list[DoctorFinding]:
    """What each server of the model and of its judge says; one small call is sent to each."""
    findings = []
    try:
        for endpoint in endpoints(settings):
            if endpoint is not None:
                for url in endpoint.urls:
                    probed = asyncio.run(probe_model(url, endpoint))
                    findings += [_key(url.where, endpoint), *_about(f"{url.where}: {endpoint.name}", endpoint, probed)]
    except PioneerError as error:
        findings.append(DoctorFinding("key", "wrong", error.message, error.hint))
    return findings


def _key(where: str, endpoint: Endpoint) -> DoctorFinding:
    """What is sent to a server as its key."""
    if endpoint.key is None:
        return DoctorFinding("key", "good", f"no key is sent to {where}: `{endpoint.setting}` sets no `api_key_env`")
    length = count(len(endpoint.key), "character")
    return DoctorFinding(
        "key", "good", f"the value of {endpoint.key_variable} is sent to {where} ({length}, not shown)"
    )


def _about(who: str, endpoint: Endpoint, probed: ModelProbe) -> list[DoctorFinding]:
    findings, name = [], endpoint.name
    if probed.names is not None and name not in probed.names:
        more = f" and {len(probed.names) - _SHOWN:,} more" if len(probed.names) > _SHOWN else ""
        there = ", ".join(probed.names[:_SHOWN]) + more or "none"
        text = f"{who} is not among {count(len(probed.names), 'model')} of the server: {there}"
        findings.append(DoctorFinding("model", "wrong" if probed.trouble else "note", text, _NAME))
    elif probed.names is not None:
        findings.append(DoctorFinding("model", "good", f"{who} is one of {count(len(probed.names), 'model')} there"))
    if probed.trouble is not None:
        hint = endpoint.key_advice if probed.refused in ABOUT_THE_KEY else _START
        return [*findings, DoctorFinding("model", "wrong", f"{who}: {probed.trouble}", hint)]
    chances = "token probabilities" if probed.probabilities else "no token probabilities"
    form = "JSON only because the prompt asks for it" if probed.form == "text" else f"`{probed.form}`"
    text = f"{who} answers with {form}, and {chances}"
    if not probed.fits:
        text += "; the answer to a test was not as asked: expect many refused rows"
    return [*findings, DoctorFinding("model", "good" if probed.fits else "note", text)]
