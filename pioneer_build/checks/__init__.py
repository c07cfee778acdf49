"""Bounds on the rows that were made. Pure.

bounds      the bounds in force, and one that does not hold
judge       the rows of one job: accepted, or quarantined with a cause
job_bounds  which bounds on all rows of a job don't hold
label_rows  the rows of a label spec: enough annotations, and warnings
measures    what was counted of rows
phrases     counts and causes in sentences
quarantine  rows that were refused, as lines of a file
"""
