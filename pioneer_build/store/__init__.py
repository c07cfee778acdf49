"""What was paid for, kept: rows of jobs and annotations of texts. Never evicted; see docs/store.md.

STORE/
  format                              which format this is
  rows/ab/abcd….jsonl                 rows, named by the SHA-256 of their bytes
  annotations/SCOPE/scope.json        which backend and fingerprint SCOPE stands for
  annotations/SCOPE/*.log, *.open     annotations, appended in batches, one file a writer
  annotations/SCOPE/index             where each annotation is: derived, may be deleted
  annotations/SCOPE/quarantine/*.json texts that the service refuses, one file each
  tmp/                                what is being written
"""

from pioneer_build.store.collect import GcPlan, Removal
from pioneer_build.store.quarantine import Quarantined
from pioneer_build.store.store import Store

__all__ = ["GcPlan", "Quarantined", "Removal", "Store"]
