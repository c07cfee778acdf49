"""ONNX Runtime, imported with its telemetry off.

From version 1.29 on, its builds for Linux and macOS send events to their maker: an import alone leaves an identifier of
the machine and a database of events in the cache folder, and after some seconds a thread uploads them. The variable is
read once, while the library is loaded, and holds for the process; calling `disable_telemetry_events` alone is too late,
because the first events have been recorded by then. So this is the only module that imports the library.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["onnxruntime"]

_SWITCH: Final = "ORT_DISABLE_TELEMETRY"


@contextmanager
def _telemetry_off() -> Iterator[None]:
    """Turns the switch, and restores it: the environment belongs to the program that uses this package."""
    before = os.environ.get(_SWITCH)
    os.environ[_SWITCH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SWITCH]
        else:
            os.environ[_SWITCH] = before


with _telemetry_off():
    import onnxruntime

# where the calling program had loaded the library before: no event more than what that recorded
onnxruntime.disable_telemetry_events()
