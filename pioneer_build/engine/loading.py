"""Models and libraries are loaded by one thread at a time.

Loading runs `ast.parse` (through `inspect.signature`), which in CPython 3.11 is not safe in two threads: it fails
with "AST constructor recursion depth mismatch" (CPython issue 106905).
"""

from __future__ import annotations

import threading
from typing import Final

#: Held while something heavy is imported or created.
LOADING: Final = threading.RLock()
