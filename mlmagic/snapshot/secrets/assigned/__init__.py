"""Secrets that are detected by their names, in code, settings, tables, logs and prose."""
