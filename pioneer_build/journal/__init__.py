"""The journal: the append-only log of submissions (docs/journal.md).

model       a submission
log         appends to the file
reading     reads it: gaps, truncated lines, and what was appended since the last time
lines       the format of a line
index       finds submissions by name, definition or job
compaction  rewrites the file without obsolete lines
takeover    submissions as jobs that a lock can take over
"""
