"""What changed between two states of the lock. Pure.

locks  datasets, jobs and settings
rows   the rows that readers get
state  one state of the lock
json   the same as JSON values
"""
