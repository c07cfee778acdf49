"""Why a row isn't kept."""

from __future__ import annotations


class Reject(Exception):
    """The candidate isn't good enough; the text is the cause, as the job's error counts it."""
