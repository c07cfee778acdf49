"""Splits a shell script into words. Nothing is expanded or run: a `$VARIABLE` is left unchanged."""

from __future__ import annotations

from typing import Final

from pioneer_build.errors import PioneerError

_SIMPLE_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}


def shell_commands(text: str) -> list[list[str]]:
    """The commands of a shell script as lists of words: quotes, `$'…'`, escapes, continued lines, comments.

    Raises:
        PioneerError: a quote is never closed.
    """
    reader = _Reader(text)
    reader.read()
    return reader.commands


class _Reader:
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
        if self._words[:1] == ["$"]:  # a prompt that was copied as well
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
    return PioneerError(f"a quote ({quote}) is never closed", hint="copy the whole command, up to its last line")
