"""Makes the service's messages safe to show: no key, no control characters, limited length.

A server may echo a request in its error, including the headers. Everything from outside is cleaned here first.
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from pioneer_build.errors import NoAccess
from pioneer_build.keys import KEY_VARIABLES
from pioneer_build.keys.spellings import KeySpellings

MESSAGE_LIMIT = 400
DETAILS_LIMIT = 50
_LINK_LIMIT = 2000
_KEEP = frozenset("\t\n ")


class ApiKey:
    """An API key that is never shown: `str`, `repr` and pickling don't reveal it.

    Args:
        text: the key.
        variable: the name of the environment variable that it is from, for messages.

    Raises:
        NoAccess: it can't be sent as a header; the message doesn't show it.
    """

    __slots__ = ("__text", "variable")

    def __init__(self, text: str, variable: str = KEY_VARIABLES[0]) -> None:
        self.variable = variable
        self.__text = text.strip()
        if not re.fullmatch(r"[\x21-\x7e]+", self.__text):
            raise NoAccess(
                "the API key is empty or contains invalid characters",
                hint=f"set {variable} to the key as the service shows it, on one line",
            )

    def reveal(self) -> str:
        """The key itself, for the header and for the digest in a file's name."""
        return self.__text

    def __repr__(self) -> str:
        return "ApiKey(…)"

    def __reduce__(self) -> str:
        raise TypeError("a key is not written anywhere")


class Quiet(logging.Filter):
    """Removes the key from httpx's log messages: a server may put it into its headers or its reason phrase."""

    _LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks")

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words

    def filter(self, record: logging.LogRecord) -> bool:
        """Accepts every record, and changes some of them."""
        text = record.getMessage()
        hidden = self._words.hide(text)
        if hidden != text:
            record.msg, record.args = hidden, ()
        return True

    def install(self) -> None:
        """Starts filtering."""
        for name in self._LOGGERS:
            logging.getLogger(name).addFilter(self)

    def remove(self) -> None:
        """Stops filtering."""
        for name in self._LOGGERS:
            logging.getLogger(name).removeFilter(self)


@dataclass(frozen=True, slots=True)
class Said:
    """The message in a response.

    `text` is one line of limited length, empty if the body has no message. `link` is the service's link to resolve the
    problem. `details` are single reasons, such as the fields of a 422.
    """

    text: str = ""
    link: str | None = None
    details: tuple[str, ...] = ()


class Words:
    """Cleans text from outside, for one key."""

    __slots__ = ("_spellings",)

    def __init__(self, key: ApiKey | None) -> None:
        self._spellings = KeySpellings(key.reveal()) if key is not None else None

    def __repr__(self) -> str:
        return "Words(…)"

    def clean(self, text: object, limit: int = MESSAGE_LIMIT) -> str:
        """`text` on one line, without the key and control characters, at most `limit` characters."""
        # Only the beginning is examined: a body may be megabytes of one word.
        line = str(text)[: limit * 20 + 10_000]
        line = "".join(c if c in _KEEP or unicodedata.category(c)[0] != "C" else "" for c in line)
        line = " ".join(line.split())
        if self._spellings is not None:
            # Hide first, then cut. The text may have been cut before, here or by the server.
            line = self._spellings.hide_in_cut(line)
        return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"

    def hide(self, text: str) -> str:
        """`text` without the key, however it is spelled."""
        return self._spellings.hide(text) if self._spellings is not None else text

    def in_body(self, body: bytes) -> bool:
        """Whether the key is in a request, which must not be sent, or in a response, of which nothing may be recorded.

        A key that may be a word of any text, such as `anything` for a local server, is no reason to refuse either.
        """
        spellings = self._spellings
        return spellings is not None and not spellings.guessable and spellings.occurs_in_bytes(body)

    def link(self, value: object) -> str | None:
        """`value` if it is a web link that is safe to show."""
        if not isinstance(value, str) or len(value) > _LINK_LIMIT:
            return None
        cleaned = self.clean(value, _LINK_LIMIT)
        try:
            parts = urlsplit(cleaned)
        except ValueError:
            return None
        return cleaned if parts.scheme in {"http", "https"} and parts.netloc and " " not in cleaned else None

    def read(self, body: bytes) -> Said:
        """The message in the body of an error, whatever its shape."""
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            return Said(self.clean(_plain(body)))
        if isinstance(answer, str):
            return Said(self.clean(answer))
        if not isinstance(answer, dict):
            return Said(self.clean(_compact(answer)) if answer else "")
        return self._from_object(answer)

    def _from_object(self, answer: dict[str, Any]) -> Said:
        detail = answer.get("detail")
        inner = detail if isinstance(detail, dict) else answer
        nested = inner.get("error")
        text = next(
            (
                value
                for value in (
                    detail,
                    inner.get("message"),
                    nested.get("message") if isinstance(nested, dict) else None,
                    nested,
                    inner.get("detail"),
                    inner.get("title"),
                )
                if isinstance(value, str) and value.strip()
            ),
            "",
        )
        holders = (answer,) if inner is answer else (answer, inner)
        reasons = dict.fromkeys(
            reason
            for holder in holders
            for name in ("errors", "detail", "details")
            for reason in _reasons(holder.get(name))
            if reason
        )
        # no more than are shown: each may be long
        details = tuple(dict.fromkeys(self.clean(reason) for reason in islice(reasons, DETAILS_LIMIT)))
        code = inner.get("code")
        if not text and isinstance(code, str):
            text = code
        if not text and not details:
            text = _compact(answer)
        links = (holder.get(name) for holder in (inner, answer) for name in ("resolution_url", "link"))
        link = next((found for value in links if (found := self.link(value))), None)
        return Said(self.clean(text), link, details)


def _reasons(value: object) -> list[str]:
    """The single reasons in a list or object: strings, or `{loc, msg}` / `{field, message}`."""
    if isinstance(value, dict) and all(isinstance(v, (str, list)) for v in value.values()):
        value = (
            [{"field": k, "message": one} for k, v in value.items() for one in (v if isinstance(v, list) else [v])]
            if not {"message", "code"} & value.keys()
            else []
        )
    if not isinstance(value, list):
        return []
    return [_reason(item) for item in value[: DETAILS_LIMIT * 2]]


def _reason(item: object) -> str:
    if not isinstance(item, dict):
        return item if isinstance(item, str) else _compact(item)
    place = item.get("loc", item.get("field", item.get("path")))
    if isinstance(place, list):
        # FastAPI starts a location with the part of the request, which is noise for the reader of a spec.
        place = ".".join(str(part) for part in (place[1:] if place[:1] == ["body"] else place))
    text = next((item[k] for k in ("msg", "message", "error", "detail") if isinstance(item.get(k), str)), None)
    if text is None:
        return _compact(item)
    return f"{place}: {text}" if isinstance(place, str) and place else text


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(body: bytes) -> str:
    """The text of a body that isn't JSON; for a web page, its title."""
    text = body[:100_000].decode("utf-8", "replace")
    if not re.match(r"\s*<", text):
        return text
    begin = re.search(r"<title", text, re.IGNORECASE)
    opened = text.find(">", begin.end()) if begin else -1
    end = re.compile(r"</title", re.IGNORECASE).search(text, opened) if opened >= 0 else None
    return text[opened + 1 : end.start()] if end else "a web page"
