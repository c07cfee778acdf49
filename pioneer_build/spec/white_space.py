"""White space that carries no meaning in a definition. A part of `fp1`, a published format: docs/fingerprint.md."""

from __future__ import annotations

import re
from typing import Final

#: White space that `domain_description` folds and `prompt` is stripped of: Unicode's White_Space property.
SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_SPACE_RUN = re.compile(f"[{SPACES}]+")


def fold(text: str) -> str:
    """`text` without white space at its ends, and each run of it within as one space."""
    return _SPACE_RUN.sub(" ", text).strip(" ")
