"""What each command does, without a terminal: a module or folder for each command."""
