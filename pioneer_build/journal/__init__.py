"""The journal: the append-only log of submissions (docs/journal.md).

model       a submission
log         reads the file, and appends to it
lines       the format of a line
index       finds submissions by name, definition or job
compaction  rewrites the file without obsolete lines
takeover    submissions as jobs that a lock can take over
"""
