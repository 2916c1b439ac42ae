"""Tasks: hand a live function to a worker process and await the result."""
