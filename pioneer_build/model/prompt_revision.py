"""The revision of the prompts."""

from __future__ import annotations

from typing import Final

#: Recorded with every job, and never compared. Incremented by every change of what a model is told.
PROMPT_REVISION: Final = "model-2"
