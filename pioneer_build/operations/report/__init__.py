"""The contents of the report, gathered from lock, plan and store. docs/report.md."""
