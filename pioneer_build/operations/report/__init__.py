"""What the report shows, gathered from lock, plan and store. docs/report.md."""
