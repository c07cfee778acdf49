"""Datasets as code: specs, a plan, a lock, and only the jobs that changed."""

__version__ = "0.1.0"
