"""Bounds on the rows that a job brought. Pure.

bounds      the bounds in force, and one that does not hold
judge       rows held against them
quarantine  rows that were refused, as lines of a file
"""
