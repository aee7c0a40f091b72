"""What is shown of a loop: its bar, and the curves of what it logs."""
