"""Why a row isn't kept, and why a whole job fails for it."""

from __future__ import annotations


class Reject(Exception):
    """The candidate isn't good enough; the text is the cause, as the job's error counts it."""


class Shortfall(Exception):
    """There aren't as many rows as were asked for. The text says how many, and why not."""
