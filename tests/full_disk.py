"""A disk that refuses, for tests of what is written by `pioneer_build.disk`."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import pytest


def refuse_writes(patch: pytest.MonkeyPatch, number: int, after: int = 5) -> None:
    """From now on every new file takes `after` bytes of the first piece and then fails with the error `number`."""

    class Refusing(io.FileIO):
        def write(self, data: Any) -> int:
            os.write(self.fileno(), bytes(data)[:after])
            raise OSError(number, os.strerror(number))

    def fdopen(descriptor: int, mode: str, **_: Any) -> BinaryIO:
        assert mode == "wb"
        return io.BufferedWriter(Refusing(descriptor, mode))

    patch.setattr(os, "fdopen", fdopen)
