"""The revision of this engine."""

from __future__ import annotations

#: Stored with every job. Incremented by every change that gives other rows or annotations for the same request.
REVISION = "engine-2"
