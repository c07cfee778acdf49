"""Texts to label: found, read in order, judged, and told apart by their digests.

`survey` looks at all of an input once and says what it holds; `read` streams the texts; `new_texts` those
that are still to be labelled; `batches` makes requests of them. Formats are one module each; see
docs/inputs.md.
"""

from pioneer_build.inputs.batching import batches
from pioneer_build.inputs.cache import SurveyCache
from pioneer_build.inputs.identity import DIGEST_SIZE, Id, split, text_digest, text_digests
from pioneer_build.inputs.reading import InputText, read
from pioneer_build.inputs.selection import new_texts
from pioneer_build.inputs.stamps import FileStamp
from pioneer_build.inputs.surveying import InputsSurvey, survey
from pioneer_build.inputs.unchanged import unchanged

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
