"""Finds a key in a text, however it is spelled.

A service, a proxy or a shell may repeat a key in another spelling than its own: escaped for a URL, for JSON, for HTML
or in octal, in base64 (also of UTF-16), base32 or hexadecimal, as a list of codes, in other case, or with white space
in the middle.
"""

from __future__ import annotations

import re
from base64 import b32encode
from binascii import b2a_base64
from typing import Final

#: What is shown instead of a key.
HIDDEN: Final = "[key hidden]"

#: What may stand between the characters of a spelled key without changing how it looks: white space, escapes,
#: control characters, and characters that have no width. It is never given back: a backslash and a letter could be read
#: in two ways, and each letter of a key that they may be would multiply the time.
_SEEN_AS_SPACE: Final = (
    r"\\u(?:00(?:[01]\w|20|7[fF]|[aA][0dD])|20[0-6]\w|[fF][eE]\w\w|[dD][89a-fA-F]\w\w)|"
    "[\\s\\\\\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd\U000e0000-\U000e0fff]"
)
#: A backslash and a letter between two characters, or a backslash before each of them.
_GAP: Final = rf"(?:\\[nrtbfv]|{_SEEN_AS_SPACE})*+"
_ESCAPED_GAP: Final = rf"(?:{_SEEN_AS_SPACE})*+"
_HEX_GAP: Final = r"(?:[\s:\-]|\\x|0x)*+"
#: What stands between the codes of a list, whose items may be strings or lines, and between escapes in octal.
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
#: An escape that was cut in its middle.
_CUT_ESCAPE: Final = re.compile(
    _GAP + r"(?:%[0-9a-fA-F]{0,5}|u\{?[0-9a-fA-F]{0,6}|x[0-9a-fA-F]?|&#?\w{0,8}|(?:[=:-]|0x)?[0-9a-fA-F]?"
    r"|[oO]?\{?[0-7]{0,4}|(?:[\s,;|\"']|\\[nrt\"])*+(?:0x[0-9a-fA-F]?|[0-9]{0,3}))?\Z"
)
_LONGEST_ESCAPE: Final = 16
#: Shorter keys have no other encodings: their base64 would be found in any text.
_ENCODED_FROM: Final = 6
#: As many characters at the end of a text that was cut may be the beginning of a key.
_CUT_FROM: Final = 6


class KeySpellings:
    """Finds one key in texts.

    Args:
        key: as it is sent: printable ASCII, not empty.
    """

    __slots__ = ("__bytes", "__codes", "__pattern", "__spelled", "guessable")

    def __init__(self, key: str) -> None:
        #: Whether it may be a word of any text, such as the key of a local server. That is hidden, but proves nothing.
        self.guessable = len(key) < 8 or (key.isalpha() and len(key) < 20)
        # what stands between two characters, and a pattern for each character; a backslash counts as a gap
        characters = [_character(c) for c in key if c != "\\"]
        self.__spelled = [(_GAP, characters), (_ESCAPED_GAP, characters)]
        texts = [key]
        # the same for lists of codes, and the numbers that such a list has
        self.__codes: list[tuple[str, list[str], set[bytes]]] = []
        if len(key) >= _ENCODED_FROM:
            raw = key.encode("ascii", "replace")
            digits, encoded = raw.hex(), [*_base64(raw), *_base64(_wide(raw))]
            thirty_two = _base32(raw)
            texts += [digits, *encoded, *thirty_two]
            self.__spelled += [(_GAP, [_base64_character(c) for c in text]) for text in encoded]
            # spellings of their own: in the pattern of a character, they could hide one that is written out
            self.__codes = [
                (_OCTAL_GAP, _octal(raw), _numbers(raw, "o")),
                (_LIST_GAP, [f"(?<![0-9])0?{code}(?![0-9])" for code in raw], _numbers(raw, "d")),
                (_LIST_GAP, [rf"(?i:(?<![0-9a-f])(?:0x)?{code:02x}(?![0-9a-f]))" for code in raw], _numbers(raw, "x")),
            ]
            self.__spelled += [(between, parts) for between, parts, _ in self.__codes]
            self.__spelled += [(_GAP, [f"(?i:{c})" for c in text]) for text in thirty_two]
            pairs = [f"(?i:{digits[i : i + 2]})" for i in range(0, len(digits), 2)]
            self.__spelled.append((_HEX_GAP, pairs))
        self.__bytes = [_squeezed(text.encode("ascii", "replace")) for text in texts]
        self.__pattern: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return "KeySpellings(…)"

    def __reduce__(self) -> str:
        raise TypeError("a key is not written anywhere")

    def hide(self, text: str) -> str:
        """`text` without the key."""
        return self._pattern().sub(HIDDEN, text)

    def hide_in_cut(self, text: str) -> str:
        """`text` without the key, and without a beginning of it at the end: it may have been cut there."""
        text = self.hide(text)
        for between, parts in self.__spelled:
            beginning = re.compile(parts[0])  # the others only as far as the text has them: there are hundreds
            start = max(0, len(text) - _LONGEST_ESCAPE * len(parts))
            while (first := beginning.search(text, start)) is not None:
                if _runs_to_the_end(re.compile(between), parts, text, first.start()):
                    text = text[: first.start()] + HIDDEN
                    break
                start = first.start() + 1
        return text

    def occurs_in(self, text: str) -> bool:
        """Whether the key is in `text`."""
        return self._pattern().search(text) is not None

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

    def _pattern(self) -> re.Pattern[str]:
        """All spellings; made when it is first needed, because that takes a while."""
        if self.__pattern is None:
            self.__pattern = re.compile("|".join(between.join(parts) for between, parts in self.__spelled))
        return self.__pattern


def _squeezed(body: bytes) -> bytes:
    if b"\\" in body:
        body = _WHITE_ESCAPES.sub(b"", body)
    return body.translate(_ALIKE, _GAP_BYTES)


# Groups are atomic: what can be read in two ways would take exponential time.


def _character(char: str) -> str:
    """A pattern for one character, in either case, escaped or not."""
    codes = sorted({ord(char.lower()), ord(char.upper())})
    each = [_percent(code) for code in codes]
    for code in codes:
        each += [rf"u\{{?0{{0,6}}(?i:{code:x})\}}?", f"(?i:x{code:02x})", f"&#(?i:x)0{{0,6}}(?i:{code:x});?"]
        each += [f"&#0{{0,6}}{code};?", f"(?i:={code:02x})"]
    if char in _ENTITIES:
        each.append(f"&{_ENTITIES[char]};?")
    each += [re.escape(chr(code)) for code in codes]
    return f"(?>{'|'.join(each)})"


def _base64_character(char: str) -> str:
    """A pattern for one character of base64, in either alphabet."""
    either = {"+": "[+-]", "-": "[+-]", "/": "[/_]", "_": "[/_]"}.get(char, char)
    return f"(?>{_percent(ord(char))}|{either})"


def _percent(code: int) -> str:
    return f"%(?:25)*(?i:{code:02x})"


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


def _runs_to_the_end(gap: re.Pattern[str], parts: list[str], text: str, start: int) -> bool:
    """Whether a beginning of the key stands at `start`, and nothing after it.

    Args:
        gap: what may stand between two characters.
        parts: the key, character by character.
        text: the whole text.
        start: where the first character is.
    """
    place = start
    for number, part in enumerate(parts):
        if number >= _CUT_FROM and _CUT_ESCAPE.match(text, place):
            return True
        between = gap.match(text, place) if number else None
        found = re.compile(part).match(text, between.end() if between else place)
        if found is None:
            return False
        place = found.end()
    return False
