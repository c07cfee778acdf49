"""Texts to label: finds, reads and checks them, in order, and identifies them by their digests.

`survey` reads a whole input once and summarizes it; `unchanged` says whether that summary is still valid; `read`
streams the texts; `new_texts` those that are still to be labelled; `batches` groups them into requests. See
docs/inputs.md.

named_files         the files that a spec names, and their formats
glob                which paths a glob matches
glob_walk           finds what a glob matches: each folder once, nothing outside of the project
left_out_inputs     files that git keeps out of the work tree
reading             streams the texts of an input, whatever its format
open_file           the decompressed bytes of a file
wrong_contents      what isn't texts, by its first bytes: pointers, error pages, other formats and encodings
plain_text          plain text: one text per line
jsonl               JSON Lines
json_array          JSON: one list
repeated_keys       keys that occur twice in one object of JSON
delimited           CSV and TSV
parquet             Parquet
parquet_pages       what its pages say of themselves before they are unpacked
zstd                zstd streams
records             checks records one by one; blocks of texts
complaints          collects mistakes
digests             digests of texts and ids
digest_sets         sets of digests
spreadsheet_errors  texts like #REF!
surveying           one pass over an input: its texts, and its mistakes
line_chunks         cuts a stream into chunks of whole lines
incremental         remembers chunks, so that only the changed parts of a file are parsed again
cache               what is remembered of a file between runs
safe_diskcache      diskcache without pickles
freshness           whether an input has changed since its survey
batching            the texts still to be labelled, in batches

Names are imported when they are first used: a plan whose input files are all unchanged needs only one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.late_names import late_names

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

__getattr__ = late_names(
    __name__,
    {
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
    },
)
