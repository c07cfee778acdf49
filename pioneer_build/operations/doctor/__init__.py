"""Problems of a setup, and how to fix them. It only reads: nothing is written, and no paid request is sent.

examine   all checks
machine   versions, extras, folders, git
project   settings, specs, lock, journal
service   key, base URL, endpoints, clock
"""
