"""What a run ran on: Python, packages, hardware, and the load of the system."""
