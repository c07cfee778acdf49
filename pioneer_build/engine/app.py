"""The ASGI application: the HTTP API of the service, implemented in this process by makers of rows and labels.

Routes check requests and respond; computations run on threads. Nothing starts before it is needed: an in-process client
sends no lifespan events, so the workers and the models start with the first request that needs them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from pioneer_build.engine.admission import Admission
from pioneer_build.engine.database import StateDamaged
from pioneer_build.engine.error_responses import ErrorAnswer, http_error, server_error
from pioneer_build.engine.openapi import document
from pioneer_build.engine.routes.datasets import DatasetRoutes
from pioneer_build.engine.routes.generate import GenerateRoutes
from pioneer_build.engine.routes.label import LabelRoutes
from pioneer_build.engine.runtime import Runtime
from pioneer_build.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import TypeAlias

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from pioneer_build.engine.admission import WindowScope
    from pioneer_build.engine.engine_config import EngineConfig
    from pioneer_build.engine.makers import Makers

    Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class EngineApp:
    """The application. `await aclose()`, or the end of its lifespan, stops it; unfinished jobs stay queued."""

    def __init__(self, config: EngineConfig, makers: Makers) -> None:
        self._config = config
        self._runtime = Runtime(config, makers)
        self._admission = Admission(config)
        self._app = self._routed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def start(self) -> None:
        """Opens the state and resumes unfinished jobs; otherwise the first request does that.

        Raises:
            OSError, sqlite3.Error: the state can't be opened.
        """
        self._runtime.start()

    def end_long_work(self) -> None:
        """Ends label requests that take long, with a 503, because the application is about to be closed."""
        self._runtime.end_long_work()

    def close(self) -> None:
        """Stops the threads and closes the state. After that, the application can't be used."""
        self._runtime.close()

    async def aclose(self) -> None:
        """`close` without blocking the event loop."""
        await asyncio.get_running_loop().run_in_executor(None, self.close)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self.start()
        yield
        await self.aclose()

    def _routed(self) -> ASGIApp:
        generate, label = GenerateRoutes(self._runtime), LabelRoutes(self._runtime)
        posted, found = ["POST"], ["GET"]
        routes: list[Route | Mount] = [
            Route("/openapi.json", self._openapi, methods=found),
            Route("/generate", self._guarded(generate.accept), methods=posted),
            Route("/generate/jobs/{job_id}", self._guarded(generate.poll), methods=found),
            Route("/generate/ner/label-existing", self._guarded(label.find_entities), methods=posted),
            Route("/generate/classification/label-existing", self._guarded(label.classify), methods=posted),
        ]
        if self._config.datasets:
            routes += [self._datasets("/felix/datasets"), self._datasets("/datasets")]
        return Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={HTTPException: http_error, Exception: server_error},
        )

    def _datasets(self, prefix: str) -> Mount:
        routes = DatasetRoutes(self._runtime)
        both, found = ["GET", "DELETE"], ["GET"]
        dataset = self._guarded(routes.dataset, "datasets")
        return Mount(
            prefix,
            routes=[
                Route("/{name}", dataset, methods=both),
                Route("/{name}/{version}", dataset, methods=both),
                Route("/{name}/{version}/preview", self._guarded(routes.preview, "datasets"), methods=found),
                Route("/{name}/{version}/download", self._guarded(routes.download, "datasets"), methods=found),
            ],
        )

    def _guarded(self, handler: Handler, scope: WindowScope = "generate") -> Handler:
        async def guarded(request: Request) -> Response:
            try:
                self._admission.admit(request, scope)
                self.start()
                return await handler(request)
            except ErrorAnswer as error:
                return error.response
            except StateDamaged as fault:
                # waiting doesn't help, and nothing was accepted
                return JSONResponse({"detail": f"The engine's state in {self._config.state_dir}: {fault}"}, 409)
            except (sqlite3.Error, OSError, StoreError) as fault:
                # nothing was accepted: transactions are written completely or not at all
                body = {"detail": f"The engine's state can't be read or written: {fault}", "accepted": False}
                return JSONResponse(body, 503, {"Retry-After": "5"})

        return guarded

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(document(self._config, self._runtime.makers.revision))


def create_app(config: EngineConfig, makers: Makers) -> EngineApp:
    """The ASGI application of an engine with these settings. Nothing is opened or loaded yet.

    Args:
        config: the settings.
        makers: make the rows and the labels; those of the local engine are in `local_makers`.
    """
    return EngineApp(config, makers)
