"""Finds a key in a text, however it is spelled.

A service, a proxy or a shell may repeat a key in another spelling than its own: escaped for a URL, for JSON, for HTML
or in octal, in base64 (also of UTF-16), base32 or hexadecimal, as a list of codes, in other case, or with white space
in the middle.
"""

from __future__ import annotations

import re
from base64 import b32encode
from binascii import b2a_base64
from itertools import chain
from typing import TYPE_CHECKING, Final

from pioneer_build.keys.gaps import squeezed

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What is shown instead of a key.
HIDDEN: Final = "[key hidden]"

#: What stands between pairs of hexadecimal digits, between codes in a list, whose items may be strings or lines, and
#: between escapes in octal. None of these spellings can begin within its gap, so that a gap is read once, or once for
#: each character of a key that repeats itself: a pair begins with 2 to 7, a code with a digit or with a to f, and an
#: escape in octal with a backslash and a digit, which only the end of a gap can be. What stands between the characters
#: of other spellings may be the beginning of one: see `gaps`.
_HEX_GAP: Final = r"(?:[\s:\-]|\\x|0x)*+"
_LIST_GAP: Final = r"(?:[\s,;|\"']|\\[nrt\"])++"
_OCTAL_GAP: Final = r"\s*+\\++"
_GAP_BYTES: Final = bytes([*range(0x21), 0x7F, ord("\\")])
#: In bytes: lower case, and one alphabet of base64.
_ALIKE: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ-_", b"abcdefghijklmnopqrstuvwxyz+/")
_WHITE_ESCAPES: Final = re.compile(rb"\\[nrtbfv]")
#: What has to be looked at character by character: escapes, and spaces that aren't ASCII or have no width.
_ESCAPES: Final = re.compile(
    rb"[%&=]|\\(?:[xX]|u\{?(?:00|20|[fF][eE]|[dD][89a-fA-F]))|\xc2[\xa0\xad]|\xe2(?:\x80[\x80-\x8f\xa8-\xaf]|\x81)"
    rb"|[0-9a-fA-F]{2}[:-][0-9a-fA-F]{2}[:-]|\xed[\xa0-\xbf]|\xe3\x80\x80|\xef(?:\xb8|\xbb|\xbe|\xbf)|\xf3\xa0"
)
_LONG: Final = 1 << 20
_ENTITIES: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
#: A percent sign may be escaped as often, and its escape, and so on.
_MOST_PERCENT: Final = 8
#: An escape that was cut in its middle.
_CUT_ESCAPE: Final = re.compile(
    r"[\s\\]*+(?:%[0-9a-fA-F]{0,18}|u\{?[0-9a-fA-F]{0,6}|[xX][0-9a-fA-F]?|&#?\w{0,8}|(?:[=:-]|0x)?[0-9a-fA-F]?"
    r"|[oO]?\{?[0-7]{0,4}|(?:[\s,;|\"']|\\[nrt\"])*+(?:0x[0-9a-fA-F]?|[0-9]{0,3}))?\Z"
)
_LONGEST_ESCAPE: Final = 20
#: Shorter keys have no other encodings: their base64 would be found in any text.
_ENCODED_FROM: Final = 6
#: As many characters at the end of a text that was cut may be the beginning of a key.
_CUT_FROM: Final = 6


