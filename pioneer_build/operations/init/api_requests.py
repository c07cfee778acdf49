"""Reads existing API requests: curl commands, or the JSON body of a request.

Only the URL and the body of a command are used; headers, which have the key, are ignored.
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
#: Other options with a value, so that the value isn't taken for the URL. They include headers.
_VALUED_TEXT: Final = """
-H --header -X --request -u --user -o --output -A --user-agent -b --cookie -c --cookie-jar -e --referer -m --max-time
-x --proxy -w --write-out -F --form --connect-timeout --retry --retry-delay --retry-max-time --cacert -E --cert --key
--oauth2-bearer --resolve --interface --limit-rate -K --config -D --dump-header -T --upload-file
"""
_VALUED: Final = frozenset(_VALUED_TEXT.split())
_LABEL_TASKS: Final = ("ner", "classification")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One API request: its body, and the task type if the URL contains it (label-existing)."""

    body: Mapping[str, Any]
    label_task: str | None = None


def read_requests(text: str) -> list[ApiRequest]:
    """The requests in `text`: one JSON body, or curl commands.

    Raises:
        PioneerError: there are none, or one is invalid.
    """
    text = text.lstrip("\ufeff")
    if text.lstrip()[:1] in ("{", "["):
        return [ApiRequest(_object(text))]
    calls = [words for words in shell_commands(text) if words and words[0].rpartition("/")[2] in ("curl", "curl.exe")]
    if not calls:
        raise PioneerError(
            "the input contains neither a JSON object nor a curl command",
            hint="pass the body of POST /generate, or the whole command: curl … -d '{…}'",
        )
    found = [request for call in calls if (request := _request(call)) is not None]
    if not found:
        raise PioneerError(
            "none of the curl commands has a body", hint="a request that generates or labels has one: -d '{…}'"
        )
    return found


def _request(call: list[str]) -> ApiRequest | None:
    """The request that a command sends; `None` if it has no body (a poll)."""
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
            f"the curl command reads its body from '{body[1:]}'",
            hint="pass that file: pioneer-build init --from FILE",
        )
    return ApiRequest(_object(body), _label_task(url))


def _split_option(word: str, words: Iterator[str]) -> tuple[str, str]:
    """The option of a word and its value; an empty option if the word is a URL."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        if equals:
            return name, value
        return name, next(words, "") if name in _BODY or name in _VALUED or name == "--url" else ""
    if len(word) > 1 and word.startswith("-"):
        # letters may be combined (-sSX POST), and a value may follow without a space (-d'{…}')
        for at, letter in enumerate(word[1:], 1):
            name = f"-{letter}"
            if name in _BODY or name in _VALUED:
                return name, word[at + 1 :] or next(words, "")
        return word, ""
    return "", word


def _label_task(url: str | None) -> str | None:
    try:
        parts = urlsplit(url or "").path.strip("/").split("/")
    except ValueError:  # not a URL: `http://[x`
        return None
    if parts[-1:] == ["label-existing"] and parts[-2:-1] and parts[-2] in _LABEL_TASKS:
        return parts[-2]
    return None


def _different_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise PioneerError(f"the body of the request has '{twice}' twice in one object", hint="remove one of them")
    return value


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_different_keys)
    except ValueError as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise PioneerError(
            f"the body of the request is not JSON{where}",
            hint="replace $VARIABLES in the body with their values first" if "$" in text else None,
        ) from None
    except RecursionError:
        raise PioneerError("the body of the request is nested too deeply") from None
    if not isinstance(value, dict):
        raise PioneerError("the body of the request must be a JSON object: {…}")
    return value
