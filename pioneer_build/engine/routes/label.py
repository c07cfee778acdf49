"""`POST /generate/{ner,classification}/label-existing`."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from pioneer_build.engine import responses
from pioneer_build.engine.error_responses import ErrorAnswer
from pioneer_build.engine.makers import MakerStopped, UnsupportedLabels
from pioneer_build.engine.request_bodies import read_body
from pioneer_build.engine.requests import LabelRequest
from pioneer_build.engine.runtime import shutting_down

if TYPE_CHECKING:
    from starlette.requests import Request

    from pioneer_build.engine.runtime import Runtime


class LabelRoutes:
    """Labels texts while the caller waits."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def find_entities(self, request: Request) -> Response:
        """`POST /generate/ner/label-existing`."""
        async with self._runtime.bodies.of(request) as body:
            return await self._label(body, "ner")

    async def classify(self, request: Request) -> Response:
        """`POST /generate/classification/label-existing`."""
        async with self._runtime.bodies.of(request) as body:
            return await self._label(body, "classification")

    async def _label(self, body: bytes, task_type: str) -> Response:
        runtime, config = self._runtime, self._runtime.config
        began = time.monotonic()
        wanted = await read_body(runtime, LabelRequest, body)
        runtime.refuse_if_busy()
        runtime.refuse_if_stuck()
        if runtime.strikes(config.fail, "fail-label"):
            raise ErrorAnswer(503, {"detail": "Simulated failure (--fail)"}, {"Retry-After": "1"})
        runtime.charge(len(wanted.inputs))
        answers = runtime.answers.of_texts() if runtime.answers is not None else None
        try:
            call = partial(runtime.makers.label, task_type, wanted, answers)
            labelled = await runtime.labelled(call)
        except MakerStopped:
            raise shutting_down() from None
        except UnsupportedLabels as unsupported:
            errors = [
                {"loc": ["body", "labels", i], "msg": "unsupported_label", "type": "unsupported_label"}
                for i, _ in enumerate(wanted.labels)
            ]
            raise ErrorAnswer(422, {"detail": str(unsupported), "errors": errors}) from None
        await asyncio.sleep(max(0.0, began + config.latency - time.monotonic()))
        sent = BackgroundTask(runtime.stored, answers.sent) if answers is not None else None
        if config.vocabulary == "hosted":
            shown = {"results": labelled.results, **labelled.notes, "engine_revision": runtime.makers.revision}
            return runtime.answer(JSONResponse(shown | responses.used(labelled.usage), background=sent))
        # the published response is a bare array: notes go into headers
        headers = {
            f"X-{name.replace('_', '-').title()}": _header(value) for name, value in labelled.notes.items() if value
        }
        return runtime.answer(JSONResponse(labelled.results, headers=headers, background=sent))


def _header(value: Any) -> str:
    """A list of labels (or labels and their types) as a header: percent-encoded, separated by commas."""
    parts = [f"{quote(k)}={quote(v)}" for k, v in value.items()] if isinstance(value, dict) else map(quote, value)
    return ",".join(parts)
