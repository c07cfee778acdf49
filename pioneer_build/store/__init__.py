"""What was paid for, kept: rows of jobs and annotations of texts. Never evicted; see docs/store.md.

STORE/
  format                              which format this is
  rows/ab/abcd….jsonl                 rows, named by the SHA-256 of their bytes
  annotations/SCOPE/scope.json        which backend and fingerprint SCOPE stands for
  annotations/SCOPE/*.log, *.open     annotations, appended in batches, one file a writer
  annotations/SCOPE/index             where each annotation is: derived, may be deleted
  annotations/SCOPE/quarantine/*.json texts that the service refuses, one file each
  tmp/                                what is being written

store          `Store`: rows by their digest, and the way to everything else
annotations    the annotations of one scope: which texts have one, new ones, all of them
scope          what an annotation is an answer to, apart from its text
segments       the files of batches, one a writer
frames         their format
compaction     many of them made into one
index          sorted arrays of where each annotation is
current_index  the index brought up to date with the files
lookup         annotations read by their places
quarantine     texts that the service refuses
gc             what the store could do without
disk           whole files with the store's permissions, and errors that help
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pioneer_build.store.annotations import AnnotationStore
    from pioneer_build.store.gc import GcPlan, Removal
    from pioneer_build.store.quarantine import RefusedText
    from pioneer_build.store.store import Store

__all__ = ["AnnotationStore", "GcPlan", "RefusedText", "Removal", "Store"]

_MODULES = {
    "AnnotationStore": "annotations",
    "GcPlan": "gc",
    "RefusedText": "quarantine",
    "Removal": "gc",
    "Store": "store",
}


def __getattr__(name: str) -> Any:
    """The public name `name`, from the module that has it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
