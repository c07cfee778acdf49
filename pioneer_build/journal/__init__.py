"""The journal: the append-only log of submissions (docs/journal.md).

model             a submission
log_presence      whether it is in its place
log               appends to the file
log_reading       reads it, and what was appended since the last time
lines             the format of a line
damage            takes its bytes apart: lines, and where it is damaged
copies            its copy: what it has that a damaged log has lost
seal              the number of its last line, in another file
submission_index  finds submissions by name, definition or job
compaction        rewrites the file without obsolete lines
submitted_jobs    submissions as jobs that a lock can take over
"""
