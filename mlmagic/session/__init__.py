"""The live notebook: its cells, their output and figures, and the log of executed cells."""
