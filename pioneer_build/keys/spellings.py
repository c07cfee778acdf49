"""Finds a key in a text, however it is spelled.

A service, a proxy or a shell may repeat a key in another spelling than its own: escaped for a URL, for JSON, for HTML
or in octal, in base64 (also of UTF-16), base32 or hexadecimal, as a list of codes, in other case, or with white space
in the middle.
"""

from __future__ import annotations

import itertools
import re
from base64 import b32encode
from binascii import b2a_base64
from typing import TYPE_CHECKING, Final, NamedTuple

from pioneer_build.keys.escapes import BEGUN, ENTITIES, ESCAPES, LONGEST, PERCENT, escaped, last_escaped
from pioneer_build.keys.gaps import ESCAPED_SPACE, squeezed, squeezed_bytes, without_escaped_space, without_wide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pioneer_build.keys.escapes import Escape

#: What is shown instead of a key.
HIDDEN: Final = "[key hidden]"

#: What stands between pairs of hexadecimal digits, between codes in a list, whose items may be strings or lines, and
#: between escapes in octal. None of these spellings can begin within its gap, so that a gap is read once, or once for
#: each character of a key that repeats itself: a pair begins with 2 to 7, a code with a digit or with a to f, and an
#: escape in octal with a backslash and a digit, which only the end of a gap can be. What stands between the characters
#: of other spellings may be the beginning of one: see `gaps`.
_HEX_GAP: Final = r"(?:[\s:\-]|\\x|0x)*+"
_LIST_GAP: Final = rf"(?:[\s,;|\"']|\\++(?:[nrt\"]|{ESCAPED_SPACE}))++"
_OCTAL_GAP: Final = r"\s*+\\++"
#: In bytes: lower case, and one alphabet of base64.
_ALIKE: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ-_", b"abcdefghijklmnopqrstuvwxyz+/")
_HEX_GAP_BYTES: Final = b" \t\n\r\v\f\x1c\x1d\x1e\x1f:-,;|\"'\\"
#: What both alphabets of base64 have at the end.
_ALPHABETS: Final = {"+": "+-", "-": "+-", "/": "/_", "_": "/_"}
#: What may stand between the characters of a list, of whichever kind, and any other character.
_GAP_OR_CHARACTER: Final = re.compile(rf"(?:[\s,;|\"':\-]|\\++(?:[nrtx]|{ESCAPED_SPACE})?|0x)++|(.)", re.DOTALL)
#: The end of a text that was cut within an escape.
_CUT: Final = rf"(?:{BEGUN})?\Z"
#: Shorter keys have no other encodings: their base64 would be found in any text.
_ENCODED_FROM: Final = 6
#: As many characters at the end of a text that was cut may be the beginning of a key.
_CUT_FROM: Final = 6


class _Unbroken:
    """A spelling that is searched for in a text without gaps: see `gaps`.

    Args:
        text: the whole of it, if no character is escaped.
        pattern: what makes a pattern for a character of it, escaped or not.
        escapes: the ways in which one may be escaped.
    """

    __slots__ = ("_pattern", "escapes", "plain", "text")

    def __init__(self, text: str, pattern: Callable[[str], str], escapes: Sequence[Escape] = ()) -> None:
        self.text, self._pattern, self.escapes = text, pattern, escapes
        self.plain = _alike(text.encode("ascii", "replace"))

    def __len__(self) -> int:
        return len(self.text)

    def parts(self) -> list[str]:
        """A pattern for each character: made when they are needed, because there are hundreds."""
        return [self._pattern(char) for char in self.text]


class _Listed(NamedTuple):
    """A spelling whose characters have something of their own between them."""

    #: A pattern for what is between two characters.
    gap: str
    #: A pattern for each character.
    parts: Sequence[str]
    #: A pattern for the beginning of one, up to the end of a text that was cut there.
    begun: str
    #: What is in any text that has this spelling: all of these as they are, and this without what is between
    #: hexadecimal digits.
    numbers: frozenset[bytes]
    digits: bytes = b""


