"""The ASGI application: the service's HTTP contract over this machine's engine.

Handlers judge and answer; whatever computes runs on threads. Nothing starts before it is needed: an
in-process client calls no lifespan, so the crew and the models start with the first request that wants them.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from pioneer_build.engine import downloads
from pioneer_build.engine import responses as answers
from pioneer_build.engine.admission import Budget, SlidingWindow
from pioneer_build.engine.generating.produce import produce
from pioneer_build.engine.labelling import UnsupportedLabels, classify, find_entities
from pioneer_build.engine.openapi import document
from pioneer_build.engine.requests import GenerateRequest, LabelRequest, complaints
from pioneer_build.engine.revision import REVISION
from pioneer_build.engine.state import InUse, Job, State
from pioneer_build.engine.workers import Crew, rehearsed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from pioneer_build.engine.config import EngineConfig

T = TypeVar("T")

#: Label requests that may wait for a thread before further ones are answered 503.
_MAX_WAITING = 32
#: The dataset endpoints' limit, in generate limits.
_DATASET_FACTOR = 10
#: One dataset preview shows at most this many rows.
_MAX_PREVIEW = 1_000


class Problem(Exception):
    """An answer that isn't a success."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = JSONResponse(dict(body), status, dict(headers or {}))


def _invalid(errors: list[dict[str, Any]]) -> Problem:
    where = ".".join(str(part) for part in errors[0]["loc"][1:])
    return Problem(422, {"detail": f"{where}: {errors[0]['msg']}" if where else errors[0]["msg"], "errors": errors})


