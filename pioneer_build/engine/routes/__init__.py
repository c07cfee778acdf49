"""The routes of the application, one module for each part of the API: `generate`, `label`, `datasets`."""
