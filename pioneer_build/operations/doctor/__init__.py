"""Problems of a setup, and how to fix them. No paid request is sent; what is written to try a disk is removed at once.

examine       all checks
machine       versions, extras, model files
user_folders  state, store, cache: usable, private, with free space
git_setup     whether git tracks the lock and uses the merge driver
line_ends     whether git may convert line ends in inputs
project       settings, specs, schemas for editors, lock
journal       damaged lines, unfinished submissions
service       key, base URL, endpoints
language_model  each server of a language model: its models, and one small call
clock         whether this machine's clock is right
"""
