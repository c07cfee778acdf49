"""Simulated faults: which jobs, label requests and answers go wrong because the engine was told that some should."""

from __future__ import annotations

import json
from hashlib import sha256


def strikes(share: float, fault: str, name: str) -> bool:
    """Whether a fault strikes: decided by names alone, so that it is the same every time.

    Args:
        share: of how many, between 0 and 1.
        fault: which of the engine's faults it is, such as `drop`.
        name: of the job or request that it may strike.
    """
    if share <= 0:
        return False
    digest = sha256(json.dumps([fault, name]).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share
