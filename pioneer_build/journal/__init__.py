"""What was sent: the append-only log of submissions. docs/journal.md.

model       a submission
log         the file: read, and appended to
lines       the form of a line
index       submissions by what they are asked for by
compaction  the file made short
process     whether the process that sent one still lives
takeover    what the journal knows and the lock does not
"""
