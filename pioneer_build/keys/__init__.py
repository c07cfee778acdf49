"""API keys: the variables that hold them. `spellings` finds one in a text, `search` finds all of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The environment variables that hold a key of the service, under both of its names.
SERVICE_KEY_VARIABLES: Final = ("PIONEER_API_KEY", "FASTINO_API_KEY")
#: The one that holds the keys that `serve` accepts.
SERVE_KEY_VARIABLE: Final = "PIONEER_SERVE_KEY"
#: All environment variables that hold keys of which this program knows by itself.
KEY_VARIABLES: Final = (*SERVICE_KEY_VARIABLES, SERVE_KEY_VARIABLE)
#: The most characters of a key: what looks for one takes the longer, the longer it is.
LONGEST_KEY: Final = 4096
#: Further variables of this process that hold keys: those that settings name.
_named: set[str] = set()


def name_key_variable(name: str) -> None:
    """From now on, the variable `name` is one that holds a key, wherever keys are hidden or refused."""
    _named.add(name)


def key_variables() -> tuple[str, ...]:
    """All environment variables that hold keys."""
    return (*KEY_VARIABLES, *sorted(_named.difference(KEY_VARIABLES)))


def keys_in(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The keys in the environment, as they are sent."""
    return [key for name in key_variables() if (key := environ.get(name, "").strip())]


def too_long_key(environ: Mapping[str, str] = os.environ) -> str | None:
    """The first variable whose value is longer than a key may be; `None` if there is none."""
    return next((name for name in key_variables() if len(environ.get(name, "").strip()) > LONGEST_KEY), None)


def without_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for another program: without the variables that hold keys."""
    holders = key_variables()
    return {name: value for name, value in environ.items() if name not in holders}
