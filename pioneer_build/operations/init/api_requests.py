"""Requests of the API that exist already: calls that somebody wrote for a shell (`curl …`), or the JSON body of one.

Only the address and the body of a call are looked at; headers, where the key is, are dropped unread.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pioneer_build.errors import PioneerError
from pioneer_build.operations.init.shell_words import shell_commands

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
    calls = [words for words in shell_commands(text) if words and words[0].rpartition("/")[2] in ("curl", "curl.exe")]
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
