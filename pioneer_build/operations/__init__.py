"""What each command does, without a terminal: a module or folder a command."""
