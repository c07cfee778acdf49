"""What is wrong with a set-up, and how to fix it. Looks only: nothing is written, nothing that costs is sent."""
