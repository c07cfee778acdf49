"""What was seen before, so that an unchanged project costs a few `stat` calls. All of it may be deleted."""
