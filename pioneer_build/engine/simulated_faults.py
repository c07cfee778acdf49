"""Simulated faults: decides which jobs, label requests and responses fail on request."""

from __future__ import annotations

import json
from hashlib import sha256


def strikes(share: float, fault: str, name: str) -> bool:
    """Whether a fault happens: determined only by names, so that it is the same every time.

    Args:
        share: fraction of affected requests, between 0 and 1.
        fault: the kind of fault, such as `drop`.
        name: of the job or request that may be affected.
    """
    if share <= 0:
        return False
    digest = sha256(json.dumps([fault, name]).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share
