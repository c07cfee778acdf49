"""The results of commands, as values: `operations` makes them, `render` shows them. Pure.

A module for each command, and `dataset`: one dataset as `show`, `status` and `report` describe it.
"""
