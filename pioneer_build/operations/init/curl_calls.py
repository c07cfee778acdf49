"""Reads calls of the API that somebody wrote for a shell (`curl …`), or the JSON body of one.

Only the address and the body of a call are looked at; headers, where the key is, are dropped unread.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pioneer_build.errors import PioneerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Options of curl that carry a body.
_BODY: Final = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")
#: Other options with a value, so that the value isn't taken for an address. Headers are among them.
_VALUED_TEXT: Final = """
-H --header -X --request -u --user -o --output -A --user-agent -b --cookie -c --cookie-jar -e --referer -m --max-time
-x --proxy -w --write-out -F --form --connect-timeout --retry --retry-delay --retry-max-time --cacert -E --cert --key
--oauth2-bearer --resolve --interface --limit-rate -K --config -D --dump-header -T --upload-file
"""
_VALUED: Final = frozenset(_VALUED_TEXT.split())
_LABEL_TASKS: Final = ("ner", "classification")
_SIMPLE_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the API: its body, and the task where the address names it (label-existing)."""

    body: Mapping[str, Any]
    label_task: str | None = None


def read_requests(text: str) -> list[Request]:
    """The requests that `text` holds: one JSON body, or calls of curl.

    Raises:
        PioneerError: there is none, or one can't be read.
    """
    text = text.lstrip("\ufeff")
    if text.lstrip()[:1] in ("{", "["):
        return [Request(_object(text))]
    calls = [words for words in _commands(text) if words and words[0].rpartition("/")[2] in ("curl", "curl.exe")]
    if not calls:
        raise PioneerError(
            "there is neither a JSON object nor a call of curl in it",
            hint="give the body of POST /generate, or the whole call: curl … -d '{…}'",
        )
    found = [request for call in calls if (request := _request(call)) is not None]
    if not found:
        raise PioneerError("no call in it has a body", hint="a call that generates or labels has one: -d '{…}'")
    return found


def _request(call: list[str]) -> Request | None:
    """What a call sends; `None` for one that sends nothing (a poll)."""
    body: str | None = None
    url: str | None = None
    words = iter(call[1:])
    for word in words:
        option, value = _split_option(word, words)
        if option in _BODY:
            body = value if body is None else f"{body}&{value}"
        elif option == "--url" or (not option and url is None):
            url = value
    if body is None:
        return None
    if body.startswith("@"):
        raise PioneerError(
            f"the call reads its body from '{body[1:]}'",
            hint="give that file itself: pioneer-build init --from FILE",
        )
    return Request(_object(body), _label_task(url))


def _split_option(word: str, words: Iterator[str]) -> tuple[str, str]:
    """The option of a word and its value; an option of "" where the word is an address."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        if equals:
            return name, value
        return name, next(words, "") if name in _BODY or name in _VALUED or name == "--url" else ""
    if len(word) > 1 and word.startswith("-"):
        # letters may be joined (-sSX POST), and a value may follow at once (-d'{…}')
        for at, letter in enumerate(word[1:], 1):
            name = f"-{letter}"
            if name in _BODY or name in _VALUED:
                return name, word[at + 1 :] or next(words, "")
        return word, ""
    return "", word


def _label_task(url: str | None) -> str | None:
    parts = urlsplit(url or "").path.strip("/").split("/")
    if parts[-1:] == ["label-existing"] and parts[-2:-1] and parts[-2] in _LABEL_TASKS:
        return parts[-2]
    return None


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise PioneerError(
            f"the body of the request is no JSON{where}",
            hint="a body with $VARIABLES in it has to be filled in first" if "$" in text else None,
        ) from None
    except RecursionError:
        raise PioneerError("the body of the request is nested too deeply") from None
    if not isinstance(value, dict):
        raise PioneerError("the body of a request is a JSON object: {…}")
    return value


# -- the shell -----------------------------------------------------------------------------------------------------


def _commands(text: str) -> list[list[str]]:
    """The commands of a shell script as lists of words: quotes, `$'…'`, escapes, continued lines, comments."""
    reader = _Shell(text)
    reader.read()
    return reader.commands


class _Shell:
    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._word: list[str] | None = None
        self._words: list[str] = []
        self.commands: list[list[str]] = []

    def read(self) -> None:
        while (char := self._next()) is not None:
            if char == "\\":
                if (escaped := self._next()) not in ("\n", None):
                    self._put(escaped or "")
            elif char == "'":
                self._put(self._until("'"))
            elif char == '"':
                self._put(self._double())
            elif char == "$" and self._peek() == "'":
                self._next()
                self._put(self._ansi())
            elif char in "\n;|&":
                self._end_command()
            elif char in " \t":
                self._end_word()
            elif char == "#" and self._word is None:
                while self._peek() not in ("\n", None):
                    self._next()
            else:
                self._put(char)
        self._end_command()

    def _next(self) -> str | None:
        if self._at >= len(self._text):
            return None
        self._at += 1
        return self._text[self._at - 1]

    def _peek(self) -> str | None:
        return self._text[self._at] if self._at < len(self._text) else None

    def _put(self, text: str) -> None:
        if self._word is None:
            self._word = []
        self._word.append(text)

    def _end_word(self) -> None:
        if self._word is not None:
            self._words.append("".join(self._word))
            self._word = None

    def _end_command(self) -> None:
        self._end_word()
        if self._words[:1] == ["$"]:  # a prompt that was copied too
            del self._words[0]
        if self._words:
            self.commands.append(self._words)
            self._words = []

    def _until(self, quote: str) -> str:
        end = self._text.find(quote, self._at)
        if end < 0:
            raise _unclosed(quote)
        found, self._at = self._text[self._at : end], end + 1
        return found

    def _double(self) -> str:
        parts: list[str] = []
        while (char := self._next()) != '"':
            if char is None:
                raise _unclosed('"')
            if char == "\\" and (self._peek() or " ") in '"\\$`\n':
                char = self._next() or ""
                if char == "\n":
                    continue
            parts.append(char)
        return "".join(parts)

    def _ansi(self) -> str:
        parts: list[str] = []
        while (char := self._next()) != "'":
            if char is None:
                raise _unclosed("'")
            parts.append(self._ansi_escape() if char == "\\" else char)
        return "".join(parts)

    def _ansi_escape(self) -> str:
        kind = self._next() or ""
        if kind in _SIMPLE_ESCAPES:
            return _SIMPLE_ESCAPES[kind]
        if kind not in "xuU" or not kind:
            return kind
        digits = ""
        most = {"x": 2, "u": 4, "U": 8}[kind]
        while len(digits) < most and (peeked := self._peek()) and peeked in "0123456789abcdefABCDEF":
            digits += self._next() or ""
        code = int(digits, 16) if digits else 0x110000
        return chr(code) if code < 0x110000 else f"\\{kind}{digits}"


def _unclosed(quote: str) -> PioneerError:
    return PioneerError(f"a quote ({quote}) is never closed", hint="copy the whole call, to its last line")
