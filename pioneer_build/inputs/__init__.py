"""Texts to label: found, read in order, judged, and told apart by their digests.

`survey` looks at all of an input once and says what it holds; `unchanged` whether that still holds; `read`
streams the texts; `new_texts` those that are still to be labelled; `batches` makes requests of them.
See docs/inputs.md.

files           which files a spec names, and of which format
reading         the texts of an input, streamed, whatever the format
open_file       a file's bytes, decompressed, and its encoding
text            plain text: a text a line
jsonl           JSON Lines
json_array      JSON: one list
delimited       CSV and TSV
parquet         Parquet
zstd            zstd streams
records         records judged one by one; blocks of texts
problems        mistakes, collected
digests         what makes two texts, or two ids, the same
digest_sets     sets of digests
surveying       one pass over an input: what it holds, and what is wrong with it
line_chunks     a stream cut into chunks of whole lines
incremental     chunks that are remembered, so that a changed file isn't parsed again as a whole
cache           what was learnt of a file at its last reading
safe_diskcache  diskcache without pickles
freshness       whether an input is as it was surveyed
batching        the texts still to be labelled, in batches

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
    from pioneer_build.inputs.surveying import InputsSurvey, survey

__all__ = [
    "DIGEST_SIZE",
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
