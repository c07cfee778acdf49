"""A successful answer that has the API key in it is refused: an id or a row with the key can't be recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import FateUnknown, KeyRepeated

if TYPE_CHECKING:
    from pioneer_build.service.error_map import Asked
    from pioneer_build.web.redaction import Words

_MESSAGE = "the response contains the API key, so nothing of it is recorded"
_HINT = "find out from the service why it repeats keys; what it accepted can be recorded with `adopt`"


def refuse_repeated_key(words: Words, status: int, body: bytes, asked: Asked) -> None:
    """Refuses a response that repeats the key; not an error, which is only shown, without the key.

    Args:
        words: know the key.
        status: of the response.
        body: of the response.
        asked: what was requested, for the error.

    Raises:
        ServiceError: the key is in it. What a paid request bought is unknown then (`KeyRepeated`).
    """
    if not 200 <= status < 300 or not words.in_body(body):
        return
    problem = asked.unanswered(_MESSAGE, status=status)
    if isinstance(problem, FateUnknown):
        problem = KeyRepeated(problem.message, hint=_HINT, status=status)
    raise problem
