"""The views about repeating a run."""
