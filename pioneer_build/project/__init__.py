"""A project on disk: its folder, settings, specs and lock.

open       finds and opens it
config     the effective settings
specs      its specs, and the rules between them
lock_file  the only module that reads and writes pioneer.lock
run_lock   allows only one run at a time
"""
