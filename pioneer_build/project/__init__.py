"""A project on disk: its folder, settings, specs and lock.

find              its folder, unless a sparse checkout left out its settings or lock
open              opens it
config            the effective settings
store_place       where the store may not be
specs             its specs, and the rules between them
left_out_specs    specs that exist, but are not in the work tree or not read
lock_file         the lock, as one file or split: what reads and writes it
lock_texts        the texts of its files
lock_in_git       what git knows of it besides: sides of a merge, files that a sparse checkout left out
solved_conflicts  which of these sides this program has merged already
merged_commits    the lock from the commits of a merge whose files git has mixed up
lock_restore      from which commit a damaged file of it can be restored
lock_at           the lock at a commit
lock_history      the earlier versions of it that git has
origin            which project a submission belongs to
key_check         finds keys in files and texts of the project
run_lock          allows only one run at a time
"""
