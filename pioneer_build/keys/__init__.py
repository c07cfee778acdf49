"""API keys: the variables that hold them. `spellings` finds one in a text, `search` finds all of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The environment variables that hold keys: of the service, under both of its names, and of `serve`.
KEY_VARIABLES: Final = ("PIONEER_API_KEY", "FASTINO_API_KEY", "PIONEER_SERVE_KEY")


def keys_in(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The keys in the environment, as they are sent."""
    return [key for name in KEY_VARIABLES if (key := environ.get(name, "").strip())]


def without_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for another program: without the variables that hold keys."""
    return {name: value for name, value in environ.items() if name not in KEY_VARIABLES}
