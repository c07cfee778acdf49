"""Whether another process is still alive: by its id and start time, or by a file that it keeps locked until it ends.

The journal names the process of each submission (`identity`). The store, for texts that are being labelled, and the
local engine, for jobs that are being worked on, mark what a process has claimed (`lease`).
"""
