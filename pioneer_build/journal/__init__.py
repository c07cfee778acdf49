"""What was sent: the append-only log of submissions. docs/journal.md.

model     a submission
log       the file
process   whether the process that sent one still lives
takeover  what the journal knows and the lock does not
"""
