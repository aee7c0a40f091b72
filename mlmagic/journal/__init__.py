"""What is recorded of a run, on the local disk before anything else: its records, their file, and where it lies."""
