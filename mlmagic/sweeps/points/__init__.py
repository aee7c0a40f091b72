"""Which points a sweep tries: axes, grids, searches, and the config of each."""
