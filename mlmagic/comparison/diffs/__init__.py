"""Compares runs by values, texts, data, environments, commits and figures."""
