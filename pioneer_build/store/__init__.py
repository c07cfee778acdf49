"""The store: rows of jobs and annotations of texts, which were paid for. Nothing is evicted; see docs/store.md.

STORE/
  format                              the version of the format
  rows/ab/abcd….jsonl                 rows, named by the SHA-256 of their bytes
  annotations/SCOPE/scope.json        the backend and fingerprint of SCOPE
  annotations/SCOPE/*.log, *.open     annotations, appended in batches, one file per writer
  annotations/SCOPE/index             the position of each annotation: derived, may be deleted
  annotations/SCOPE/quarantine/*.json texts that the service refuses, one file each
  annotations/SCOPE/claims/           texts that are being sent, one file per batch
  answers/MODEL/                      answers of a model of which no rows or annotations are in the store yet
  tmp/                                files that are being written

store          `Store`: the folder, its format, and access to everything in it
row_files      files of rows, named by their digest, with which they are compared
annotations    the annotations of one scope: finds texts without one, adds and reads annotations
scope          backend and fingerprint of annotations
segments       the files of batches, one per writer
frames         their format
compaction     merges small files of batches into one
index          sorted arrays with the position of each annotation
current_index  keeps the index up to date with the files
lookup         reads annotations by their positions
refused_texts  texts that the service refuses
claims         texts that are being labelled, so that two runs don't send the same ones
model_answers  what one model was paid for and the store has no rows or annotations of yet
job_holds      its jobs that this process resumes
text_answers   its answers about single texts
answer_folders  what their folders are called
answer_files   files of answers
answer_writer  writes them, all that wait together
spare          keeps annotations that the store can't take, until it can
gc             finds and removes what is not needed
disk           complete files with the store's permissions, and helpful error messages
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.late_names import late_names

if TYPE_CHECKING:
    from pioneer_build.store.annotations import AnnotationStore
    from pioneer_build.store.gc import GcPlan, Needed, Removal, RemovalKind
    from pioneer_build.store.refused_texts import RefusedText
    from pioneer_build.store.store import Store

__all__ = ["AnnotationStore", "GcPlan", "Needed", "RefusedText", "Removal", "RemovalKind", "Store"]

__getattr__ = late_names(
    __name__,
    {
        "AnnotationStore": "annotations",
        "GcPlan": "gc",
        "Needed": "gc",
        "RefusedText": "refused_texts",
        "Removal": "gc",
        "RemovalKind": "gc",
        "Store": "store",
    },
)
