"""What the package offers, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

from pioneer_build import inputs


def test_every_public_name_is_there() -> None:
    assert inputs.__all__ == sorted(inputs.__all__)
    for name in inputs.__all__:
        assert getattr(inputs, name) is not None


def test_a_stat_needs_nothing_heavy() -> None:
    code = (
        "import sys; from pioneer_build.inputs import unchanged; from pioneer_build.store import Store;"
        "heavy = {'numpy', 'orjson', 'diskcache', 'sqlite3', 'csv', 'pyarrow', 'gzip', 'asyncio'};"
        "print(*heavy & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
