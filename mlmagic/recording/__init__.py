"""What is recorded of a run while it is open, and what is reported when it ends."""
