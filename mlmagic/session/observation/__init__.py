"""Observe what one cell reads, calls and binds while it runs."""
