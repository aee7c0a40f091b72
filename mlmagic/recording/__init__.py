"""What is recorded of a run while it is open, and what is told of it when it ends."""
