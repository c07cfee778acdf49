"""`pioneer.lock`: what was built. docs/lock.md.

`values` are what it holds, `text` its bytes in and out, `merge` how two locks join.
"""

from pioneer_build.lock.model import DatasetState, Entry, Job, JobState, Labelling, Lock, Rejection, digest_of

__all__ = ["DatasetState", "Entry", "Job", "JobState", "Labelling", "Lock", "Rejection", "digest_of"]
