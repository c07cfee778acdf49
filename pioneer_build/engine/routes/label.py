"""`POST /generate/{ner,classification}/label-existing`."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from pioneer_build.engine.error_responses import ErrorAnswer, invalid_request
from pioneer_build.engine.labelling import UnsupportedLabels, classify, find_entities
from pioneer_build.engine.requests import LabelRequest, error_items
from pioneer_build.engine.revision import REVISION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from pioneer_build.engine.runtime import Runtime


@dataclass(frozen=True, slots=True)
class _Labelled:
    """One item per text, in order; and notes about labels, by their names in responses."""

    results: list[dict[str, Any]]
    notes: Mapping[str, Any]


class LabelRoutes:
    """Labels texts while the caller waits."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def find_entities(self, request: Request) -> Response:
        """`POST /generate/ner/label-existing`."""
        async with self._runtime.bodies.of(request) as body:
            return await self._label(body, _with_entities)

    async def classify(self, request: Request) -> Response:
        """`POST /generate/classification/label-existing`."""
        async with self._runtime.bodies.of(request) as body:
            return await self._label(body, _with_classes)

    async def _label(self, body: bytes, work: Callable[[LabelRequest, Callable[[], None]], _Labelled]) -> Response:
        runtime, config = self._runtime, self._runtime.config
        began = time.monotonic()
        try:
            wanted = LabelRequest.model_validate_json(body)
        except ValidationError as error:
            raise invalid_request(error_items(error)) from None
        runtime.refuse_if_busy()
        if runtime.strikes(config.fail, "fail-label"):
            raise ErrorAnswer(503, {"detail": "Simulated failure (--fail)"}, {"Retry-After": "1"})
        runtime.charge(len(wanted.inputs))
        try:
            labelled = await runtime.labelled(partial(work, wanted, runtime.refuse_if_ending))
        except UnsupportedLabels as unsupported:
            errors = [
                {"loc": ["body", "labels", i], "msg": "unsupported_label", "type": "unsupported_label"}
                for i, _ in enumerate(wanted.labels)
            ]
            raise ErrorAnswer(422, {"detail": str(unsupported), "errors": errors}) from None
        await asyncio.sleep(max(0.0, began + config.latency - time.monotonic()))
        if config.vocabulary == "hosted":
            results = {"results": labelled.results, **labelled.notes, "engine_revision": REVISION}
            return runtime.answer(JSONResponse(results))
        # the published response is a bare array: notes go into headers
        headers = {
            f"X-{name.replace('_', '-').title()}": _header(value) for name, value in labelled.notes.items() if value
        }
        return runtime.answer(JSONResponse(labelled.results, headers=headers))


def _with_entities(wanted: LabelRequest, go_on: Callable[[], None]) -> _Labelled:
    found = find_entities(wanted.labels, wanted.inputs, go_on)
    results = [
        {"text": text, "entities": [entity.as_dict() for entity in entities]}
        for text, entities in zip(wanted.inputs, found.entities, strict=True)
    ]
    notes = {"unsupported_labels": list(found.unsupported), "approximate_labels": dict(found.approximate)}
    return _Labelled(results, notes)


def _with_classes(wanted: LabelRequest, go_on: Callable[[], None]) -> _Labelled:
    go_on()
    chosen = classify(wanted.labels, wanted.inputs)
    return _Labelled([one.as_dict(text) for text, one in zip(wanted.inputs, chosen, strict=True)], {})


def _header(value: Any) -> str:
    """A list of labels (or labels and their types) as a header: percent-encoded, separated by commas."""
    parts = [f"{quote(k)}={quote(v)}" for k, v in value.items()] if isinstance(value, dict) else map(quote, value)
    return ",".join(parts)
