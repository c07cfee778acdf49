"""Opens the backend of the settings: a service over HTTP, or in this process the local engine, or that of a model."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pioneer_build.errors import MissingExtra, PioneerError
from pioneer_build.paths import local_folder, state_folder
from pioneer_build.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from pioneer_build.answers.job_elsewhere import JobElsewhere
    from pioneer_build.engine.app import EngineApp
    from pioneer_build.project.config import Config
    from pioneer_build.service.client import HttpService


#: How long a model may take for a label request: a thousand texts, on a machine without a graphics card.
_MODEL_LABEL_SECONDS = 12 * 3600.0


@asynccontextmanager
async def open_service(
    config: Config, root: Path, say: Callable[[str], None], elsewhere: Callable[[], Iterable[JobElsewhere]] = tuple
) -> AsyncIterator[HttpService]:
    """Opens the service, and closes it at the end.

    Args:
        config: the settings.
        root: the project's folder; an engine in this process has a folder for it.
        say: called with each note, such as a wait for the rate limit, as a sentence.
        elsewhere: gives the ready jobs that the engine of a model goes on after; see `locked_jobs`.

    Raises:
        PioneerError: there is no key; or `config.model` can't be used.
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
            key_variable=config.key_variable,
            on_note=lambda note: say(note.text),
        )
        try:
            yield service
        finally:
            await service.aclose()
        return
    try:
        app = _model_app(config, root, say, elsewhere) if config.model is not None else _local_app(config, root)
    except ModuleNotFoundError as error:
        local = config.model is None
        raise MissingExtra(f"the backend `{'local' if local else 'model'}`", "local" if local else "model") from error
    patience = None if config.model is None else _MODEL_LABEL_SECONDS
    service = connect_in_process(app, on_note=lambda note: say(note.text), label_seconds=patience)
    try:
        yield service
    finally:
        await app.aclose()
        await service.aclose()


def _local_app(config: Config, root: Path) -> EngineApp:
    from pioneer_build.engine.local_makers import create_local_app  # the extra `local`

    return create_local_app(local_folder(root) / "engine", config.seed)


def _model_app(
    config: Config, root: Path, say: Callable[[str], None], elsewhere: Callable[[], Iterable[JobElsewhere]]
) -> EngineApp:
    """The application with a language model. Each model has a folder of its own, as it is a backend of its own."""
    from pioneer_build.operations.model_makers import create_model_app, folder_name  # starlette and httpx

    assert config.model is not None
    folder = local_folder(root) / "model" / folder_name(config.backend)
    return create_model_app(config.model, folder, config.seed, say, Store(config.store), elsewhere)
