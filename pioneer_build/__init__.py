"""Datasets as code: specs, a plan, a lock, and only the jobs that changed.

    load(name)      the locked rows of a dataset, for a training script
    plan(...)       what `pioneer-build plan` shows, as a value
    apply(...)      what `pioneer-build apply` does
    check(...)      what `pioneer-build check` finds

Names are imported when they are first used, so that the command line starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Dataset", "PioneerError", "__version__", "apply", "check", "load", "plan"]

if TYPE_CHECKING:
    from pioneer_build.api import apply, check, plan
    from pioneer_build.dataset import Dataset, load
    from pioneer_build.errors import PioneerError

_HOMES = {
    "Dataset": "dataset",
    "load": "dataset",
    "plan": "api",
    "apply": "api",
    "check": "api",
    "PioneerError": "errors",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
