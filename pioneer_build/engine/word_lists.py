"""The engine's own word lists and sentences: text files in `data/`."""

from __future__ import annotations

from importlib.resources import files


def lines(name: str) -> list[str]:
    """The lines of a file in `data/`, without empty ones and those that begin with `#`."""
    content = files("pioneer_build.engine").joinpath(f"data/{name}").read_text("utf-8")
    return [line for line in content.splitlines() if line and not line.startswith("#")]