class KeySpellings:
    """Finds one key in texts.

    Args:
        key: as it is sent: printable ASCII, not empty.
    """

    __slots__ = ("__bytes", "__codes", "__listed", "__patterns", "__spelled", "guessable")

    def __init__(self, key: str) -> None:
        #: Whether it may be a word of any text, such as the key of a local server. That is hidden, but proves nothing.
        self.guessable = len(key) < 8 or (key.isalpha() and len(key) < 20)
        # A pattern for each character, in a text without gaps. A backslash counts as a gap. Escaped or not, and as it
        # is: the key may have something in it that looks like an escape.
        plain = key.replace("\\", "") or key
        self.__spelled = [[_character(c) for c in plain], [_letter(c) for c in plain]]
        # what stands between two characters, and a pattern for each
        self.__listed: list[tuple[str, list[str]]] = []
        texts = [key]
        # the same for lists of codes, and the numbers that such a list has
        self.__codes: list[tuple[str, list[str], set[bytes]]] = []
        if len(key) >= _ENCODED_FROM:
            raw = key.encode("ascii", "replace")
            digits, encoded = raw.hex(), [*_base64(raw), *_base64(_wide(raw))]
            thirty_two = _base32(raw)
            texts += [digits, *encoded, *thirty_two]
            self.__spelled += [[_base64_character(c) for c in text] for text in encoded]
            self.__spelled += [[_letter(c) for c in text] for text in thirty_two]
            # spellings of their own: in the pattern of a character, they could hide one that is written out
            self.__codes = [
                (_OCTAL_GAP, _octal(raw), _numbers(raw, "o")),
                (_LIST_GAP, [f"(?<![0-9])0?{code}(?![0-9])" for code in raw], _numbers(raw, "d")),
                (_LIST_GAP, [rf"(?i:(?<![0-9a-f])(?:0x)?{code:02x}(?![0-9a-f]))" for code in raw], _numbers(raw, "x")),
            ]
            self.__listed = [(between, parts) for between, parts, _ in self.__codes]
            self.__listed.append((_HEX_GAP, [f"(?i:{digits[i : i + 2]})" for i in range(0, len(digits), 2)]))
        self.__bytes = [_squeezed(text.encode("ascii", "replace")) for text in texts]
        self.__patterns: tuple[list[re.Pattern[str]], list[re.Pattern[str]]] | None = None

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
        cut = [place for between, parts in self.__listed for place in _cut_places(text, between, parts)]
        for reading in squeezed(text):
            for parts in self.__spelled:
                cut += [reading.original(place, place + 1)[0] for place in _cut_places(reading.text, "", parts)]
        return text[: min(cut)] + HIDDEN if cut else text

    def occurs_in(self, text: str) -> bool:
        """Whether the key is in `text`."""
        return next(self._places(text), None) is not None

    def occurs_in_bytes(self, body: bytes) -> bool:
        """Whether the key is in the bytes of a response.

        In more than a megabyte only whole encodings and lists of codes are looked for, not other characters that are
        escaped one by one.
        """
        if self.occurs_whole(body):
            return True
        if len(body) > _LONG or _ESCAPES.search(body) is None:
            return False
        return self.occurs_in(body.decode("utf-8", "replace"))

    def occurs_whole(self, body: bytes) -> bool:
        """Whether the key is in `body` as it is, as a whole encoding or as a list of codes.

        That takes a few ms for a megabyte.
        """
        squeezed = _squeezed(body)
        if any(spelling in squeezed for spelling in self.__bytes):
            return True
        return any(
            all(number in squeezed for number in numbers)  # hardly any text has all of them
            and re.search(between.join(parts).encode("ascii"), body) is not None
            for between, parts, numbers in self.__codes
        )

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the key is in `text`, in all spellings: some may overlap."""
        if self.__patterns is None:  # it takes a while
            self.__patterns = (
                [re.compile("".join(parts)) for parts in self.__spelled],
                [re.compile(between.join(parts)) for between, parts in self.__listed],
            )
        without_gaps, listed = self.__patterns
        for reading in squeezed(text):
            for found in chain.from_iterable(pattern.finditer(reading.text) for pattern in without_gaps):
                yield reading.original(*found.span())
        for found in chain.from_iterable(pattern.finditer(text) for pattern in listed):
            yield found.span()


def _squeezed(body: bytes) -> bytes:
    if b"\\" in body:
        body = _WHITE_ESCAPES.sub(b"", body)
    return body.translate(_ALIKE, _GAP_BYTES)


# Groups are atomic: what can be read in two ways would take exponential time. Escapes are bounded, so that a match is,
# too.


def _character(char: str) -> str:
    """A pattern for one character, in either case, escaped or not."""
    codes = sorted({ord(char.lower()), ord(char.upper())})
    each = [_percent(code) for code in codes]
    for code in codes:
        each += [rf"u\{{?0{{0,6}}(?i:{code:x})\}}?", f"x(?i:{code:02x})", f"X(?i:{code:02x})"]
        each += [f"&#(?i:x)0{{0,6}}(?i:{code:x});?", f"&#0{{0,6}}{code};?", f"=(?i:{code:02x})"]
    if char in _ENTITIES:
        each.append(f"&{_ENTITIES[char]};?")
    each += [re.escape(chr(code)) for code in codes]
    return f"(?>{'|'.join(each)})"


def _letter(char: str) -> str:
    """A pattern for one character as it is, in either case."""
    return f"[{re.escape(char.lower())}{re.escape(char.upper())}]"


def _base64_character(char: str) -> str:
    """A pattern for one character of base64, in either alphabet."""
    either = {"+": "[+-]", "-": "[+-]", "/": "[/_]", "_": "[/_]"}.get(char, char)
    return f"(?>{_percent(ord(char))}|{either})"


def _percent(code: int) -> str:
    return f"%(?:25){{0,{_MOST_PERCENT}}}(?i:{code:02x})"


def _octal(raw: bytes) -> list[str]:
    """A pattern for each character in octal, as in C or Perl (`\\o{163}`); the backslashes between are the gap."""
    each = [rf"(?>[oO]?\{{0{{0,6}}{code:o}\}}|0{{0,2}}{code:o}(?![0-7]))" for code in raw]
    return [rf"\\{each[0]}", *each[1:]]


def _numbers(raw: bytes, form: str) -> set[bytes]:
    """The codes of `raw` in octal (`o`), decimal (`d`) or hexadecimal (`x`)."""
    return {f"{code:{form}}".encode("ascii") for code in raw}


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


def _cut_places(text: str, gap: str, parts: list[str]) -> Iterator[int]:
    """The first place at which a beginning of the key runs to the end of `text`, if there is one.

    Args:
        text: in which it may have been cut.
        gap: what may stand between two characters.
        parts: the key, character by character.
    """
    beginning, between = re.compile(gap.join(parts[:_CUT_FROM])), re.compile(gap)
    start = max(0, len(text) - _LONGEST_ESCAPE * len(parts))
    while len(parts) > _CUT_FROM and (first := beginning.search(text, start)) is not None:
        if _runs_to_the_end(between, parts, text, first.end()):
            yield first.start()
            return
        start = first.start() + 1


def _runs_to_the_end(between: re.Pattern[str], parts: list[str], text: str, place: int) -> bool:
    """Whether a beginning of the key goes on up to the end of `text`.

    Args:
        between: what may stand between two characters.
        parts: the key, character by character; the first six end at `place`.
        text: the whole text.
        place: from where.
    """
    for part in parts[_CUT_FROM:]:
        if _CUT_ESCAPE.match(text, place):
            return True
        gap = between.match(text, place)
        found = re.compile(part).match(
            text, gap.end() if gap else place
        )  # as far as the text has them: there are hundreds
        if found is None:
            return False
        place = found.end()
    return False
