"""The magics about repeating a run."""
