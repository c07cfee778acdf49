"""`POST /generate` and `GET /generate/jobs/:job_id`."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from pioneer_build.engine import responses
from pioneer_build.engine.error_responses import ErrorAnswer
from pioneer_build.engine.placed_jobs import NoSuchPlace, PlacedJob, accept_at
from pioneer_build.engine.request_bodies import read_body
from pioneer_build.engine.requests import GenerateRequest, PlacedRequest
from pioneer_build.engine.stored_jobs import restore_job, used_by

if TYPE_CHECKING:
    from starlette.requests import Request

    from pioneer_build.answers.paid_answers import AcceptedJob
    from pioneer_build.engine.requests import PlaceBody
    from pioneer_build.engine.runtime import Runtime
    from pioneer_build.engine.stored_jobs import EngineJob


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
        wanted = await read_body(runtime, PlacedRequest if config.places else GenerateRequest, body)
        runtime.refuse_if_stuck()
        runtime.charge(wanted.num_examples)
        parts: list[Any] = [config.seed, wanted.canonical().decode(), wanted.num_examples]
        if runtime.answers is not None:
            parts.append(secrets.token_hex(16))  # whoever has its answers knows it by its id, whatever its project
        request = wanted.model_dump_json(exclude_none=True, exclude={"place"})
        placed = PlacedJob(json.dumps(parts), wanted.task_type, wanted.dataset_name, request)
        if isinstance(wanted, PlacedRequest) and wanted.place is not None:
            job = await self._accept_at(placed, wanted.place)
        else:
            job = await runtime.stored(
                runtime.state.accept,
                identity=placed.identity,
                task_type=placed.task_type,
                dataset_name=placed.dataset_name,
                request=placed.request,
                delay=config.latency,
            )
        runtime.wake_workers()
        return runtime.answer(JSONResponse(responses.accepted(job, config.vocabulary), 202))

    async def _accept_at(self, placed: PlacedJob, place: PlaceBody) -> EngineJob:
        """Stores a job whose request says which jobs it comes after.

        Args:
            placed: the job.
            place: which jobs.

        Raises:
            ErrorAnswer: 409, they can't be told.
        """
        runtime = self._runtime
        try:
            return await runtime.stored(accept_at, runtime.state, placed, place, runtime.config.latency)
        except NoSuchPlace:
            detail = f"The jobs that {place.job_id or 'it'} comes after are not here"
            raise ErrorAnswer(409, {"detail": detail}) from None

    async def poll(self, request: Request) -> Response:
        """`GET /generate/jobs/:job_id`."""
        runtime = self._runtime
        state, vocabulary = runtime.state, runtime.config.vocabulary
        job = await self._job(request.path_params["job_id"])
        if not job.finished:
            runtime.refuse_if_stuck()
            runtime.wake_workers()
        extra: dict[str, Any] = {}
        if runtime.answers is not None and vocabulary == "hosted":
            used = await runtime.stored(used_by, state, job)
            usage = used.usage if job.finished else await runtime.stored(runtime.answers.usage, job.job_id)
            extra = responses.used(usage) | ({"shortfall": used.shortfall} if used.shortfall else {})
        rows: list[dict[str, Any]] = []
        size = 0
        if job.status == "ready" and vocabulary == "hosted":
            rows = await runtime.stored(state.own_rows, job)
            size = await runtime.stored(state.size_through, job)
        return JSONResponse(responses.progress(job, vocabulary, rows=rows, size=size) | extra)

    async def _job(self, job_id: str) -> EngineJob:
        """A job of this engine, or one that another process accepted and has left: its answers say what it is.

        Raises:
            ErrorAnswer: 404, there is none.
        """
        runtime = self._runtime
        try:
            job = await runtime.stored(runtime.state.job, job_id)
        except KeyError:
            answers = runtime.answers
            accepted = await runtime.stored(answers.accepted, job_id) if answers is not None else None
            if accepted is None or not _is_good(accepted):
                raise ErrorAnswer(404, {"detail": "Job not found"}) from None
            return await runtime.stored(restore_job, runtime.state, accepted)
        if job.ended_elsewhere:
            raise ErrorAnswer(404, {"detail": f"Job not found: {job.error}"})
        return job


def _is_good(accepted: AcceptedJob) -> bool:
    """Whether a job from a store, which others may write, has a request as this engine would accept it."""
    try:
        request = GenerateRequest.model_validate_json(accepted.request)
    except ValidationError:
        return False
    return (request.dataset_name, request.task_type) == (accepted.dataset_name, accepted.task_type)
