"""What stands in a training loop: its progress, with the step of what is logged, and early stopping."""
