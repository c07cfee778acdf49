"""`serve`: the local engine, or that of a language model, on a loopback port."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from pioneer_build.cli.output import out, say
from pioneer_build.cli.output_path import path_to_write
from pioneer_build.errors import MissingExtra, UsageError
from pioneer_build.keys import SERVE_KEY_VARIABLE
from pioneer_build.paths import state_folder
from pioneer_build.project.key_check import refuse_long_key
from pioneer_build.spec.loopback import is_loopback
from pioneer_build.spec.request_limits import REQUESTS_PER_MINUTE
from pioneer_build.store import Store
from pioneer_build.store.model_answers import ModelAnswers

if TYPE_CHECKING:
    from pioneer_build.cli.options import Globals
    from pioneer_build.engine.makers import Makers


@click.command("serve")
@click.option(
    "--backend",
    type=click.Choice(["local", "model"]),
    help="Who makes rows and labels: the local engine (the default), or the language model of pioneer.yaml.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Port; 0 selects a free port."
)
@click.option("--allow-remote", is_flag=True, help="Listen on an address that other machines can reach.")
@click.option("--state", metavar="DIR", help="Folder for jobs and datasets.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    envvar=SERVE_KEY_VARIABLE,
    metavar="KEY",
    help="Accept only this key; repeatable. Others can read it in the process list: set PIONEER_SERVE_KEY instead.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=REQUESTS_PER_MINUTE,
    show_default=True,
    help="Rate limit: requests per minute and key.",
)
@click.option(
    "--vocabulary",
    type=click.Choice(["seed", "hosted"]),
    default="hosted",
    show_default=True,
    help="Field names and status words of responses: of the hosted service, or of the published API document (seed).",
)
@click.option(
    "--no-datasets", is_flag=True, help="No dataset endpoints, like a server that implements only the API document."
)
@click.option("--seed", type=int, help="Random seed (default: seed in pioneer.yaml).")
@click.option(
    "--latency", type=click.FloatRange(0), default=0.0, help="Simulate: minimum duration of a job, in seconds."
)
@click.option("--fail", type=click.FloatRange(0, 1), default=0.0, help="Simulate: fraction of jobs that fail.")
@click.option("--drop", type=click.FloatRange(0, 1), default=0.0, help="Simulate: fraction of responses dropped.")
@click.pass_obj
def command(
    options: Globals,
    backend: str | None,
    host: str,
    port: int,
    allow_remote: bool,  # noqa: FBT001
    state: str | None,
    keys: tuple[str, ...],
    limit: int,
    vocabulary: str,
    no_datasets: bool,  # noqa: FBT001
    seed: int | None,
    latency: float,
    fail: float,
    drop: float,
) -> None:
    """Serve the local engine over HTTP, with the API of the hosted service; or, with `--backend model`, the language
    model of `pioneer.yaml`, so that every client of that API can use it.

    Any non-empty key is accepted, unless --key is given: with a model that costs money, give one. Jobs and datasets
    survive a restart on the same port; those of each model are kept apart.

    \b
    In another shell:
      export PIONEER_BASE_URL=http://127.0.0.1:8765 PIONEER_API_KEY=anything
      pioneer-build --backend pioneer apply
    """
    if not allow_remote and not is_loopback(host):
        hint = "pass --allow-remote to accept connections from other machines"
        raise UsageError(f"{host} is not a loopback address", hint=hint)
    refuse_long_key()
    model = (backend or options.backend) == "model"  # only on purpose: whoever may send requests spends its tokens
    try:
        # needs an extra, which may not be installed, and takes seconds to import, which --help must not
        from pioneer_build.engine.engine_config import EngineConfig
        from pioneer_build.engine.server import run_server

        makers, subfolder, workers = _model(options) if model else _local()
    except ModuleNotFoundError as error:
        what = "the engine of a model" if model else "the local engine"
        raise MissingExtra(what, "model" if model else "local") from error
    if port == 0:
        port = _free_port(host)
    in_state = state_folder() / subfolder / f"{host.replace(':', '_')}-{port}"
    folder = path_to_write(state, options.directory) if state is not None else in_state
    config = EngineConfig(
        state_dir=folder,
        seed=seed if seed is not None else options.project().config.seed,
        api_keys=frozenset(keys) or None,
        requests_per_minute=limit,
        vocabulary="seed" if vocabulary == "seed" else "hosted",
        latency=latency,
        fail=fail,
        drop=drop,
        workers=workers,
        datasets=not no_datasets,
        answers=ModelAnswers(Store(folder / "store"), subfolder.as_posix()) if model else None,
    )

    run_server(config, makers, host, port, lambda url: _say_ready(options, url, folder))


def _say_ready(options: Globals, url: str, folder: Path) -> None:
    out(f"serving on {url}")
    sys.stdout.flush()
    if options.verbosity >= 0:
        say(f"jobs and datasets are stored in {folder}; press Ctrl-C to stop")
        if click.get_current_context().get_parameter_source("keys") is ParameterSource.COMMANDLINE:
            say("warning: other users can read --key in the list of processes; set PIONEER_SERVE_KEY instead")


def _local() -> tuple[Makers, Path, int]:
    from pioneer_build.engine.engine_config import WORKERS
    from pioneer_build.engine.local_makers import LocalMakers

    return LocalMakers(), Path("engine"), WORKERS


def _model(options: Globals) -> tuple[Makers, Path, int]:
    """The makers of the project's model, the part of a state folder's path that is its own, and their threads."""
    from pioneer_build.operations.model_makers import folder_name, model_makers
    from pioneer_build.project.open import open_project
    from pioneer_build.spec.request_limits import label_requests_at_a_time

    config = open_project(Path(options.directory), "model").config
    assert config.model is not None
    note = say if options.verbosity >= 0 else (lambda _: None)
    workers = label_requests_at_a_time(config.model.max_in_flight)
    return model_makers(config.model, note), Path("model") / folder_name(config.backend), workers


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        free: int = probe.getsockname()[1]
        return free
