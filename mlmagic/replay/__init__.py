"""Run a recorded run again from its record alone, and compare the results."""
