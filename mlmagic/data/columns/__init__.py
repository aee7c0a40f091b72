"""Columns of pandas, polars and Arrow, read once for fingerprints, ids and equal rows."""
