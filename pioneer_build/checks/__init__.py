"""Bounds on the rows of jobs and label specs. Pure.

bounds            the bounds in force, and a bound that is broken
judge             divides the rows of one job into accepted and quarantined ones, with causes
job_bounds        bounds on all rows of a job
changed_checks         judges rows that a dataset already has by changed checks
label_bounds      bounds on the rows of a label spec: enough annotations, and warnings
measures          what was counted in rows
phrases           counts and causes as parts of sentences
quarantined_rows  quarantined rows as lines of a file
"""