class EngineApp:
    """The application. `await aclose()`, or the lifespan's end, stops it; unfinished jobs stay queued."""

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        self._state: State | None = None
        self._crew: Crew | None = None
        self._storage = ThreadPoolExecutor(4, thread_name_prefix="engine-storage")
        self._labelling = ThreadPoolExecutor(config.workers, thread_name_prefix="engine-label")
        self._waiting = 0
        self._closed = False
        self._requests = count()
        limit = config.requests_per_minute
        self._windows = {
            "generate": SlidingWindow(limit) if limit else None,
            "datasets": SlidingWindow(limit * _DATASET_FACTOR) if limit else None,
        }
        self._budget = Budget(config.credits)
        self._app = self._routes()

    # ---- life

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def aclose(self) -> None:
        """Stops the threads and closes the state. The application can't be used afterwards."""
        await asyncio.get_running_loop().run_in_executor(None, self.close)

    def close(self) -> None:
        """`aclose` for callers without a loop."""
        self._closed = True
        if self._crew is not None:
            self._crew.close()
        self._labelling.shutdown(wait=True, cancel_futures=True)
        self._storage.shutdown(wait=True)
        if self._state is not None:
            self._state.close()
            self._state = None

    def start(self) -> None:
        """Opens the state and takes up unfinished jobs; otherwise that happens at the first request.

        Raises:
            OSError, sqlite3.Error: the state can't be opened.
        """
        if self._state is None and not self._closed:
            self._state = State(self.config.state_dir)
            self._crew = Crew(
                self._state,
                produce,
                seed=self.config.seed,
                workers=self.config.workers,
                fail=self.config.fail,
            )
            if self._state.unfinished():
                self._crew.start()

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self.start()
        yield
        await self.aclose()

    # ---- routes

    def _routes(self) -> ASGIApp:
        def datasets(prefix: str) -> Mount:
            return Mount(
                prefix,
                routes=[
                    Route("/{name}", self._guarded(self._dataset, "datasets"), methods=["GET", "DELETE"]),
                    Route(
                        "/{name}/{version}",
                        self._guarded(self._dataset, "datasets"),
                        methods=["GET", "DELETE"],
                    ),
                    Route("/{name}/{version}/preview", self._guarded(self._preview, "datasets"), methods=["GET"]),
                    Route(
                        "/{name}/{version}/download",
                        self._guarded(self._download, "datasets"),
                        methods=["GET"],
                    ),
                ],
            )

        routes: list[Route | Mount] = [
            Route("/openapi.json", self._openapi, methods=["GET"]),
            Route("/generate", self._guarded(self._generate, "generate"), methods=["POST"]),
            Route("/generate/jobs/{job_id}", self._guarded(self._poll, "generate"), methods=["GET"]),
            Route(
                "/generate/ner/label-existing",
                self._guarded(partial(self._label, _find_entities), "generate"),
                methods=["POST"],
            ),
            Route(
                "/generate/classification/label-existing",
                self._guarded(partial(self._label, _classify), "generate"),
                methods=["POST"],
            ),
        ]
        if self.config.datasets:
            routes += [datasets("/felix/datasets"), datasets("/datasets")]
        return Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={HTTPException: _http_error, Exception: _server_error},
        )

    def _guarded(
        self, handler: Callable[[Request], Awaitable[Response]], scope: str
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                self._admit(request, scope)
                self.start()
                return await handler(request)
            except Problem as problem:
                return problem.response
            except (sqlite3.Error, OSError) as fault:
                # nothing was accepted: what is written is written whole or not at all
                body = {"detail": f"The engine's state can't be read or written: {fault}"}
                return JSONResponse(body, 503, {"Retry-After": "5"})

        return guarded

    def _admit(self, request: Request, scope: str) -> None:
        key = request.headers.get("x-api-key", "")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not key and scheme.lower() == "bearer":
            key = token.strip()
        keys = self.config.api_keys
        known = bool(key) if keys is None else any(hmac.compare_digest(key.encode(), k.encode()) for k in keys)
        if not known:
            detail = "Invalid API key" if key else "Missing API key: send X-API-Key or Authorization: Bearer"
            raise Problem(401, {"detail": detail}, {"WWW-Authenticate": "Bearer"})
        window = self._windows[scope]
        if window is not None and (wait := window.take(key, time.monotonic())):
            raise Problem(
                429,
                {"detail": f"Rate limit exceeded: {window.limit} requests per minute. Retry in {wait} s."},
                {"Retry-After": str(wait), "X-RateLimit-Scope": scope},
            )

    async def _body(self, request: Request) -> bytes:
        most = self.config.max_body_bytes
        too_large = Problem(413, {"detail": f"Request body too large: at most {most} bytes"})
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > most:
            raise too_large
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise too_large
        return bytes(body)

    async def _stored(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._storage, partial(call, *args, **kwargs))

    @property
    def _memory(self) -> State:
        if self._state is None:
            raise Problem(503, {"detail": "The engine is shutting down"}, {"Retry-After": "1"})
        return self._state

    def _charge(self, examples: int) -> None:
        if not self._budget.spend(examples):
            raise Problem(
                402,
                {
                    "code": "insufficient_credits",
                    "message": f"Not enough credits for {examples} examples",
                    "resolution_url": "about:blank",
                },
            )

    def _answered(self, response: Response) -> Response:
        """`response`, or the loss of it where that was ordered."""
        lost = rehearsed(self.config.drop, "drop", str(next(self._requests)))
        return _CutOff() if lost else response

    # ---- generate

    async def _generate(self, request: Request) -> Response:
        try:
            wanted = GenerateRequest.model_validate_json(await self._body(request))
        except ValidationError as error:
            raise _invalid(complaints(error)) from None
        self._charge(wanted.num_examples)
        identity = json.dumps([self.config.seed, wanted.canonical().decode(), wanted.num_examples])
        job = await self._stored(
            self._memory.accept,
            identity=identity,
            task_type=wanted.task_type,
            dataset_name=wanted.dataset_name,
            request=wanted.model_dump_json(exclude_none=True),
            delay=self.config.latency,
        )
        if self._crew is not None:
            self._crew.start()
        return self._answered(JSONResponse(answers.accepted(job, self.config.vocabulary), 202))

    async def _poll(self, request: Request) -> Response:
        state = self._memory
        try:
            job = await self._stored(state.job, request.path_params["job_id"])
        except KeyError:
            raise Problem(404, {"detail": "Job not found"}) from None
        if self._crew is not None and not job.finished:
            self._crew.start()
        rows: list[dict[str, Any]] = []
        size = 0
        if job.status == "ready" and self.config.vocabulary == "hosted":
            rows = await self._stored(state.own_rows, job)
            size = await self._stored(state.size_through, job)
        return JSONResponse(answers.progress(job, self.config.vocabulary, rows=rows, size=size))

    # ---- label

    async def _label(
        self, work: Callable[[LabelRequest], tuple[list[dict[str, Any]], _Notes]], request: Request
    ) -> Response:
        began = time.monotonic()
        try:
            wanted = LabelRequest.model_validate_json(await self._body(request))
        except ValidationError as error:
            raise _invalid(complaints(error)) from None
        if self._waiting >= _MAX_WAITING:
            raise Problem(503, {"detail": "Too many label requests are waiting"}, {"Retry-After": "2"})
        if rehearsed(self.config.fail, "fail-label", str(next(self._requests))):
            raise Problem(503, {"detail": "Told to fail a share of the label requests"}, {"Retry-After": "1"})
        self._charge(len(wanted.inputs))
        self._waiting += 1
        try:
            results, notes = await asyncio.get_running_loop().run_in_executor(self._labelling, work, wanted)
        except UnsupportedLabels as unsupported:
            errors = [
                {"loc": ["body", "labels", i], "msg": "unsupported_label", "type": "unsupported_label"}
                for i, _ in enumerate(wanted.labels)
            ]
            raise Problem(422, {"detail": str(unsupported), "errors": errors}) from None
        finally:
            self._waiting -= 1
        await asyncio.sleep(max(0.0, began + self.config.latency - time.monotonic()))
        if self.config.vocabulary == "seed":
            headers = {f"X-{name.replace('_', '-').title()}": _header(value) for name, value in notes.items() if value}
            return self._answered(JSONResponse(results, headers=headers))
        return self._answered(JSONResponse({"results": results, **notes, "engine_revision": REVISION}))

    # ---- datasets

    async def _named(self, request: Request) -> list[Job]:
        jobs = await self._stored(self._memory.versions, request.path_params["name"])
        if not jobs:
            raise Problem(404, {"detail": "Dataset not found"})
        return jobs

    async def _one(self, request: Request) -> Job:
        jobs = await self._named(request)
        wanted = request.path_params["version"]
        if wanted == "latest":
            return jobs[-1]
        for job in jobs:
            if wanted in (str(job.version), job.job_id):
                return job
        raise Problem(404, {"detail": "Dataset version not found"})

    async def _ready(self, request: Request) -> Job:
        job = await self._one(request)
        if job.status != "ready":
            raise Problem(409, {"detail": f"The version is not ready: {job.status}"})
        return job

    async def _dataset(self, request: Request) -> Response:
        # one route a path, so that a 405 names every method there is
        if request.method == "DELETE":
            return await self._remove(request)
        return await (self._version if "version" in request.path_params else self._versions)(request)

    async def _versions(self, request: Request) -> Response:
        jobs = await self._named(request)
        size = 0
        versions = []
        for job in jobs:
            size += job.produced if job.status == "ready" else 0
            versions.append(answers.version(job, size))
        return JSONResponse({"success": True, "count": len(versions), "versions": versions[::-1]})

    async def _version(self, request: Request) -> Response:
        job = await self._one(request)
        return JSONResponse(answers.version(job, await self._stored(self._memory.size_through, job)))

    async def _preview(self, request: Request) -> Response:
        text = request.query_params.get("limit", "10")
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MAX_PREVIEW and len(text) < 9):
            message = f"must be a whole number between 1 and {_MAX_PREVIEW}"
            raise _invalid([{"loc": ["query", "limit"], "msg": message, "type": "value_error"}])
        job = await self._ready(request)
        rows = await self._stored(self._memory.rows_through, job, limit=int(text))
        total = await self._stored(self._memory.size_through, job)
        return JSONResponse({"rows": rows, "total_rows": total})

    async def _download(self, request: Request) -> Response:
        form = request.query_params.get("format", "jsonl")
        if form not in downloads.FORMATS:
            message = f"must be one of {', '.join(downloads.FORMATS)}"
            raise _invalid([{"loc": ["query", "format"], "msg": message, "type": "value_error"}])
        job = await self._ready(request)
        rows = await self._stored(self._memory.rows_through, job)
        try:
            content = await self._stored(downloads.FORMATS[form], rows)
        except downloads.NotInstalled as missing:
            raise _invalid([{"loc": ["query", "format"], "msg": str(missing), "type": "value_error"}]) from None
        name = f"{job.dataset_name}-{job.version}.{form}"
        return Response(
            content,
            media_type=downloads.MEDIA_TYPES[form],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def _remove(self, request: Request) -> Response:
        jobs = [await self._one(request)] if "version" in request.path_params else await self._named(request)
        try:
            await self._stored(self._memory.remove, jobs)
        except InUse:
            raise Problem(409, {"detail": "The dataset is in use by a job that isn't finished"}) from None
        return JSONResponse({"success": True, "count": len(jobs)})

    # ---- the rest

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(document(self.config))


if TYPE_CHECKING:
    _Notes = dict[str, Any]


def _find_entities(wanted: LabelRequest) -> tuple[list[dict[str, Any]], _Notes]:
    found = find_entities(wanted.labels, wanted.inputs)
    results = [
        {"text": text, "entities": [entity.as_dict() for entity in entities]}
        for text, entities in zip(wanted.inputs, found.entities, strict=True)
    ]
    return results, {
        "unsupported_labels": list(found.unsupported),
        "approximate_labels": dict(found.approximate),
    }


def _classify(wanted: LabelRequest) -> tuple[list[dict[str, Any]], _Notes]:
    choices = classify(wanted.labels, wanted.inputs)
    return [choice.as_dict(text) for text, choice in zip(wanted.inputs, choices, strict=True)], {}


def _header(value: Any) -> str:
    """A list of labels (or labels and their types) as a header: percent-encoded, separated by commas."""
    parts = [f"{quote(k)}={quote(v)}" for k, v in value.items()] if isinstance(value, dict) else map(quote, value)
    return ",".join(parts)


class _CutOff(Response):
    """An answer that breaks off after its first byte: over a socket the connection is closed, in-process the
    body can't be read. Either way the caller can't know what became of its request."""

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _http_error(_: Request, error: Exception) -> Response:
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    detail = error.detail if isinstance(error, HTTPException) else "Internal error"
    return JSONResponse({"detail": detail}, status, headers)


async def _server_error(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": "internal_error", "message": f"{type(error).__name__}: {error}"}, 500)


def create_app(config: EngineConfig) -> EngineApp:
    """The ASGI application of an engine with these settings. Nothing is opened or loaded yet."""
    return EngineApp(config)
