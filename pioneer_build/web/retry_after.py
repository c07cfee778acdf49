"""How long a server asks to be left alone."""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

#: Seconds. A longer pause that a service asks for (`Retry-After`) is cut to this.
RETRY_AFTER_CAP: Final = 3600.0


def retry_after(value: str | None, *, now: float) -> float | None:
    """Seconds to wait according to a `Retry-After` header: whole or fractional seconds, or a date (RFC 9110, 10.2.3).

    `None` if there is none or it can't be read. Never below 0 or above `RETRY_AFTER_CAP`.
    """
    if value is None:
        return None
    text = value.strip()[:100]
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
        except (ValueError, TypeError, IndexError, ArithmeticError):
            return None
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_CAP)
