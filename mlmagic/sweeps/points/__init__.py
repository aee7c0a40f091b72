"""The points of a sweep: axes, grids, searches, and the config of each point."""
