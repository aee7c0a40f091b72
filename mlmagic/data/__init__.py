"""Data sets: what they are, by content, and how they are divided."""
