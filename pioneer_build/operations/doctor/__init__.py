"""What is wrong with a set-up, and how to fix it. Looks only: nothing is written, nothing that costs is sent.

examine   all of it
machine   versions, extras, folders, git
project   settings, specs, lock, journal
service   key, address, routes, clock
"""
