"""Datasets as code: specs, a plan, a lock, and only the jobs that changed.

    load(name), api.load(name)  the locked rows of a dataset, for a training script
    api.plan(), api.apply(),    what the commands of these names do, without a terminal
    api.check()

Names are imported when they are first used, so that the command line starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build._version import __version__

__all__ = ["Dataset", "PioneerError", "__version__", "api", "load"]

if TYPE_CHECKING:
    from pioneer_build import api
    from pioneer_build.errors import PioneerError
    from pioneer_build.operations.load import Dataset, load

_HOMES = {
    "Dataset": "operations.load",
    "load": "operations.load",
    "PioneerError": "errors",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module  # start-up: `--version` needs none of it

    if name == "api":
        return import_module(f"{__name__}.api")
    if name in _HOMES:
        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
