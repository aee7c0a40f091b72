"""The environment of a run: Python, packages, hardware, and the load of the system."""
