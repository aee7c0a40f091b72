"""The metrics of each task, in forms whose values on all resamples are computed at once."""
