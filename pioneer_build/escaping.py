"""Text of others, so that it is shown and never obeyed: by a terminal, a CI runner's log, or a shell.

Pure, and imports nothing that click doesn't, because a plan with nothing to do imports it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The Unicode spaces (category Zs) that Python calls unprintable.
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
#: Printable as Python sees it, and drawn as nothing (Default_Ignorable_Code_Point): a way to hide text. The two
#: variation selectors that choose between a sign and its emoji are not among them, because ordinary texts have them.
_UNSEEN = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE0E),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
#: What no shell changes, wherever in a word it stands.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+:,./-_")


def visible(text: str) -> str:
    """`text` on one line that shows all there is: nothing in it controls a terminal, hides, or changes the order.

    Control characters, line ends, characters that reorder others or have no width, and half surrogates are escaped as
    in Python (`\\n`, `\\x1b`, `\\u202e`); spaces of any width are kept.
    """
    if text.isprintable() and (text.isascii() or _UNSEEN.isdisjoint(text)):
        return text
    return "".join(
        char
        if (char.isprintable() and char not in _UNSEEN) or char in _SPACES
        else char.encode("unicode_escape").decode()
        for char in text
    )


class Lines(str):
    """Text of several lines. Its line ends are the program's own; those of any other text are escaped when printed."""

    __slots__ = ()


def lines_text(lines: Iterable[str], *, end: str = "", colour: bool = False) -> Lines:
    """Lines of text as one, each as `line_shown` has it.

    Args:
        lines: without line ends; a line end in one of them is somebody else's, and is escaped.
        end: what follows the last line: nothing, or a line feed.
        colour: whether the program has coloured them.
    """
    return Lines("\n".join(line_shown(line, colour=colour) for line in lines) + end)


def line_shown(text: str, *, colour: bool = False) -> str:
    """`text` as a line that commands nothing: neither the terminal (see `visible`) nor a CI runner that reads the log.

    A runner takes `::error …` for a command at the start of a line, after any white space, and `##[error]…` anywhere.

    Args:
        text: one line.
        colour: whether the program has coloured it: its own colours are kept.
    """
    if colour and "\x1b" in text:  # re caches the pattern, which most runs don't need
        parts = re.split(r"(\x1b\[(?:0|1|1;31|3[1-6])m)", text)
        text = "".join(part if number % 2 else visible(part) for number, part in enumerate(parts))
    else:
        text = visible(text)
    if "::" in text and (rest := text.lstrip()).startswith("::"):
        text = f"{text[: len(text) - len(rest)]}\\{rest}"
    return without_inner_commands(text)


def without_inner_commands(text: str, instead: str = "## ") -> str:
    """`text` without `##[`, `##vso[` and the like, which a CI runner takes for a command anywhere in a line.

    `instead` takes the place of each `##` that begins one.
    """
    return re.sub(r"##(?=\w*\[)", lambda _: instead, text) if "##" in text else text


def shell_word(text: str) -> str:
    """`text` as one word of a command for a person to paste into a shell: bash or zsh, if it has control characters."""
    if text and _PLAIN.issuperset(text):
        return text
    if visible(text) == text:
        return "'" + text.replace("'", "'\\''") + "'"
    return f"$'{''.join(map(_in_shell, text))}'"


def _in_shell(char: str) -> str:
    """A character inside of `$'…'`."""
    if char in "\\'":
        return f"\\{char}"
    if visible(char) == char:
        return char
    if "\udc80" <= char <= "\udcff":  # a byte of a file name that is not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
