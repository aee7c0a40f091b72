"""Differences between runs: of values, texts, data, environments, commits and figures."""
