"""What the name of a dataset may be.

On the way of a plan with nothing to do: imports nothing.
"""

from __future__ import annotations

LONGEST_NAME = 100
#: A regular expression: it is a path component of the service's URLs and of the store, so it is no path, isn't hidden,
#: and is valid on every disk.
DATASET_NAME = f"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}"
