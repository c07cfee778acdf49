"""What a command found, as values: `operations` makes them, `render` shows them. Pure."""
