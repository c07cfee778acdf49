"""Makes a folder a project, or requests that exist already specs."""
