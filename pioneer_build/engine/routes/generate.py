"""`POST /generate` and `GET /generate/jobs/:job_id`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from pioneer_build.engine import responses
from pioneer_build.engine.error_responses import ErrorAnswer
from pioneer_build.engine.request_bodies import read_body
from pioneer_build.engine.requests import GenerateRequest

if TYPE_CHECKING:
    from starlette.requests import Request

    from pioneer_build.engine.runtime import Runtime


class GenerateRoutes:
    """Accepts jobs, and reports their status."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def accept(self, request: Request) -> Response:
        """`POST /generate`: stores a job durably before responding."""
        async with self._runtime.bodies.of(request) as body:
            return await self._accept(body)

    async def _accept(self, body: bytes) -> Response:
        runtime, config = self._runtime, self._runtime.config
        wanted = await read_body(runtime, GenerateRequest, body)
        runtime.refuse_if_stuck()
        runtime.charge(wanted.num_examples)
        identity = json.dumps([config.seed, wanted.canonical().decode(), wanted.num_examples])
        job = await runtime.stored(
            runtime.state.accept,
            identity=identity,
            task_type=wanted.task_type,
            dataset_name=wanted.dataset_name,
            request=wanted.model_dump_json(exclude_none=True),
            delay=config.latency,
        )
        runtime.wake_workers()
        return runtime.answer(JSONResponse(responses.accepted(job, config.vocabulary), 202))

    async def poll(self, request: Request) -> Response:
        """`GET /generate/jobs/:job_id`."""
        runtime = self._runtime
        state, vocabulary = runtime.state, runtime.config.vocabulary
        try:
            job = await runtime.stored(state.job, request.path_params["job_id"])
        except KeyError:
            raise ErrorAnswer(404, {"detail": "Job not found"}) from None
        if not job.finished:
            runtime.refuse_if_stuck()
            runtime.wake_workers()
        extra: dict[str, Any] = {}
        if runtime.answers is not None and vocabulary == "hosted":
            usage = await runtime.stored(runtime.answers.usage, job.job_id)
            shortfall = await runtime.stored(runtime.answers.shortfall, job.job_id)
            extra = responses.used(usage) | ({"shortfall": shortfall} if shortfall else {})
        rows: list[dict[str, Any]] = []
        size = 0
        if job.status == "ready" and vocabulary == "hosted":
            rows = await runtime.stored(state.own_rows, job)
            size = await runtime.stored(state.size_through, job)
        return JSONResponse(responses.progress(job, vocabulary, rows=rows, size=size) | extra)
