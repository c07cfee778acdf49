"""Texts to label: found, read in order, judged, and told apart by their digests.

`survey` looks at all of an input once and says what it holds; `unchanged` whether that still holds; `read`
streams the texts; `new_texts` those that are still to be labelled; `batches` makes requests of them.
Formats are one module each; see docs/inputs.md.

Names are imported when they are first used: a plan that finds every file unchanged needs one of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pioneer_build.inputs.batching import batches, new_texts
    from pioneer_build.inputs.cache import SurveyCache
    from pioneer_build.inputs.digests import DIGEST_SIZE, Id, split, text_digest, text_digests
    from pioneer_build.inputs.freshness import unchanged
    from pioneer_build.inputs.reading import InputText, read
    from pioneer_build.inputs.stamps import FileStamp
    from pioneer_build.inputs.surveying import InputsSurvey, survey

__all__ = [
    "DIGEST_SIZE",
    "FileStamp",
    "Id",
    "InputText",
    "InputsSurvey",
    "SurveyCache",
    "batches",
    "new_texts",
    "read",
    "split",
    "survey",
    "text_digest",
    "text_digests",
    "unchanged",
]

_MODULES = {
    "DIGEST_SIZE": "digests",
    "FileStamp": "stamps",
    "Id": "digests",
    "InputText": "reading",
    "InputsSurvey": "surveying",
    "SurveyCache": "cache",
    "batches": "batching",
    "new_texts": "batching",
    "read": "reading",
    "split": "digests",
    "survey": "surveying",
    "text_digest": "digests",
    "text_digests": "digests",
    "unchanged": "freshness",
}


def __getattr__(name: str) -> Any:
    """The public name `name`, from the module that has it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
