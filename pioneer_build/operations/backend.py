"""Opens the backend of the settings: a service over HTTP, or the local engine in this process."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pioneer_build.errors import MissingExtra, PioneerError
from pioneer_build.paths import local_folder, state_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from pioneer_build.project.config import Config
    from pioneer_build.service.client import HttpService


@asynccontextmanager
async def open_service(config: Config, root: Path, say: Callable[[str], None]) -> AsyncIterator[HttpService]:
    """Opens the service, and closes it at the end.

    Args:
        config: the settings.
        root: the project's folder; the local engine stores its state there.
        say: called with each note, such as a wait for the rate limit, as a sentence.

    Raises:
        PioneerError: there is no key.
        MissingExtra: the local engine isn't installed.
        ServiceError: the base URL or the key can't be used.
    """
    # httpx takes 0.2 s to import
    from pioneer_build.service.connect import connect, connect_in_process

    if config.base_url is not None:
        if config.api_key is None:
            raise PioneerError(
                f"no API key for {config.base_url}",
                hint="export PIONEER_API_KEY=…  (or FASTINO_API_KEY); `--backend local` needs none",
            )
        service = connect(
            config.base_url,
            config.api_key,
            requests_per_minute=config.requests_per_minute,
            state_folder=state_folder() / "pacer",
            on_note=lambda note: say(note.text),
        )
        try:
            yield service
        finally:
            await service.aclose()
        return
    try:
        # needs the extra `local`
        from pioneer_build.engine.app import create_app
        from pioneer_build.engine.engine_config import EngineConfig
    except ModuleNotFoundError as error:
        raise MissingExtra("the local backend", "local") from error
    app = create_app(EngineConfig(state_dir=local_folder(root) / "engine", seed=config.seed))
    service = connect_in_process(app, on_note=lambda note: say(note.text))
    try:
        yield service
    finally:
        await service.aclose()
        await app.aclose()
