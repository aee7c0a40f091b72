"""Drift between two samples: `detecting` compares them; the other modules read, test and record."""
