"""Why a row is dropped, and why a whole job fails."""

from __future__ import annotations


class Reject(Exception):
    """The candidate isn't good enough; the text is the cause, which the job's error counts."""


class Shortfall(Exception):
    """There are fewer rows than requested. The text says how many, and why."""
