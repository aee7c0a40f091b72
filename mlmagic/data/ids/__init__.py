"""Row ids in a plain form, so that the same id has the same hash in every library and dtype."""
