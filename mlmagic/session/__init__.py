"""The live notebook: its cells, their output and figures, and what was executed so far."""
