"""The dataset endpoints: versions, previews, downloads and removals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from pioneer_build.engine import downloads, responses
from pioneer_build.engine.error_responses import ErrorAnswer, invalid_query
from pioneer_build.engine.stored_jobs import InUse

if TYPE_CHECKING:
    from starlette.requests import Request

    from pioneer_build.engine.runtime import Runtime
    from pioneer_build.engine.stored_jobs import EngineJob

#: Maximum number of rows in a preview.
MAX_PREVIEW = 1_000


class DatasetRoutes:
    """Shows and removes datasets and their versions; `:version` is a number, a job's id or `latest`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def dataset(self, request: Request) -> Response:
        """`GET` and `DELETE` of `/:name` and `/:name/:version`: one route per path, so that a 405 names both."""
        if request.method == "DELETE":
            return await self._remove(request)
        return await (self._version if "version" in request.path_params else self._versions)(request)

    async def preview(self, request: Request) -> Response:
        """`GET /:name/:version/preview?limit=`."""
        limit = request.query_params.get("limit", "10")
        if not (limit.isascii() and limit.isdigit() and len(limit) < 9 and 1 <= int(limit) <= MAX_PREVIEW):
            raise invalid_query("limit", f"must be a whole number between 1 and {MAX_PREVIEW}")
        job = await self._ready(request)
        state = self._runtime.state
        rows = await self._runtime.stored(state.rows_through, job, limit=int(limit))
        total = await self._runtime.stored(state.size_through, job)
        return JSONResponse({"rows": rows, "total_rows": total})

    async def download(self, request: Request) -> Response:
        """`GET /:name/:version/download?format=`."""
        form = request.query_params.get("format", "jsonl")
        if form not in downloads.DOWNLOAD_FORMATS:
            raise invalid_query("format", f"must be one of {', '.join(downloads.DOWNLOAD_FORMATS)}")
        job = await self._ready(request)
        rows = await self._runtime.stored(self._runtime.state.rows_through, job)
        try:
            content = await self._runtime.stored(downloads.DOWNLOAD_FORMATS[form], rows)
        except downloads.NotInstalled as missing:
            raise invalid_query("format", str(missing)) from None
        name = f"{job.dataset_name}-{job.version}.{form}"
        return Response(
            content,
            media_type=downloads.MEDIA_TYPES[form],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def _versions(self, request: Request) -> Response:
        jobs = await self._named(request)
        size = 0
        versions = []
        for job in jobs:
            size += job.produced if job.status == "ready" else 0
            versions.append(responses.version(job, size))
        return JSONResponse({"success": True, "count": len(versions), "versions": versions[::-1]})

    async def _version(self, request: Request) -> Response:
        job = await self._one(request)
        size = await self._runtime.stored(self._runtime.state.size_through, job)
        return JSONResponse(responses.version(job, size))

    async def _remove(self, request: Request) -> Response:
        jobs = [await self._one(request)] if "version" in request.path_params else await self._named(request)
        try:
            await self._runtime.stored(self._runtime.state.remove, jobs)
        except InUse:
            raise ErrorAnswer(409, {"detail": "The dataset is in use by an unfinished job"}) from None
        return JSONResponse({"success": True, "count": len(jobs)})

    async def _named(self, request: Request) -> list[EngineJob]:
        jobs = await self._runtime.stored(self._runtime.state.versions, request.path_params["name"])
        if not jobs:
            raise ErrorAnswer(404, {"detail": "Dataset not found"})
        return jobs

    async def _one(self, request: Request) -> EngineJob:
        jobs = await self._named(request)
        wanted = request.path_params["version"]
        if wanted == "latest":
            return jobs[-1]
        for job in jobs:
            if wanted in (str(job.version), job.job_id):
                return job
        raise ErrorAnswer(404, {"detail": "Dataset version not found"})

    async def _ready(self, request: Request) -> EngineJob:
        job = await self._one(request)
        if job.status != "ready":
            raise ErrorAnswer(409, {"detail": f"The version is not ready: {job.status}"})
        return job
