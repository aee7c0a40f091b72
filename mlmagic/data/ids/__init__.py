"""Ids of rows in one plain form, so that the same id has the same hash in every library and type."""
