"""Secrets that their names tell: what code, settings, tables, logs and prose give to such a name."""
