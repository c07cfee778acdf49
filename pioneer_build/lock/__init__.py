"""`pioneer.lock`: what was built. docs/lock.md.

model     what it holds: entries and their jobs
gold      what a dataset's gold said of it
merge     how two locks join
json      an entry as JSON values
schema    what those must be, key by key, by version
source    a file's text before its entries are read, and where in it what stands
text      the bytes of `pioneer.lock`, in and out
split     the files of a split lock, in and out
conflict  both sides of a text with git's conflict markers
"""

from pioneer_build.lock.model import DatasetState, Entry, Job, JobState, Labelling, Lock, Rejection, digest_of

__all__ = ["DatasetState", "Entry", "Job", "JobState", "Labelling", "Lock", "Rejection", "digest_of"]
