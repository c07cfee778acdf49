"""Which engine this is."""

from __future__ import annotations

#: Kept with every job. A change that makes other rows or answers out of the same request counts it up.
REVISION = "engine-1"
