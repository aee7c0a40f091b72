"""Magics of what makes runs repeatable: ``%reproduce``."""
