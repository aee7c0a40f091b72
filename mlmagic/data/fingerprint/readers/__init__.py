"""Columns of every library, read in one canonical form."""
