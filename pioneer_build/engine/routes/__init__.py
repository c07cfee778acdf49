"""What the application answers, a module for each part of the API: `generate`, `label`, `datasets`."""
