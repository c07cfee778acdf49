"""A project on disk: its folder, settings, specs and lock.

open       finds and opens it
config     the settings in force
specs      its specs, judged together
lock_file  the one place that reads and writes pioneer.lock
run_lock   one run at a time
"""