class KeySpellings:
    """Finds one key in texts.

    There is one table of its spellings. `occurs_in` and `hide` search for each; `occurs_in_bytes` first looks for what
    a text with any of them must have, which takes a few ms for a megabyte of ordinary text.

    Args:
        key: as it is sent: printable ASCII, not empty.
    """

    __slots__ = ("__hints", "__listed", "__patterns", "__unbroken", "guessable")

    def __init__(self, key: str) -> None:
        #: Whether it may be a word of any text, such as the key of a local server. That is hidden, but proves nothing.
        self.guessable = len(key) < 8 or (key.isalpha() and len(key) < 20)
        # A backslash counts as a gap. Escaped or not, and as it is: the key may have something in it that looks like an
        # escape.
        plain = key.replace("\\", "") or key
        self.__unbroken = [_Unbroken(plain, _character, ESCAPES), _Unbroken(plain, _letter)]
        self.__listed: list[_Listed] = []
        if len(key) >= _ENCODED_FROM:
            raw = key.encode("ascii", "replace")
            encoded = (*_base64(raw), *_base64(_wide(raw)))
            self.__unbroken += [_Unbroken(text, _base64_character, (PERCENT,)) for text in encoded]
            self.__unbroken += [_Unbroken(text, _letter) for text in _base32(raw)]
            self.__listed = _listed(raw)
        self.__patterns: dict[int, re.Pattern[str]] = {}
        self.__hints: list[tuple[re.Pattern[bytes], list[_Unbroken]]] = []

    def __repr__(self) -> str:
        return "KeySpellings(…)"

    def __reduce__(self) -> str:
        raise TypeError("a key is not written anywhere")

    def hide(self, text: str) -> str:
        """`text` without the key."""
        shown, end = [], 0
        for start, after in sorted(self._places(text)):
            if start >= end:
                shown += [text[end:start], HIDDEN]
            end = max(end, after)
        return "".join((*shown, text[end:]))

    def hide_in_cut(self, text: str) -> str:
        """`text` without the key, and without a beginning of it at the end: it may have been cut there."""
        text = self.hide(text)
        start = _last_characters(text, LONGEST * max((len(one.parts) for one in self.__listed), default=0))
        cut = [place for one in self.__listed for place in _cut_places(text, start, one.gap, one.parts, one.begun)]
        for reading in squeezed(text):
            for spelling in self.__unbroken:
                start = max(0, len(reading.text) - LONGEST * len(spelling))
                end = _CUT if spelling.escapes else r"\Z"
                places = _cut_places(reading.text, start, "", spelling.parts(), end)
                cut += [reading.original(place, place + 1)[0] for place in places]
        return text[: min(cut)] + HIDDEN if cut else text

    def occurs_in(self, text: str) -> bool:
        """Whether the key is in `text`."""
        return next(self._places(text), None) is not None

    def occurs_in_bytes(self, body: bytes) -> bool:
        """Whether the key is in UTF-8: searched for only where it may be."""
        readings = squeezed_bytes(body)
        if self._has_plain(readings) or any(self._is_near_an_escape(reading) for reading in readings):
            return True
        listed = self._listed_maybe(body)
        text = body.decode("utf-8", "replace") if listed else ""
        return any(self._pattern(one).search(text) is not None for one in listed)

    def _has_plain(self, readings: list[bytes]) -> bool:
        alike = [_alike(reading) for reading in readings]
        return any(one.plain in reading for one in self.__unbroken for reading in alike)

    def _is_near_an_escape(self, reading: bytes) -> bool:
        """Whether a spelling with an escaped character is in bytes without gaps: it is near its last one."""
        for hint, spellings in self._hints():
            most = LONGEST * max(map(len, spellings))
            place = 0
            while (found := hint.search(reading, place)) is not None:
                # with any escape that begins before the next place from which one is searched
                place = found.start() + 2 * most
                around = reading[max(0, found.start() - most) : place + most].decode("utf-8", "ignore")
                if any(self._pattern(one).search(around) for one in spellings):
                    return True
        return False

    def _hints(self) -> list[tuple[re.Pattern[bytes], list[_Unbroken]]]:
        """For the spellings whose characters may be escaped in the same ways: what a text with one of them has."""
        if not self.__hints:
            for escapes in (ESCAPES, (PERCENT,)):
                if spellings := [one for one in self.__unbroken if one.escapes == escapes]:
                    hint = last_escaped(_followers(spellings), escapes)
                    self.__hints.append((re.compile(hint.encode("ascii", "replace")), spellings))
        return self.__hints

    def _listed_maybe(self, body: bytes) -> list[_Listed]:
        """The lists of codes that may be in `body`."""
        if not self.__listed:
            return []
        lower = body.lower()
        maybe = [one for one in self.__listed if all(number in lower for number in one.numbers)]  # hardly any text has
        if not any(one.digits for one in maybe):
            return maybe
        digits = _without_hex_gaps(lower)
        return [one for one in maybe if one.digits in digits]

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the key is in `text`, in all spellings: some may overlap."""
        for reading in squeezed(text):
            for spelling in self.__unbroken:
                # a character has one or more, however it is escaped: for a shorter text no pattern need be compiled
                if len(spelling) <= len(reading.text):
                    for found in self._pattern(spelling).finditer(reading.text):
                        yield reading.original(*found.span())
        for one in self.__listed:
            if len(one.parts) <= len(text):
                for found in self._pattern(one).finditer(text):
                    yield found.span()

    def _pattern(self, spelling: _Unbroken | _Listed) -> re.Pattern[str]:
        """The pattern of a spelling; compiled when it is needed, which takes a while."""
        if (found := self.__patterns.get(id(spelling))) is None:
            gap, parts = (spelling.gap, spelling.parts) if isinstance(spelling, _Listed) else ("", spelling.parts())
            found = self.__patterns[id(spelling)] = re.compile(gap.join(parts))
        return found


def _alike(body: bytes) -> bytes:
    return body.translate(_ALIKE)


def _listed(raw: bytes) -> list[_Listed]:
    """The lists of codes of `raw`: spellings of their own, as in the pattern of a character, they could hide one."""
    digits = raw.hex()
    # the last digit may be taken for the beginning of a gap: 70x…
    inside = digits[:-1].encode("ascii")
    between = rf"(?:{_LIST_GAP})?(?:\\+(?:u[0-9a-fA-F]{{0,3}})?)?"
    return [
        _Listed(_OCTAL_GAP, _octal(raw), r"\s*+\\*+[oO]?\{?[0-7]{0,9}\Z", _numbers(raw, "o") | {b"\\"}),
        _Listed(
            _LIST_GAP,
            _decimal(raw),
            rf"{between}[0-9]{{0,3}}\Z",
            _numbers(raw, "d"),
        ),
        _Listed(
            _LIST_GAP,
            [rf"(?i:{_apart('0-9a-f')}(?:0x)?{code:02x}(?![0-9a-f]))" for code in raw],
            rf"{between}(?:0[xX])?[0-9a-fA-F]{{0,2}}\Z",
            _numbers(raw, "x"),
            inside,
        ),
        _Listed(
            _HEX_GAP,
            [f"(?i:{digits[i : i + 2]})" for i in range(0, len(digits), 2)],
            rf"{_HEX_GAP}\\?[0-9a-fA-F]?\Z",
            _numbers(raw, "x"),
            inside,
        ),
    ]


def _without_hex_gaps(lower: bytes) -> bytes:
    """Without anything that may stand between hexadecimal digits in a list, in lower case."""
    lower = without_escaped_space(lower)
    for mark in (b"0x", b"\\x", b"\\n", b"\\r", b"\\t"):
        if mark in lower:
            lower = lower.replace(mark, b"")
    return without_wide(lower).translate(None, _HEX_GAP_BYTES)


def _followers(spellings: Sequence[_Unbroken]) -> dict[str, set[str]]:
    """For each character of these spellings, in either case or alphabet, what may follow it; "" for the end."""
    found: dict[str, set[str]] = {}
    for one in spellings:
        in_base64 = one.escapes == (PERCENT,)
        alike = [_ALPHABETS.get(char, char) if in_base64 else char.lower() + char.upper() for char in one.text] + [""]
        for chars, after in itertools.pairwise(alike):
            for char in chars:
                found.setdefault(char, set()).update(after or [""])
    return found


# Groups are atomic: what can be read in two ways would take exponential time. Escapes are bounded, so that a match is,
# too.


def _character(char: str) -> str:
    """A pattern for one character, in either case, escaped or not."""
    codes = sorted({ord(char.lower()), ord(char.upper())})
    named = [f"&{ENTITIES[char]};?"] if char in ENTITIES else []
    return f"(?>{'|'.join((*escaped(codes), *named, *(re.escape(chr(code)) for code in codes)))})"


def _letter(char: str) -> str:
    """A pattern for one character as it is, in either case."""
    return f"[{re.escape(char.lower())}{re.escape(char.upper())}]"


def _base64_character(char: str) -> str:
    """A pattern for one character of base64, in either alphabet."""
    either = _ALPHABETS.get(char, char)
    return f"(?>{'|'.join(escaped(map(ord, either), (PERCENT,)))}|{'|'.join(map(re.escape, either))})"


def _octal(raw: bytes) -> list[str]:
    """A pattern for each character in octal, as in C or Perl (`\\o{163}`); the backslashes between are the gap."""
    each = [rf"(?>[oO]?\{{0{{0,6}}{code:o}\}}|0{{0,2}}{code:o}(?![0-7]))" for code in raw]
    return [rf"\\{each[0]}", *each[1:]]


def _decimal(raw: bytes) -> list[str]:
    """The same for decimal codes. The first one begins with a digit, which is found faster than one after no digit."""
    first = "|".join(code + _apart("0-9", code) for code in (f"0{raw[0]}", f"{raw[0]}"))
    return [f"(?:{first})(?![0-9])", *(f"{_apart('0-9')}0?{code}(?![0-9])" for code in raw[1:])]


def _apart(digits: str, code: str = "") -> str:
    """A pattern that matches before a code, or after `code`, where no longer number ends: that of an escape is none."""
    return rf"(?:(?<![{digits}]{code})|(?<=\\u[0-9a-fA-F]{{4}}{code}))"


def _numbers(raw: bytes, form: str) -> frozenset[bytes]:
    """The codes of `raw` in octal (`o`), decimal (`d`) or hexadecimal (`x`)."""
    return frozenset(f"{code:{form}}".encode("ascii") for code in raw)


def _base64(raw: bytes) -> list[str]:
    """What is in the base64 of any bytes with `raw` in them, for each of its three places in a group."""
    found = []
    for before in range(3):
        text = b2a_base64(b"\0" * before + raw, newline=False).decode("ascii")
        found.append(text[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6])
    return found


def _base32(raw: bytes) -> list[str]:
    """The same in base32, for each of its five places in a group."""
    found = []
    for before in range(5):
        text = b32encode(b"\0" * before + raw).decode("ascii")
        found.append(text[(before * 8 + 4) // 5 : (before + len(raw)) * 8 // 5])
    return found


def _wide(raw: bytes) -> bytes:
    """`raw` as UTF-16, without the zero byte at one end that only one of the two orders of bytes has."""
    return b"\0".join(raw[place : place + 1] for place in range(len(raw)))


def _cut_places(text: str, start: int, gap: str, parts: Sequence[str], begun: str) -> Iterator[int]:
    """The first place at which a beginning of the key runs to the end of `text`, if there is one.

    Args:
        text: in which it may have been cut.
        start: from where it is looked for.
        gap: what may stand between two characters.
        parts: the key, character by character.
        begun: what the end of the text may have after a gap: the beginning of a character.
    """
    beginning, between, cut = re.compile(gap.join(parts[:_CUT_FROM])), re.compile(gap), re.compile(begun)
    while len(parts) > _CUT_FROM and (first := beginning.search(text, start)) is not None:
        if _runs_to_the_end(between, parts[_CUT_FROM:], cut, text, first.end()):
            yield first.start()
            return
        start = first.start() + 1


def _last_characters(text: str, most: int) -> int:
    """Where the last `most` characters of `text` begin that are not between the characters of a list."""
    if not most:
        return len(text)
    places = [found.start() for found in _GAP_OR_CHARACTER.finditer(text) if found[1] is not None]
    return places[-most] if len(places) > most else 0


def _runs_to_the_end(
    between: re.Pattern[str], parts: Sequence[str], cut: re.Pattern[str], text: str, place: int
) -> bool:
    """Whether a beginning of the key goes on up to the end of `text`.

    Args:
        between: what may stand between two characters.
        parts: the rest of the key, character by character.
        cut: what the end of the text may have.
        text: the whole text.
        place: from where.
    """
    for part in parts:
        if cut.match(text, place):
            return True
        gap = between.match(text, place)
        # as far as the text has them: there are hundreds
        found = re.compile(part).match(text, gap.end() if gap else place)
        if found is None:
            return False
        place = found.end()
    return False
