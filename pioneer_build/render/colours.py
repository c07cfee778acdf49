"""The symbols of actions, and colours of a terminal: when there are any (NO_COLOR), which symbol has which (ANSI)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Colour: TypeAlias = Literal["red", "green", "yellow", "magenta", "cyan"]

_ANSI: Final[dict[Colour, int]] = {"red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36}
#: The codes in a text, which take no columns.
COLOUR_CODE: Final = re.compile(r"\x1b\[[0-9;]*m")

#: A symbol for each action, so that meaning doesn't depend on colour.
ACTION_SYMBOLS: Final[dict[str, str]] = {
    "create": "+",
    "extend": "↑",
    "shrink": "↓",
    "replace": "±",
    "restore": "↺",
    "label": "+",
    "rename": "→",
    "forget": "-",
    "delete": "×",
    "resume": "…",
    "reconcile": "?",
    "blocked": "!",
    "fetch": "⇣",
    "update": "~",
    "none": "=",
}

#: The colours of the symbols before a dataset: green for what is added, red for what is removed.
SYMBOL_COLOURS: Final[dict[str, Colour]] = {
    "+": "green", "↑": "green", "±": "yellow", "~": "yellow", "↺": "cyan", "-": "red", "×": "red", "!": "red",
    "?": "magenta",
}  # fmt: skip


def allowed_by(environment: Mapping[str, str]) -> bool:
    """Whether a terminal gets colours: unless NO_COLOR is set (no-color.org) or TERM is `dumb`."""
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def coloured(text: str, colour: Colour | None, *, on: bool) -> str:
    """`text` with a colour (ANSI).

    Args:
        text: the text.
        colour: `None` for no colour.
        on: whether to use colours at all.
    """
    return f"\x1b[{_ANSI[colour]}m{text}\x1b[0m" if on and colour is not None else text
