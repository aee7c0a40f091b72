"""Changes of recorded runs: notes, tags, and deleting."""
