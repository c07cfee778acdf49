"""The results of commands, as values: `operations` makes them, `render` shows them. Pure.

A module for each command.
"""
