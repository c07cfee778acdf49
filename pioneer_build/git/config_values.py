"""Reads which files a configuration of git's names, as git reads it: with its quotes, escapes and continued lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The settings that name a file for git to read. A section may stand in front, on the same line; lines that continue a
#: value or a comment are taken for settings, too, which does no harm.
_NAMES_FILE: Final = re.compile(
    rb'^[ \t\r\f\v]*+(?:\[[^\]"\n]*+(?:"(?:[^"\\\n]|\\[^\n])*+"[^\]\n]*+)?\][ \t\r\f\v]*+)*+'
    rb"(path|attributesfile|excludesfile)[ \t\r]*+="
    rb'((?:[^"#;\n\\]|\\[\s\S]|"(?:[^"\\\n]|\\[\s\S])*+(?:"|$))*+)',
    re.MULTILINE | re.IGNORECASE,
)
_TOKEN: Final = re.compile(rb'\\[\s\S]|"|[ \t\r]++|[^\\" \t\r]++|\\')
#: White space of git: form feeds and vertical tabs are part of a value.
_WHITE: Final = b" \t\r\n"
_ESCAPES: Final = {b"\\n": b"\n", b"\\t": b"\t", b"\\b": b"\b", b"\\\n": b""}


def named_files(config: bytes) -> Iterator[tuple[str, bytes]]:
    """The names of settings that name a file, in lower case, and the paths as the configuration has them."""
    text = config.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    for found in _NAMES_FILE.finditer(text):
        for value in {_unquoted(found[2]), _unquoted(found[2], spaces=True)}:
            if path := value.partition(b"\0")[0]:
                yield found[1].decode("ascii").lower(), path


def _unquoted(value: bytes, *, spaces: bool = False) -> bytes:
    """A value without its quotes, escapes, and white space around it that isn't in quotes.

    `spaces`: other white space that isn't in quotes is read as spaces, as git did before 2.45.
    """
    parts: list[bytes] = []  # none is empty
    quoted, kept = False, 0
    for token in _TOKEN.findall(value):
        if not quoted and not token.strip(_WHITE):
            parts += [b" " * len(token) if spaces else token] if parts else []
            continue
        if token == b'"':
            quoted = not quoted
            kept = len(parts)  # white space before a quote counts
            continue
        read = _ESCAPES.get(token, token[1:]) if token[:1] == b"\\" else token
        parts += [read] if read else []
        kept = len(parts)
    return b"".join(parts[:kept])
