"""What a command found, as values: `operations` makes them, `render` shows them. Pure.

A module a command, and `dataset`: one dataset as `show`, `status` and `report` tell it.
"""
