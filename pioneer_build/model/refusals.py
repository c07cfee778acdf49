"""What a server means with a response that isn't a success."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pioneer_build.web.retry_after import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

#: `again` passes by itself, `busy` after a pause; `too-long`, `filtered` and `bad` are about this call, `no-use` is
#: about all.
Meaning: TypeAlias = Literal["again", "busy", "too-long", "filtered", "bad", "no-use"]

#: Statuses that may be about the key, or that there is none.
ABOUT_THE_KEY: Final = (401, 403)
_TOO_LONG = re.compile(
    r"context[ _]?(?:length|window|size)|maximum context|n_ctx|too (?:many tokens|long)|prompt is too long"
    r"|exceed\w* (?:the )?(?:\w+ ){0,4}(?:context|token)|reduce the length",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content[ _]?(?:filter|policy|management)|responsible ?ai|moderation|safety system", re.IGNORECASE
)
_UNKNOWN_MODEL = re.compile(
    r"model\W+(?:.{0,200}\W)?(?:not found|does(?:n['’]t| not) exist|is not available|unknown)|unknown model"
    r"|no such model|model_not_found|invalid model",
    re.IGNORECASE | re.DOTALL,
)
_NO_CREDITS = re.compile(r"insufficient_quota|exceeded your current quota|insufficient credits|billing", re.IGNORECASE)


def meaning(status: int, said: str) -> Meaning:
    """What a response means.

    Args:
        status: the HTTP status, not of a success.
        said: its text.
    """
    if status == 429:
        return "no-use" if _NO_CREDITS.search(said) else "busy"
    if status in (401, 402, 403):
        return "filtered" if status == 403 and _FILTERED.search(said) else "no-use"
    if _TOO_LONG.search(said) and (status in (400, 413, 422) or status >= 500):
        return "too-long"
    if status == 413:
        return "too-long"
    if status == 404 or (status == 400 and _UNKNOWN_MODEL.search(said)):
        return "no-use"
    if status in (408, 409, 425) or status >= 500:
        return "busy" if status == 503 else "again"
    if status in (400, 422):
        return "filtered" if _FILTERED.search(said) else "bad"
    return "no-use"  # a redirect, a wrong method: this isn't the API


def pause_of(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The seconds that `Retry-After` asks for: a number or a date; `None` if it doesn't.

    Args:
        headers: case-insensitive.
        now: seconds since the epoch; by default the clock's.
    """
    now = time.time() if now is None else now
    milliseconds = headers.get("retry-after-ms", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{0,9})?", milliseconds):
        return float(milliseconds) / 1000.0
    return retry_after(headers.get("retry-after"), now=now)
